//! As much of FlatBuffers as AEDAT 4 needs: tables, scalars, vectors of structures, strings. All places are checked.

use crate::bytes::Cursor;
use crate::error::Error;

const WHAT: &str = "a table";

/// A table in a buffer.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    buffer: Cursor<'a>,
    at: usize,
    /// Place and length of the list of fields.
    fields: usize,
    n_bytes: usize,
}

fn word(buffer: &Cursor, at: usize) -> Result<u32, Error> {
    let mut cursor = *buffer;
    cursor.seek(at, WHAT)?;
    cursor.u32(WHAT)
}

fn short(buffer: &Cursor, at: usize) -> Result<usize, Error> {
    let mut cursor = *buffer;
    cursor.seek(at, WHAT)?;
    cursor.u16(WHAT).map(usize::from)
}

impl<'a> Table<'a> {
    /// The root of a buffer whose first four bytes are its length.
    pub(super) fn root(mut buffer: Cursor<'a>) -> Result<Self, Error> {
        let length = buffer.u32(WHAT)? as usize;
        let buffer = buffer.part(length, WHAT)?;
        let at = word(&buffer, 0)? as usize;
        let back = word(&buffer, at)? as i32;
        let fields = (at as i64).checked_sub(i64::from(back)).and_then(|at| usize::try_from(at).ok());
        let fields = fields.ok_or_else(|| buffer.foreign(0, "a list of fields", back, "a place in the table"))?;
        let n_bytes = short(&buffer, fields)?;
        Ok(Table { buffer, at, fields, n_bytes })
    }

    /// Where field `number` lies; `None` for its default.
    fn field(&self, number: usize) -> Result<Option<usize>, Error> {
        let entry = 4 + 2 * number;
        if entry + 2 > self.n_bytes {
            return Ok(None);
        }
        let offset = short(&self.buffer, self.fields + entry)?;
        Ok((offset > 0).then_some(self.at + offset))
    }

    pub(super) fn i32(&self, number: usize) -> Result<Option<i32>, Error> {
        let Some(at) = self.field(number)? else { return Ok(None) };
        word(&self.buffer, at).map(|word| Some(word as i32))
    }

    pub(super) fn i64(&self, number: usize) -> Result<Option<i64>, Error> {
        let Some(at) = self.field(number)? else { return Ok(None) };
        let mut cursor = self.buffer;
        cursor.seek(at, WHAT)?;
        cursor.array(WHAT).map(|bytes| Some(i64::from_le_bytes(bytes)))
    }

    /// A vector of things of `size` bytes each, as bytes; empty by default.
    pub(super) fn vector(&self, number: usize, size: usize) -> Result<Cursor<'a>, Error> {
        let mut cursor = self.buffer;
        let Some(at) = self.field(number)? else { return cursor.part(0, WHAT) };
        let start = at.saturating_add(word(&self.buffer, at)? as usize);
        cursor.seek(start, WHAT)?;
        let n = cursor.u32(WHAT)? as usize;
        cursor.part(n.saturating_mul(size), "a list of events")
    }

    pub(super) fn string(&self, number: usize) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(self.vector(number, 1)?.rest()).into_owned())
    }
}
