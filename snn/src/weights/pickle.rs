//! Python's pickles as plain values. A pickle is a program that may call anything; here nothing is called: what would be is kept as
//! [`Value::Object`] with its arguments, and only names on a list of harmless ones are let in.

use crate::bytes::Cursor;
use crate::error::Error;

/// Number of an object among [`Objects`].
pub(crate) type Id = usize;

/// What a pickle builds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A place in the file: where and how many.
    Bytes(usize, usize),
    /// List, tuple or set.
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function by its name.
    Name(String),
    /// What calling a name with these arguments would make, and the state that it is then given.
    Object {
        name: Id,
        arguments: Id,
        state: Option<Id>,
    },
    /// Something outside of the pickle.
    External(Id),
}

/// All objects of a pickle.
pub(crate) struct Objects<'a> {
    bytes: &'a [u8],
    values: Vec<Value>,
    /// The last one that was left on the stack.
    pub(crate) root: Id,
}

/// Names that pickles of tensors and arrays need.
const HARMLESS: [&str; 24] = [
    "collections.OrderedDict",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch.FloatStorage",
    "torch.DoubleStorage",
    "torch.HalfStorage",
    "torch.BFloat16Storage",
    "torch.LongStorage",
    "torch.IntStorage",
    "torch.ShortStorage",
    "torch.CharStorage",
    "torch.ByteStorage",
    "torch.BoolStorage",
    "torch.Size",
    "torch.device",
    "torch.nn.parameter.Parameter",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.ndarray",
    "numpy.dtype",
    "_codecs.encode",
    "builtins.set",
];

/// Objects of a pickle at most.
const MOST: usize = 1 << 24;

impl<'a> Objects<'a> {
    pub(crate) fn get(&self, id: Id) -> &Value {
        &self.values[id]
    }

    pub(crate) fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Text(text) | Value::Name(text) => Some(text),
            // Python 2 has texts that are bytes.
            Value::Bytes(start, n) => std::str::from_utf8(&self.bytes[*start..start + n]).ok(),
            _ => None,
        }
    }

    pub(crate) fn int(&self, id: Id) -> Option<i64> {
        match *self.get(id) {
            Value::Int(i) => Some(i),
            Value::Bool(b) => Some(b.into()),
            _ => None,
        }
    }

    pub(crate) fn bytes(&self, id: Id) -> Option<&'a [u8]> {
        match *self.get(id) {
            Value::Bytes(start, n) => Some(&self.bytes[start..start + n]),
            _ => None,
        }
    }

    pub(crate) fn list(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a dictionary, also of an `OrderedDict`.
    pub(crate) fn entries(&self, id: Id) -> Option<&[(Id, Id)]> {
        match self.get(id) {
            Value::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    /// Name and arguments of what a call would have made.
    pub(crate) fn call(&self, id: Id) -> Option<(&str, &[Id])> {
        match *self.get(id) {
            Value::Object { name, arguments, .. } => Some((self.text(name)?, self.list(arguments)?)),
            _ => None,
        }
    }

    /// The state that such an object was given.
    pub(crate) fn state(&self, id: Id) -> Option<Id> {
        match *self.get(id) {
            Value::Object { state, .. } => state,
            _ => None,
        }
    }
}

/// Reads a pickle of any protocol that Python has written since 2003.
pub(crate) fn read<'a>(mut cursor: Cursor<'a>) -> Result<Objects<'a>, Error> {
    let bytes = cursor.rest();
    let mut machine = Machine { values: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: Vec::new() };
    let start = cursor.offset();
    loop {
        let [code] = cursor.array("a pickle")?;
        if code == b'.' {
            let root = machine.pop(&cursor)?;
            return Ok(Objects { bytes, values: machine.values, root });
        }
        machine.run(code, &mut cursor, start)?;
        if machine.values.len() > MOST || machine.stack.len() > MOST {
            return Err(cursor.foreign(1, "a pickle", "too many objects", "at most 16 million"));
        }
    }
}

