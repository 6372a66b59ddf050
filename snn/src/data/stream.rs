//! Samples that stay on disk: each is read when a batch needs it.

use std::path::PathBuf;
use std::sync::Arc;

use super::es_imagenet;
use super::picture::Picture;
use crate::bytes;
use crate::error::Error;

/// How a file becomes a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A square picture.
    Picture { side: usize, channels: usize },
    /// A recording of ES-ImageNet as frames of this side.
    EsImageNet { side: usize },
}

/// Files in the order of the labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Path, and rows and columns of what was recorded where the file does not say it.
    pub(super) files: Arc<Vec<(PathBuf, [i64; 2])>>,
    pub(super) form: Form,
}

/// More than any picture or recording of a second has.
const LIMIT: u64 = 1 << 30;

impl Stream {
    /// The bytes of a sample.
    pub(super) fn read(&self, sample: usize) -> Result<Vec<u8>, Error> {
        let (path, size) = &self.files[sample];
        let bytes = bytes::read(path, LIMIT)?;
        match self.form {
            Form::Picture { side, channels } => Ok(Picture::decode(path, &bytes)?.with_channels(channels).square(side).pixels),
            Form::EsImageNet { side } => es_imagenet::frames(path, &bytes, *size, side),
        }
    }
}
