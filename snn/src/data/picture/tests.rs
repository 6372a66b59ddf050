use super::*;

fn decode(bytes: &[u8]) -> Result<Picture, Error> {
    Picture::decode(Path::new("p"), bytes)
}

fn message(bytes: &[u8]) -> String {
    decode(bytes).unwrap_err().to_string()
}

fn written(color: ColorType, depth: png::BitDepth, size: [u32; 2], palette: Option<Vec<u8>>, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size[1], size[0]);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if let Some(palette) = palette {
        encoder.set_palette(palette);
    }
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    bytes
}

#[test]
fn all_kinds_of_png_become_bytes_of_one_or_three_channels() {
    use png::BitDepth::{Eight, Four, One, Sixteen};
    let picture = |color, depth, size, data: &[u8]| decode(&written(color, depth, size, None, data)).unwrap();
    assert_eq!(
        picture(ColorType::Grayscale, Eight, [2, 3], &[1, 2, 3, 4, 5, 6]),
        Picture { image: [2, 3, 1], pixels: vec![1, 2, 3, 4, 5, 6] }
    );
    assert_eq!(picture(ColorType::Grayscale, One, [1, 8], &[0b1010_0001]).pixels, [255, 0, 255, 0, 0, 0, 0, 255]);
    assert_eq!(picture(ColorType::Grayscale, Sixteen, [1, 2], &[7, 9, 200, 1]).pixels, [7, 200]);
    assert_eq!(picture(ColorType::Rgba, Eight, [1, 2], &[1, 2, 3, 0, 4, 5, 6, 255]).pixels, [1, 2, 3, 4, 5, 6]);
    assert_eq!(picture(ColorType::GrayscaleAlpha, Eight, [1, 2], &[1, 0, 4, 5]).pixels, [1, 4]);
    let indexed = written(ColorType::Indexed, Four, [1, 2], Some(vec![9, 8, 7, 6, 5, 4]), &[0x10]);
    assert_eq!(decode(&indexed).unwrap(), Picture { image: [1, 2, 3], pixels: vec![6, 5, 4, 9, 8, 7] });
}

#[test]
fn damaged_png_name_the_file_and_absurd_sizes_take_no_memory() {
    let whole = written(ColorType::Grayscale, png::BitDepth::Eight, [2, 3], None, &[1, 2, 3, 4, 5, 6]);
    for end in [4, 8, 20, 40, whole.len() - 20] {
        assert!(message(&whole[..end]).starts_with("p: byte 0: a PNG is "), "{end}: {}", message(&whole[..end]));
    }
    let mut broken = whole.clone();
    broken[45] ^= 0xff;
    assert!(decode(&broken).is_err());
    assert_eq!(message(b"GIF89a"), "p: byte 0: the start of a picture is [47, 49, 46, 38]; expected that of PNG, JPEG or PNM");
    // A header of 2^31 x 2^31 pixels with its checksum.
    let mut absurd = whole[..16].to_vec();
    let header = [[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff], [8, 0, 0, 0, 0, 0, 0, 0]].concat();
    absurd.extend(&header[..13]);
    let mut crc = flate2::Crc::new();
    crc.update(&absurd[12..]);
    absurd.extend(crc.sum().to_be_bytes());
    absurd.extend(&whole[33..]);
    let text = message(&absurd);
    assert!(text.contains("a PNG is") || text.contains("64 million pixels"), "{text}");
}

