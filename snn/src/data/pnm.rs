//! Netpbm's formats: a header of numbers as text, then bits, grey or colours, as text or as bytes.

use super::picture::{Picture, sized};
use crate::bytes::Cursor;
use crate::error::Error;

/// P1 to P6.
pub(super) fn read(mut cursor: Cursor) -> Result<Picture, Error> {
    let [_, kind]: [u8; 2] = cursor.array("its magic number")?;
    let (bits, text) = (matches!(kind, b'1' | b'4'), kind <= b'3');
    let (width, height) = (number(&mut cursor, "the width")?, number(&mut cursor, "the height")?);
    let most = if bits { 1 } else { number(&mut cursor, "the largest value")? };
    if !(1..=65_535).contains(&most) {
        return Err(cursor.foreign(0, "the largest value", most, "1 to 65535"));
    }
    let image = sized(&cursor, height, width, if matches!(kind, b'3' | b'6') { 3 } else { 1 })?;
    let n: usize = image.iter().product();
    let scaled = |x: usize| (x.min(most) * 255 / most) as u8;
    // One character of white space ends a header of bytes.
    let pixels: Vec<u8> = match kind {
        // Bits are black where they are set; as text they may stand without spaces between.
        b'1' => (0..n).map(|_| bit(&mut cursor).map(|bit| 255 * (1 - bit))).collect::<Result<_, _>>()?,
        _ if text => (0..n).map(|_| number(&mut cursor, "a value").map(scaled)).collect::<Result<_, _>>()?,
        b'4' => {
            let row = width.div_ceil(8);
            let rows = cursor.take(1 + row * height, "its bits")?[1..].chunks_exact(row);
            rows.flat_map(|row| (0..width).map(move |x| if row[x / 8] >> (7 - x % 8) & 1 == 1 { 0 } else { 255 })).collect()
        }
        _ if most < 256 => cursor.take(1 + n, "its values")?[1..].iter().map(|&x| scaled(x.into())).collect(),
        _ => {
            let words = cursor.take(1 + 2 * n, "its values")?[1..].as_chunks().0;
            words.iter().map(|&word| scaled(u16::from_be_bytes(word).into())).collect()
        }
    };
    Ok(Picture { image, pixels })
}

/// Passes over white space and comments.
fn skip(cursor: &mut Cursor) {
    while let Some(&byte) = cursor.rest().first() {
        match byte {
            b'#' => _ = cursor.line(),
            _ if byte.is_ascii_whitespace() => drop(cursor.take(1, "white space")),
            _ => return,
        }
    }
}

fn number(cursor: &mut Cursor, what: &'static str) -> Result<usize, Error> {
    skip(cursor);
    let digits = cursor.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 && cursor.is_empty() {
        return Err(cursor.truncated(1, what));
    }
    let text = std::str::from_utf8(cursor.take(digits, what)?).expect("digits are ASCII");
    text.parse().map_err(|_| cursor.foreign(digits, what, format!("{text:?}"), "a number"))
}

fn bit(cursor: &mut Cursor) -> Result<u8, Error> {
    skip(cursor);
    match cursor.array("a bit")? {
        [digit @ (b'0' | b'1')] => Ok(digit - b'0'),
        [other] => Err(cursor.foreign(1, "a bit", char::from(other), "0 or 1")),
    }
}
