//! Photographs and drawings: PNG, JPEG and the PNM formats, as bytes of one or three channels.

use std::io::Cursor as Bytes;
use std::path::Path;

use png::{ColorType, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::pnm;
use crate::bytes::Cursor;
use crate::error::Error;

/// An image of 8 bits per value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Height, width and channels: 1 (grey) or 3 (red, green, blue).
    pub image: [usize; 3],
    /// `[row][column][channel]`.
    pub pixels: Vec<u8>,
}

/// Pixels of a picture at most; no header makes more memory be taken.
pub(super) const MOST: usize = 1 << 26;

/// Names of files that are pictures end so.
pub const EXTENSIONS: [&str; 6] = ["png", "jpg", "jpeg", "pgm", "ppm", "pbm"];

impl Picture {
    /// Decodes `bytes` of `path`; its first bytes tell the format. Transparency is dropped, 16 bits are cut to 8.
    pub fn decode(path: &Path, bytes: &[u8]) -> Result<Picture, Error> {
        let cursor = Cursor::new(path, bytes);
        match bytes {
            [0x89, b'P', b'N', b'G', ..] => png(cursor),
            [0xff, 0xd8, ..] => jpeg(cursor),
            [b'P', b'1'..=b'6', ..] => pnm::read(cursor),
            _ => {
                let found = format!("{:02x?}", &bytes[..bytes.len().min(4)]);
                Err(cursor.foreign(0, "the start of a picture", found, "that of PNG, JPEG or PNM"))
            }
        }
    }

    /// The same with so many channels; grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
    pub fn with_channels(self, channels: usize) -> Picture {
        let [height, width, found] = self.image;
        let pixels = match (found, channels) {
            (1, 3) => self.pixels.into_iter().flat_map(|grey| [grey; 3]).collect(),
            (3, 1) => {
                let grey = |p: &[u8; 3]| (299 * u32::from(p[0]) + 587 * u32::from(p[1]) + 114 * u32::from(p[2]) + 500) / 1000;
                self.pixels.as_chunks().0.iter().map(|p| grey(p) as u8).collect()
            }
            _ => return self,
        };
        Picture { image: [height, width, channels], pixels }
    }

    /// Its middle, as large a square as there is, as a square of `side` pixels.
    pub fn square(&self, side: usize) -> Picture {
        let [height, width, channels] = self.image;
        let short = height.min(width);
        let (top, left) = ((height - short) / 2, (width - short) / 2);
        let rows = self.pixels.chunks_exact(width * channels).skip(top).take(short);
        let middle: Vec<u8> = rows.flat_map(|row| row[left * channels..(left + short) * channels].iter().copied()).collect();
        let rows = stretched(&middle, [1, short, short * channels], side);
        Picture { image: [side, side, channels], pixels: stretched(&rows, [side, short, channels], side) }
    }
}

/// Stretches the middle axis of `values` to `to` by a triangle as wide as a pixel of the coarser side, so that small details do not turn into
/// patterns (Pillow's bilinear filter).
fn stretched(values: &[u8], [outer, from, inner]: [usize; 3], to: usize) -> Vec<u8> {
    let scale = from as f32 / to as f32;
    let reach = scale.max(1.0);
    let mut result = Vec::with_capacity(outer * to * inner);
    let mut sum = vec![0.0f32; inner];
    for block in values.chunks_exact(from * inner) {
        for target in 0..to {
            let centre = (target as f32 + 0.5) * scale;
            let first = (centre - reach).max(0.0) as usize;
            let end = ((centre + reach).ceil() as usize).min(from);
            let weight = |at: usize| (1.0 - ((at as f32 + 0.5 - centre) / reach).abs()).max(0.0);
            let total: f32 = (first..end).map(weight).sum();
            sum.fill(0.0);
            for at in first..end {
                let weight = weight(at) / total;
                block[at * inner..][..inner].iter().zip(&mut sum).for_each(|(&x, sum)| *sum += weight * f32::from(x));
            }
            result.extend(sum.iter().map(|x| x.round() as u8));
        }
    }
    result
}

/// Height, width and channels, if that is not too much.
pub(super) fn sized(cursor: &Cursor, height: usize, width: usize, channels: usize) -> Result<[usize; 3], Error> {
    let ok = height > 0 && width > 0 && height.checked_mul(width).is_some_and(|n| n <= MOST);
    let found = format!("{height} x {width} pixels");
    if ok { Ok([height, width, channels]) } else { Err(cursor.foreign(0, "a picture", found, "1 to 64 million pixels")) }
}

fn png(cursor: Cursor) -> Result<Picture, Error> {
    let broken = |error: png::DecodingError| cursor.foreign(0, "a PNG", error, "a whole one");
    let mut decoder = png::Decoder::new(Bytes::new(cursor.rest()));
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let (color, _) = reader.output_color_type();
    let (stored, channels) = match color {
        ColorType::Grayscale => (1, 1),
        ColorType::GrayscaleAlpha => (2, 1),
        ColorType::Rgb | ColorType::Indexed => (3, 3),
        ColorType::Rgba => (4, 3),
    };
    let image = sized(&cursor, height, width, channels)?;
    let mut pixels = vec![0; height * width * stored];
    reader.next_frame(&mut pixels).map_err(broken)?;
    if stored > channels {
        pixels = pixels.chunks_exact(stored).flat_map(|pixel| pixel[..channels].iter().copied()).collect();
    }
    Ok(Picture { image, pixels })
}

fn jpeg(cursor: Cursor) -> Result<Picture, Error> {
    let broken = |error: zune_jpeg::errors::DecodeErrors| cursor.foreign(0, "a JPEG", format!("{error:?}"), "a whole one");
    let options = DecoderOptions::default().set_strict_mode(true).set_max_width(1 << 16).set_max_height(1 << 16);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(cursor.rest()), options);
    decoder.decode_headers().map_err(broken)?;
    let info = decoder.info().expect("the headers were read");
    let image = sized(&cursor, info.height.into(), info.width.into(), 3)?;
    decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::RGB));
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let pixels = decoder.decode().map_err(broken)?;
    if pixels.len() != image.iter().product::<usize>() {
        return Err(cursor.foreign(0, "a JPEG", format!("{} values", pixels.len()), format!("{image:?} of them")));
    }
    Ok(if grey { Picture { image, pixels }.with_channels(1) } else { Picture { image, pixels } })
}

#[cfg(test)]
mod tests;
