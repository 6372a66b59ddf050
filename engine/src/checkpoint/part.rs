//! Files of a checkpoint: numbers and bytes in one zstd stream, least byte first.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::{Error, FORMAT};
use crate::record;

const MAGIC: &[u8; 8] = b"BrainCog";

/// Little processor time for most of what compression gains here.
const LEVEL: i32 = 1;

/// Length and checksum of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSum {
    /// Its length.
    pub bytes: u64,
    /// CRC-32 of its content.
    pub crc32: u32,
}

impl FileSum {
    /// Of a file as it is now.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let open = |source| Error::Open { path: path.to_path_buf(), source };
        let mut sum = Summed::new(io::sink());
        io::copy(&mut BufReader::with_capacity(1 << 20, File::open(path).map_err(open)?), &mut sum).map_err(open)?;
        Ok(sum.sum())
    }

    /// Of a file with this content.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        FileSum { bytes: bytes.len() as u64, crc32: crc32fast::hash(bytes) }
    }
}

/// Passes bytes on and sums them up.
struct Summed<W> {
    to: W,
    bytes: u64,
    crc: crc32fast::Hasher,
}

impl<W> Summed<W> {
    fn new(to: W) -> Self {
        Summed { to, bytes: 0, crc: crc32fast::Hasher::new() }
    }

    fn sum(&self) -> FileSum {
        FileSum { bytes: self.bytes, crc32: self.crc.clone().finalize() }
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.crc.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes a part.
pub struct PartWriter {
    path: PathBuf,
    stream: zstd::Encoder<'static, Summed<BufWriter<File>>>,
}

impl PartWriter {
    /// Creates the file of a simulation with this fingerprint, over an earlier one if need be.
    pub fn create(path: &Path, fingerprint: u64) -> Result<Self, Error> {
        let file = || zstd::Encoder::new(Summed::new(BufWriter::new(File::create(path)?)), LEVEL);
        let stream = file().map_err(|source| record::Error::write(path, source))?;
        let mut part = PartWriter { path: path.to_path_buf(), stream };
        part.bytes(MAGIC)?;
        part.u32(FORMAT)?;
        part.u64(fingerprint)?;
        Ok(part)
    }

    /// Puts bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.write_all(bytes).map_err(|source| record::Error::write(&self.path, source).into())
    }

    /// Puts a number.
    pub fn u32(&mut self, number: u32) -> Result<(), Error> {
        self.bytes(&number.to_le_bytes())
    }

    /// Puts a number.
    pub fn u64(&mut self, number: u64) -> Result<(), Error> {
        self.bytes(&number.to_le_bytes())
    }

    /// Puts a number, each bit of it.
    pub fn f64(&mut self, number: f64) -> Result<(), Error> {
        self.u64(number.to_bits())
    }

    /// Completes the file; it is on the disk when this returns.
    pub fn finish(self) -> Result<FileSum, Error> {
        let PartWriter { path, stream } = self;
        let end = || {
            let mut file = stream.finish()?;
            file.flush()?;
            file.to.get_ref().sync_all()?;
            Ok(file.sum())
        };
        end().map_err(|source| record::Error::write(&path, source).into())
    }
}

/// Reads a part.
pub struct PartReader {
    path: PathBuf,
    stream: zstd::Decoder<'static, BufReader<File>>,
}

impl PartReader {
    /// Opens the file of a simulation with this fingerprint.
    pub fn open(path: &Path, fingerprint: u64) -> Result<Self, Error> {
        let open = |source| Error::Open { path: path.to_path_buf(), source };
        let stream = zstd::Decoder::new(File::open(path).map_err(open)?).map_err(open)?;
        let mut part = PartReader { path: path.to_path_buf(), stream };
        if part.array()? != *MAGIC {
            return Err(part.damaged("it does not begin like a part of a checkpoint".into()));
        }
        let found = part.u32()?;
        if found != FORMAT {
            return Err(Error::OtherFormat { path: part.path, found, expected: FORMAT });
        }
        if part.u64()? != fingerprint {
            return Err(Error::OtherNetwork { path: part.path });
        }
        Ok(part)
    }

    /// Fills `bytes`.
    pub fn bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.stream.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged("it ends too early".into()),
            _ => self.damaged(error.to_string()),
        })
    }

    /// Takes a number.
    pub fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Takes a number.
    pub fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Takes a number.
    pub fn f64(&mut self) -> Result<f64, Error> {
        Ok(f64::from_bits(self.u64()?))
    }

    /// Takes a number that must have this value: `what` it is.
    pub fn expect(&mut self, what: &str, expected: u64) -> Result<(), Error> {
        match self.u64()? {
            found if found == expected => Ok(()),
            found => Err(self.damaged(format!("{what}: found {found}, expected {expected}"))),
        }
    }

    /// The error that this part is not what it should be.
    pub fn damaged(&self, reason: String) -> Error {
        Error::Damaged { path: self.path.clone(), reason }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.bytes(&mut bytes)?;
        Ok(bytes)
    }
}