struct Machine {
    values: Vec<Value>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: Vec<Option<Id>>,
}

const WHAT: &str = "a pickle";

impl Machine {
    fn push(&mut self, value: Value) {
        self.values.push(value);
        self.stack.push(self.values.len() - 1);
    }

    fn pop(&mut self, cursor: &Cursor) -> Result<Id, Error> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(cursor.foreign(1, WHAT, "an empty stack", "an object"));
        }
        Ok(self.stack.pop().expect("longer than its floor"))
    }

    fn top(&mut self, cursor: &Cursor) -> Result<Id, Error> {
        let id = self.pop(cursor)?;
        self.stack.push(id);
        Ok(id)
    }

    /// Everything above the last mark.
    fn marked(&mut self, cursor: &Cursor) -> Result<Vec<Id>, Error> {
        let mark = self.marks.pop().ok_or_else(|| cursor.foreign(1, WHAT, "no mark", "a mark"))?;
        Ok(self.stack.split_off(mark))
    }

    fn remember(&mut self, place: usize, cursor: &Cursor) -> Result<(), Error> {
        let id = self.top(cursor)?;
        if place >= MOST {
            return Err(cursor.foreign(1, WHAT, place, "a place below 16 million"));
        }
        if self.memo.len() <= place {
            self.memo.resize(place + 1, None);
        }
        self.memo[place] = Some(id);
        Ok(())
    }

    fn recall(&mut self, place: usize, cursor: &Cursor) -> Result<(), Error> {
        let id = self.memo.get(place).copied().flatten();
        self.stack.push(id.ok_or_else(|| cursor.foreign(1, WHAT, place, "a place that was filled"))?);
        Ok(())
    }

    fn bytes(&mut self, n: usize, cursor: &mut Cursor, start: usize) -> Result<(), Error> {
        let at = cursor.offset() - start;
        cursor.take(n, WHAT)?;
        self.push(Value::Bytes(at, n));
        Ok(())
    }

    fn unicode(&mut self, n: usize, cursor: &mut Cursor) -> Result<(), Error> {
        let text = String::from_utf8_lossy(cursor.take(n, WHAT)?).into_owned();
        self.push(Value::Text(text));
        Ok(())
    }

    fn tuple(&mut self, n: usize, cursor: &Cursor) -> Result<(), Error> {
        let mut items = (0..n).map(|_| self.pop(cursor)).collect::<Result<Vec<_>, _>>()?;
        items.reverse();
        self.push(Value::List(items));
        Ok(())
    }

    fn name(&mut self, module: &str, name: &str, cursor: &Cursor) -> Result<(), Error> {
        let name = format!("{module}.{name}");
        if !HARMLESS.contains(&name.as_str()) {
            return Err(cursor.foreign(
                1,
                "a name in a pickle",
                format!("{name:?}"),
                "one that tensors and arrays need; nothing else is run",
            ));
        }
        self.push(Value::Name(name));
        Ok(())
    }

    fn run(&mut self, code: u8, cursor: &mut Cursor, start: usize) -> Result<(), Error> {
        match code {
            b'N' => self.push(Value::None),
            0x88 | 0x89 => self.push(Value::Bool(code == 0x88)),
            b'K' | b'M' | b'J' | 0x8a | b'G' | b'I' | b'L' | b'F' => return self.number(code, cursor),
            b'X' => return cursor.u32(WHAT).and_then(|n| self.unicode(n as usize, cursor)),
            0x8c => return cursor.array(WHAT).and_then(|[n]| self.unicode(n.into(), cursor)),
            0x8d => return long(cursor).and_then(|n| self.unicode(n, cursor)),
            b'T' | b'B' => return cursor.u32(WHAT).and_then(|n| self.bytes(n as usize, cursor, start)),
            b'U' | b'C' => return cursor.array(WHAT).and_then(|[n]| self.bytes(n.into(), cursor, start)),
            0x8e => return long(cursor).and_then(|n| self.bytes(n, cursor, start)),
            b'(' => self.marks.push(self.stack.len()),
            b')' | b']' | 0x8f => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            0x85..=0x87 => return self.tuple((code - 0x84).into(), cursor),
            b't' | b'l' => {
                let items = self.marked(cursor)?;
                self.push(Value::List(items));
            }
            b'd' => {
                let items = self.marked(cursor)?;
                self.push(Value::Dict(items.as_chunks().0.iter().map(|&[key, value]| (key, value)).collect()));
            }
            b'0' => drop(self.pop(cursor)?),
            b'2' => {
                let id = self.top(cursor)?;
                self.stack.push(id);
            }
            // The protocol, and the length of what follows.
            0x80 => drop(cursor.take(1, WHAT)?),
            0x95 => drop(cursor.take(8, WHAT)?),
            _ => return self.compose(code, cursor),
        }
        Ok(())
    }

    fn number(&mut self, code: u8, cursor: &mut Cursor) -> Result<(), Error> {
        let value = match code {
            b'K' => cursor.array(WHAT).map(|[b]: [u8; 1]| Value::Int(b.into()))?,
            b'M' => Value::Int(cursor.u16(WHAT)?.into()),
            b'J' => Value::Int((cursor.u32(WHAT)? as i32).into()),
            b'G' => Value::Float(f64::from_be_bytes(cursor.array(WHAT)?)),
            0x8a => {
                let [n] = cursor.array(WHAT)?;
                let digits = cursor.take(n.into(), WHAT)?;
                if digits.len() > 8 {
                    return Err(cursor.foreign(digits.len(), "a number", format!("{n} bytes"), "at most 8"));
                }
                let filling = if digits.last().is_some_and(|b| b >> 7 == 1) { 0xff } else { 0 };
                let mut all = [filling; 8];
                all[..digits.len()].copy_from_slice(digits);
                Value::Int(i64::from_le_bytes(all))
            }
            _ => {
                let line = cursor.line();
                let text = String::from_utf8_lossy(line).into_owned();
                let value = match (code, text.as_str()) {
                    (b'I', "00" | "01") => Some(Value::Bool(text == "01")),
                    (b'F', text) => text.parse().ok().map(Value::Float),
                    (_, text) => text.trim_end_matches('L').parse().ok().map(Value::Int),
                };
                value.ok_or_else(|| cursor.foreign(line.len(), "a number", format!("{text:?}"), "digits"))?
            }
        };
        self.push(value);
        Ok(())
    }

    /// What takes objects from the stack, and the memory of objects.
    fn compose(&mut self, code: u8, cursor: &mut Cursor) -> Result<(), Error> {
        match code {
            b'q' => cursor.array(WHAT).and_then(|[place]: [u8; 1]| self.remember(place.into(), cursor)),
            b'r' => cursor.u32(WHAT).and_then(|place| self.remember(place as usize, cursor)),
            0x94 => self.remember(self.memo.len(), cursor),
            b'h' => cursor.array(WHAT).and_then(|[place]: [u8; 1]| self.recall(place.into(), cursor)),
            b'j' => cursor.u32(WHAT).and_then(|place| self.recall(place as usize, cursor)),
            b'c' => {
                let module = String::from_utf8_lossy(cursor.line()).into_owned();
                let name = String::from_utf8_lossy(cursor.line()).into_owned();
                self.name(&module, &name, cursor)
            }
            0x93 => {
                let ends = [self.pop(cursor)?, self.pop(cursor)?].map(|id| match &self.values[id] {
                    Value::Text(text) => text.clone(),
                    _ => String::new(),
                });
                self.name(&ends[1], &ends[0], cursor)
            }
            b'Q' => {
                let id = self.pop(cursor)?;
                self.push(Value::External(id));
                Ok(())
            }
            b'R' | 0x81 => {
                let (arguments, name) = (self.pop(cursor)?, self.pop(cursor)?);
                let empty_dict = matches!(&self.values[name], Value::Name(name) if name == "collections.OrderedDict");
                self.push(if empty_dict { Value::Dict(Vec::new()) } else { Value::Object { name, arguments, state: None } });
                Ok(())
            }
            b'b' => {
                let (given, object) = (self.pop(cursor)?, self.top(cursor)?);
                if let Value::Object { state, .. } = &mut self.values[object] {
                    *state = Some(given);
                }
                Ok(())
            }
            b'a' => {
                let item = self.pop(cursor)?;
                self.extend(vec![item], cursor)
            }
            b'e' | 0x90 => self.marked(cursor).and_then(|items| self.extend(items, cursor)),
            b's' => {
                let (value, key) = (self.pop(cursor)?, self.pop(cursor)?);
                self.extend(vec![key, value], cursor)
            }
            b'u' => self.marked(cursor).and_then(|items| self.extend(items, cursor)),
            _ => Err(cursor.foreign(1, WHAT, format!("instruction {code:#04x}"), "one that data need")),
        }
    }

    fn extend(&mut self, items: Vec<Id>, cursor: &Cursor) -> Result<(), Error> {
        let id = self.top(cursor)?;
        match &mut self.values[id] {
            Value::List(list) => list.extend(items),
            Value::Dict(entries) => entries.extend(items.as_chunks().0.iter().map(|&[key, value]| (key, value))),
            _ => return Err(cursor.foreign(1, WHAT, "items for what holds none", "a list or a dictionary")),
        }
        Ok(())
    }
}

