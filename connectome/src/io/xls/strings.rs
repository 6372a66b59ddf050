//! Texts of `.xls`: one byte a letter (Latin-1) or two (UTF-16), and the table of texts that cells share.

use super::compound::{u16_at, u32_at};

/// Flags of a text.
const WIDE: u8 = 1;
const EXTENDED: u8 = 4;
const FORMATTED: u8 = 8;

/// A text after one byte with the number of its letters.
pub(super) fn short(data: &[u8]) -> Option<String> {
    letters(data.get(2..)?, usize::from(*data.first()?), *data.get(1)?)
}

/// A text after two bytes with the number of its letters.
pub(super) fn long(data: &[u8]) -> Option<String> {
    let count = usize::from(u16_at(data.get(..2)?, 0));
    letters(data.get(3..)?, count, *data.get(2)?)
}

fn letters(data: &[u8], count: usize, flags: u8) -> Option<String> {
    let bytes = data.get(..count << (flags & WIDE))?;
    let mut text = String::new();
    append(&mut text, bytes, flags);
    Some(text)
}

fn append(text: &mut String, bytes: &[u8], flags: u8) {
    if flags & WIDE != 0 {
        let units = bytes.chunks_exact(2).map(|c| u16_at(c, 0));
        text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    } else {
        text.extend(bytes.iter().map(|b| char::from(*b)));
    }
}

/// The shared texts in a record and those that continue it. A damaged table gives the texts before the damage.
pub(super) fn shared(parts: &[&[u8]]) -> Vec<String> {
    let mut table = Table { parts, part: 0, at: 8 };
    let promised = parts.first().and_then(|p| p.get(4..8)).map_or(0, |p| u32_at(p, 0));
    // The number that a file promises takes no memory before the texts are there.
    (0..promised).map_while(|_| table.text()).collect()
}

/// A place in the table of shared texts.
struct Table<'a> {
    parts: &'a [&'a [u8]],
    part: usize,
    at: usize,
}

impl<'a> Table<'a> {
    fn text(&mut self) -> Option<String> {
        let count = usize::from(u16_at(&self.take::<2>()?, 0));
        let mut flags = self.take::<1>()?[0];
        let runs = if flags & FORMATTED != 0 { usize::from(u16_at(&self.take::<2>()?, 0)) } else { 0 };
        let extension = if flags & EXTENDED != 0 { u32_at(&self.take::<4>()?, 0) as usize } else { 0 };
        let (mut text, mut missing) = (String::new(), count);
        while missing > 0 {
            let bytes = self.up_to(missing << (flags & WIDE));
            if bytes.is_empty() {
                // A text that goes on in the next record says again how wide its letters are.
                (self.part, self.at) = (self.part + 1, 1);
                flags = *self.parts.get(self.part)?.first()?;
                continue;
            }
            append(&mut text, bytes, flags);
            missing -= bytes.len().div_ceil(1 << (flags & WIDE)).min(missing);
        }
        self.skip(4 * runs + extension)?;
        Some(text)
    }

    /// What is left of the current record, at most `size` bytes.
    fn up_to(&mut self, size: usize) -> &'a [u8] {
        let rest = self.parts.get(self.part).and_then(|p| p.get(self.at..)).unwrap_or_default();
        let bytes = &rest[..rest.len().min(size)];
        self.at += bytes.len();
        bytes
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = match self.up_to(1) {
                [byte] => *byte,
                _ => {
                    (self.part, self.at) = (self.part + 1, 0);
                    *self.parts.get(self.part)?.first()?
                }
            };
            if self.at == 0 {
                self.at = 1;
            }
        }
        Some(bytes)
    }

    fn skip(&mut self, mut size: usize) -> Option<()> {
        while size > 0 {
            let passed = self.up_to(size).len();
            size -= passed;
            if passed == 0 {
                (self.part, self.at) = (self.part + 1, 0);
                self.parts.get(self.part)?;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_text_may_go_on_in_the_next_record_with_wider_letters() {
        let first = [&[9, 0, 0, 0, 2, 0, 0, 0][..], &[4, 0, 0], b"ab"].concat();
        let second = [&[WIDE][..], &[0xB1, 0x03, b'd', 0], &[1, 0, 0], b"x"].concat();
        assert_eq!(shared(&[&first, &second]), ["abαd", "x"]);
    }

    #[test]
    fn formats_of_a_text_are_passed_over() {
        let table =
            [&[2, 0, 0, 0, 2, 0, 0, 0][..], &[1, 0, FORMATTED | EXTENDED, 1, 0, 3, 0, 0, 0], b"a", &[7; 4 + 3], &[1, 0, 0], b"b"].concat();
        assert_eq!(shared(&[&table]), ["a", "b"]);
    }

    #[test]
    fn a_table_that_promises_more_than_it_holds_gives_what_it_holds() {
        let table = [&[0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF][..], &[1, 0, 0], b"a", &[0xFF, 0xFF, 0], b"b"].concat();
        assert_eq!(shared(&[&table]), ["a"]);
    }
}