#[test]
fn pnm_files_are_read_as_text_and_as_bytes() {
    let pixels = |bytes: &[u8]| decode(bytes).unwrap().pixels;
    assert_eq!(
        decode(b"P5 # grey\n3 2\n255\n\x01\x02\x03\x04\x05\x06").unwrap(),
        Picture { image: [2, 3, 1], pixels: vec![1, 2, 3, 4, 5, 6] }
    );
    assert_eq!(pixels(b"P2\n3 1\n15\n0 7 15"), [0, 119, 255]);
    assert_eq!(pixels(b"P3 1 2 255 1 2 3 4 5 6"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(pixels(b"P6 1 1 255\n\x07\x08\x09"), [7, 8, 9]);
    assert_eq!(pixels(b"P5 1 1 65535\n\x80\x00"), [127]);
    assert_eq!(pixels(b"P1 4 1 10 1\n0"), [0, 255, 0, 255]);
    assert_eq!(pixels(b"P4 9 1\n\x80\x80"), [0, 255, 255, 255, 255, 255, 255, 255, 0]);
}

#[test]
fn damaged_pnm_files_name_the_byte() {
    assert_eq!(message(b"P5 3 2 255\n\x01"), "p: ends at byte 12, inside of its values; 17 bytes were expected");
    assert_eq!(message(b"P5 3 x"), "p: byte 5: the height is \"\"; expected a number");
    assert_eq!(message(b"P2 1 1 0 1"), "p: byte 8: the largest value is 0; expected 1 to 65535");
    assert_eq!(message(b"P6 100000 100000 255\n"), "p: byte 20: a picture is 100000 x 100000 pixels; expected 1 to 64 million pixels");
    assert_eq!(message(b"P5 99999999999999999999 1 1\n"), "p: byte 3: the width is \"99999999999999999999\"; expected a number");
    assert_eq!(message(b"P2 2 1 9 1"), "p: ends at byte 10, inside of a value; 11 bytes were expected");
    assert_eq!(message(b"P1 1 1 2"), "p: byte 7: a bit is 2; expected 0 or 1");
}

/// A baseline JPEG without subsampling whose squares of 8 x 8 pixels have one value per component each: `squares[square][component]`.
fn flat_jpeg(size: [u16; 2], squares: &[&[i32]]) -> Vec<u8> {
    let components = squares[0].len() as u8;
    let segment = |marker: u8, data: &[u8]| [&[0xff, marker][..], &(data.len() as u16 + 2).to_be_bytes(), data].concat();
    let [height, width] = size.map(u16::to_be_bytes);
    let frame =
        [&[8, height[0], height[1], width[0], width[1], components][..], &(1..=components).flat_map(|c| [c, 0x11, 0]).collect::<Vec<_>>()];
    let scan = [&[components][..], &(1..=components).flat_map(|c| [c, 0]).collect::<Vec<_>>(), &[0, 63, 0]];
    // Twelve codes of four bits for the lengths of differences; one code, a zero, ends a square.
    let codes = |class: u8, lengths: [u8; 16], symbols: &[u8]| segment(0xc4, &[&[class][..], &lengths, symbols].concat());
    let mut lengths = [[0; 16]; 2];
    (lengths[0][3], lengths[1][0]) = (12, 1);
    let mut bits = String::new();
    let mut before = vec![0; components.into()];
    for square in squares {
        for (&value, before) in square.iter().zip(&mut before) {
            // The mean of a square, by 8, from 128 on.
            let level = 8 * (value - 128);
            let difference = level - std::mem::replace(before, level);
            let length = 32 - difference.unsigned_abs().leading_zeros();
            let coded = if difference < 0 { difference - 1 } else { difference } as u32 & ((1 << length) - 1);
            bits += &format!("{length:04b}");
            if length > 0 {
                bits += &format!("{coded:0width$b}", width = length as usize);
            }
            bits += "0";
        }
    }
    bits += &"1".repeat(bits.len().next_multiple_of(8) - bits.len());
    let coded = bits.as_bytes().chunks(8).map(|byte| byte.iter().fold(0u8, |sum, bit| sum << 1 | (bit - b'0')));
    let stuffed: Vec<u8> = coded.flat_map(|byte| if byte == 0xff { vec![0xff, 0] } else { vec![byte] }).collect();
    let tables = [codes(0, lengths[0], &(0..12).collect::<Vec<_>>()), codes(0x10, lengths[1], &[0])].concat();
    let quantities = segment(0xdb, &[&[0][..], &[1; 64]].concat());
    [&[0xff, 0xd8][..], &quantities, &segment(0xc0, &frame.concat()), &tables, &segment(0xda, &scan.concat()), &stuffed, &[0xff, 0xd9]]
        .concat()
}

#[test]
fn jpeg_are_read_in_grey_and_in_colours() {
    let grey = decode(&flat_jpeg([8, 16], &[&[200], &[31]])).unwrap();
    assert_eq!(grey.image, [8, 16, 1]);
    assert!(grey.pixels.chunks_exact(16).all(|row| row[..8] == [200; 8] && row[8..] == [31; 8]), "{:?}", grey.pixels);
    // Y, Cb, Cr of 100, 128, 178: R = Y + 1.402 x 50, G = Y - 0.714 x 50, B = Y.
    let color = decode(&flat_jpeg([8, 8], &[&[100, 128, 178]])).unwrap();
    assert_eq!(color.image, [8, 8, 3]);
    let near = |p: &[u8], q: [i32; 3]| p.iter().zip(q).all(|(&p, q)| (i32::from(p) - q).abs() <= 1);
    assert!(color.pixels.chunks_exact(3).all(|pixel| near(pixel, [170, 64, 100])), "{:?}", &color.pixels[..3]);
}

#[test]
fn damaged_jpeg_name_the_file() {
    let whole = flat_jpeg([8, 16], &[&[200], &[31]]);
    for end in [2, 20, 80, 110] {
        assert!(message(&whole[..end]).starts_with("p: byte 0: a JPEG is "), "{end}");
    }
    let mut huge = flat_jpeg([8, 8], &[&[1]]);
    let place = huge.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    huge[place + 5..place + 9].copy_from_slice(&[0xff; 4]);
    assert!(message(&huge).contains("65535 x 65535 pixels"), "{}", message(&huge));
}

#[test]
fn squares_are_the_middle_and_keep_means() {
    let wide = Picture { image: [2, 6, 1], pixels: vec![9, 1, 2, 3, 4, 9, 9, 5, 6, 7, 8, 9] };
    assert_eq!(wide.square(2).pixels, [2, 3, 6, 7]);
    // Stripes finer than the result become grey instead of other stripes.
    let striped = Picture { image: [32, 32, 1], pixels: (0..1024).map(|i| if i % 2 == 0 { 0 } else { 200 }).collect() };
    assert!(striped.square(4).pixels.iter().all(|x| (96..=104).contains(x)), "{:?}", striped.square(4).pixels);
    let flat = Picture { image: [5, 7, 3], pixels: [10, 20, 30].repeat(35) };
    assert_eq!(flat.square(9).pixels, [10, 20, 30].repeat(81));
    assert_eq!(flat.with_channels(1).pixels, [18; 35]);
    assert_eq!(Picture { image: [1, 1, 1], pixels: vec![7] }.with_channels(3).pixels, [7; 3]);
}