fn long(cursor: &mut Cursor) -> Result<usize, Error> {
    let n = u64::from_le_bytes(cursor.array(WHAT)?);
    usize::try_from(n).map_err(|_| cursor.foreign(8, WHAT, n, "a length"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn parse(bytes: &[u8]) -> Result<Objects<'_>, Error> {
        read(Cursor::new(Path::new("p"), bytes))
    }

    #[test]
    fn lists_dictionaries_and_what_is_remembered_are_read() {
        // pickle.dumps({'a': [1, 2.5, None], 'b': x}, protocol=2) with x the same list.
        let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01G@\x04\x00\x00\x00\x00\x00\x00NeX\x01\x00\x00\x00bq\x03h\x02u.";
        let objects = parse(bytes).unwrap();
        let entries = objects.entries(objects.root).unwrap();
        assert_eq!((objects.text(entries[0].0), objects.text(entries[1].0)), (Some("a"), Some("b")));
        assert_eq!(entries[0].1, entries[1].1);
        let list = objects.list(entries[0].1).unwrap();
        assert_eq!((objects.int(list[0]), objects.get(list[1]), objects.get(list[2])), (Some(1), &Value::Float(2.5), &Value::None));
    }

    #[test]
    fn a_pickle_that_would_run_code_is_refused() {
        let message = parse(b"cos\nsystem\n(S'ls'\ntR.").err().unwrap().to_string();
        assert_eq!(
            message,
            "p: byte 10: a name in a pickle is \"os.system\"; expected one that tensors and arrays need; nothing else is run"
        );
        let message = parse(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.").err().unwrap().to_string();
        assert!(message.contains("\"builtins.eval\""), "{message}");
    }

    #[test]
    fn damaged_pickles_are_refused() {
        for bytes in [
            &b""[..],
            b"K",
            b"]e.",
            b"a.",
            b"h\x07.",
            b"X\xff\xff\xff\xffa.",
            b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.",
            b"\xfe.",
            b"(.",
            b"0.",
        ] {
            assert!(parse(bytes).is_err(), "{bytes:?}");
        }
        let mut random = crate::random::Random::new(5, 2);
        for _ in 0..3000 {
            let noise: Vec<u8> = (0..40).map(|_| b"(]})Nqh\x01\x02tebsuaRQcX\x88K\x85.\x94"[random.below(24)]).collect();
            let _ = parse(&noise);
        }
    }
}
