//! Mnemonics such as `mul.wide.u32`.

use super::ParseError;
use super::types::Type;

/// `mul.wide.u32`, from which modifiers are taken one by one.
pub(super) struct Mnemonic<'a> {
    pub(super) line: u32,
    pub(super) text: &'a str,
    pub(super) opcode: &'a str,
    modifiers: Vec<&'a str>,
}

impl<'a> Mnemonic<'a> {
    pub(super) fn new(text: &'a str, line: u32) -> Self {
        let mut parts = text.split('.');
        Mnemonic { line, text, opcode: parts.next().unwrap_or(text), modifiers: parts.collect() }
    }

    /// Takes a modifier out if it is there.
    pub(super) fn take(&mut self, modifier: &str) -> bool {
        let place = self.modifiers.iter().position(|m| *m == modifier);
        place.map(|place| self.modifiers.remove(place)).is_some()
    }

    /// Takes out one of several modifiers and tells what it stands for.
    pub(super) fn choose<T: Copy>(&mut self, choices: &[(&str, T)]) -> Option<T> {
        choices.iter().find(|(name, _)| self.take(name)).map(|(_, choice)| *choice)
    }

    pub(super) fn need<T: Copy>(&mut self, choices: &[(&str, T)], lacks: &'static str) -> Result<T, ParseError> {
        self.choose(choices).ok_or_else(|| self.lacks(lacks))
    }

    pub(super) fn ty(&mut self) -> Result<Type, ParseError> {
        let found = self.modifiers.iter().enumerate().find_map(|(place, m)| Type::parse(m).map(|ty| (place, ty)));
        let (place, ty) = found.ok_or_else(|| self.lacks("a type of ours"))?;
        self.modifiers.remove(place);
        Ok(ty)
    }

    /// A type for which `fits` holds.
    pub(super) fn ty_that(&mut self, fits: fn(Type) -> bool, expected: &'static str) -> Result<Type, ParseError> {
        let ty = self.ty()?;
        if fits(ty) { Ok(ty) } else { Err(self.lacks(expected)) }
    }

    pub(super) fn lacks(&self, lacks: &'static str) -> ParseError {
        ParseError::Incomplete { line: self.line, mnemonic: self.text.to_string(), lacks }
    }

    pub(super) fn unknown(&self) -> ParseError {
        ParseError::UnknownOpcode { line: self.line, opcode: self.opcode.to_string(), mnemonic: self.text.to_string() }
    }

    /// Refuses what nobody took.
    pub(super) fn finish(&self) -> Result<(), ParseError> {
        match self.modifiers.first() {
            None => Ok(()),
            Some(modifier) => {
                Err(ParseError::UnknownModifier { line: self.line, modifier: modifier.to_string(), mnemonic: self.text.to_string() })
            }
        }
    }
}
