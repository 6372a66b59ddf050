//! Headers of Prophesee's files: lines of text that begin with `%`.

use crate::bytes::Cursor;

/// What a header may say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Header {
    height: Option<usize>,
    width: Option<usize>,
}

impl Header {
    /// Reads all lines.
    pub(super) fn read(cursor: &mut Cursor) -> Header {
        let mut header = Header::default();
        while cursor.rest().first() == Some(&b'%') {
            let line = String::from_utf8_lossy(cursor.line()).to_lowercase();
            header.line(line.trim_start_matches('%').trim());
            if line.trim_start_matches('%').trim() == "end" {
                break;
            }
        }
        header
    }

    /// `geometry 640x480`, `Height 480`, `format EVT3;height=720;width=1280`.
    fn line(&mut self, line: &str) {
        let number = |text: &str| text.trim().parse().ok().filter(|n| (1..=65_536).contains(n));
        if let Some((width, height)) = line.strip_prefix("geometry").and_then(|rest| rest.split_once('x')) {
            (self.width, self.height) = (number(width), number(height));
        }
        for part in line.split(';') {
            let Some((key, value)) = part.trim().split_once([' ', '=']) else { continue };
            match key {
                "height" => self.height = number(value),
                "width" => self.width = number(value),
                _ => {}
            }
        }
    }

    /// Height and width.
    pub(super) fn size(&self) -> Option<[usize; 2]> {
        self.height.zip(self.width).map(|(height, width)| [height, width])
    }
}

/// The version of the event format, as the header tells it.
pub(super) fn version(bytes: &[u8]) -> Option<u8> {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_lowercase();
    let says = |version: u8| {
        text.lines()
            .take_while(|line| line.starts_with('%'))
            .any(|line| line.contains(&format!("evt {version}")) || line.contains(&format!("evt{version}")))
    };
    [2, 3].into_iter().find(|&version| says(version))
}
