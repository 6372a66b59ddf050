//! Names and numbers of a kernel: what the words between an opcode and its semicolon stand for.

use std::collections::HashMap;

use super::ParseError;
use super::instruction::{Address, Operand, Register, Special};
use super::types::{Kind, Type};

/// An argument of an instruction, before its words mean anything.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Argument<'a> {
    Word(&'a str),
    /// `!%p1`
    Negated(&'a str),
    /// `{%r1, %r2}`
    Vector(Vec<&'a str>),
    /// `[%rd1+4]`
    Address(&'a str, Option<&'a str>),
    /// `%r1|%p1`
    Pair(&'a str, &'a str),
}

/// What is declared in a kernel.
#[derive(Default)]
pub(crate) struct Scope {
    registers: HashMap<String, Register>,
    /// Offsets of parameters and of shared variables.
    symbols: HashMap<String, u64>,
    /// Index of the instruction after each label.
    labels: HashMap<String, u32>,
}

impl Scope {
    pub(crate) fn declare_register(&mut self, name: String, size: u8) {
        let number = self.registers.len() as u32;
        self.registers.insert(name, Register { number, size });
    }

    pub(crate) fn declare_symbol(&mut self, name: &str, offset: u64) {
        self.symbols.insert(name.to_string(), offset);
    }

    pub(crate) fn n_registers(&self) -> usize {
        self.registers.len()
    }

    pub(crate) fn declare_label(&mut self, name: &str, place: u32) {
        self.labels.insert(name.to_string(), place);
    }

    /// Index of the instruction that a label stands before.
    pub(crate) fn label(&self, name: &str, line: u32) -> Result<u32, ParseError> {
        self.labels.get(name).copied().ok_or_else(|| ParseError::Undeclared { line, name: name.to_string() })
    }

    pub(crate) fn register(&self, word: &str, line: u32) -> Result<Register, ParseError> {
        self.registers.get(word).copied().ok_or_else(|| ParseError::Undeclared { line, name: word.to_string() })
    }

    /// A value of type `ty`; constants are cut to its width.
    pub(crate) fn operand(&self, word: &str, ty: Type, line: u32) -> Result<Operand, ParseError> {
        if let Some(special) = Special::parse(word) {
            return Ok(Operand::Special(special));
        }
        if word.starts_with('%') {
            return Ok(Operand::Register(self.register(word, line)?));
        }
        if let Some(number) = number(word) {
            // A predicate that is not 0 is 1.
            let value = if ty.kind == Kind::Predicate { u64::from(number != 0) } else { ty.cut(number) };
            return Ok(Operand::Constant(value));
        }
        let offset = self.symbols.get(word).ok_or_else(|| ParseError::Undeclared { line, name: word.to_string() })?;
        Ok(Operand::Constant(*offset))
    }

    pub(crate) fn address(&self, base: &str, offset: Option<&str>, line: u32) -> Result<Address, ParseError> {
        let offset = match offset {
            Some(word) => number(word).ok_or_else(|| ParseError::unexpected(line, &format!("offset `{word}`")))? as i64,
            None => 0,
        };
        Ok(Address { base: self.operand(base, Type { kind: Kind::Unsigned, size: 8 }, line)?, offset })
    }
}

/// `12`, `-3`, `0x1F`, or the bits of a float as in `0f3F800000` or `0d3FF0000000000000`.
fn number(word: &str) -> Option<u64> {
    if let Some(bits) = word.strip_prefix("0d").or_else(|| word.strip_prefix("0D")) {
        return u64::from_str_radix(bits, 16).ok();
    }
    if let Some(bits) = word.strip_prefix("0f").or_else(|| word.strip_prefix("0F")) {
        return u32::from_str_radix(bits, 16).ok().map(u64::from);
    }
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word),
    };
    let digits = digits.strip_suffix('U').unwrap_or(digits);
    let magnitude = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(if negative { magnitude.wrapping_neg() } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_five_spellings() {
        let found: Vec<_> = ["12", "-1", "0x1fU", "0f3F800000", "0d3FF0000000000000", "%r1"].iter().map(|w| number(w)).collect();
        assert_eq!(found, [Some(12), Some(u64::MAX), Some(31), Some(0x3f80_0000), Some(0x3ff0_0000_0000_0000), None]);
    }

    #[test]
    fn constants_are_cut_to_their_type() {
        assert_eq!(Scope::default().operand("-1", Type::U32, 1), Ok(Operand::Constant(0xffff_ffff)));
        assert_eq!(Scope::default().operand("-1", Type::PREDICATE, 1), Ok(Operand::Constant(1)));
    }
}
