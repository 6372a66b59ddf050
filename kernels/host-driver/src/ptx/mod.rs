//! PTX: from text to typed instructions.

mod decode;
pub(crate) mod instruction;
mod lexer;
mod mnemonic;
mod operands;
mod parser;
pub(crate) mod types;

pub(crate) use parser::{Kernel, parse};

/// Why a PTX text cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Something stands where it cannot.
    #[error("PTX line {line}: unexpected {found}")]
    Unexpected {
        /// The line, from 1.
        line: u32,
        /// What stands there.
        found: String,
    },
    /// An operation that the interpreter does not know.
    #[error("PTX line {line}: unknown opcode `{opcode}` in `{mnemonic}`")]
    UnknownOpcode {
        /// The line, from 1.
        line: u32,
        /// The first part of the mnemonic.
        opcode: String,
        /// The whole mnemonic.
        mnemonic: String,
    },
    /// A known operation in a form that the interpreter does not know.
    #[error("PTX line {line}: unknown modifier `.{modifier}` in `{mnemonic}`")]
    UnknownModifier {
        /// The line, from 1.
        line: u32,
        /// The part that is not known here.
        modifier: String,
        /// The whole mnemonic.
        mnemonic: String,
    },
    /// A known operation without a part that it needs.
    #[error("PTX line {line}: `{mnemonic}` lacks {lacks}")]
    Incomplete {
        /// The line, from 1.
        line: u32,
        /// The whole mnemonic.
        mnemonic: String,
        /// What is missing.
        lacks: &'static str,
    },
    /// A register, label, parameter or variable that is not declared.
    #[error("PTX line {line}: `{name}` is not declared")]
    Undeclared {
        /// The line, from 1.
        line: u32,
        /// The name.
        name: String,
    },
}

impl ParseError {
    fn unexpected(line: u32, found: &str) -> Self {
        ParseError::Unexpected { line, found: found.to_string() }
    }
}
