//! Instructions as the interpreter runs them: every form that is known, and no other.

use super::types::Type;

/// A virtual register: its number and width in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Register {
    pub(crate) number: u32,
    pub(crate) size: u8,
}

/// Registers that every thread can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    /// Index of the thread in its block, along an axis.
    Thread(usize),
    /// Threads in a block.
    BlockSize(usize),
    /// Index of the block in the grid.
    Block(usize),
    /// Blocks in the grid.
    GridSize(usize),
    Lane,
    Warp,
    /// Lanes below this one, as a mask.
    LanesBelow,
    /// Lanes up to this one.
    LanesUpTo,
}

impl Special {
    pub(crate) fn parse(name: &str) -> Option<Special> {
        let (name, axis) = match name.rsplit_once('.') {
            Some((name, axis)) => (name, ["x", "y", "z"].iter().position(|a| *a == axis)),
            None => (name, None),
        };
        Some(match (name, axis) {
            ("%tid", Some(axis)) => Special::Thread(axis),
            ("%ntid", Some(axis)) => Special::BlockSize(axis),
            ("%ctaid", Some(axis)) => Special::Block(axis),
            ("%nctaid", Some(axis)) => Special::GridSize(axis),
            ("%laneid", None) => Special::Lane,
            ("%warpid", None) => Special::Warp,
            ("%lanemask_lt", None) => Special::LanesBelow,
            ("%lanemask_le", None) => Special::LanesUpTo,
            _ => return None,
        })
    }
}

/// Where an instruction takes a value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Register(Register),
    Constant(u64),
    Special(Special),
}

/// `[base + offset]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) base: Operand,
    pub(crate) offset: i64,
}

/// Which memory an instruction means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    Parameters,
    Global,
    /// Global memory through the cache that does not see writes of the same launch.
    ReadOnly,
    Shared,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Move,
    Not,
    Negate,
    Absolute,
    CountOnes,
    CountLeadingZeros,
    ReverseBits,
    SquareRoot,
    Reciprocal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    /// The low half of the product; of floats, the product.
    Multiply,
    /// The high half.
    MultiplyHigh,
    /// The whole product, twice as wide.
    MultiplyWide,
    Divide,
    Remainder,
    Minimum,
    Maximum,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ternary {
    /// `a * b + c`, the low half. Of integers only: a fused float operation would break the contract.
    MultiplyAdd,
    /// The whole product plus a `c` that is twice as wide.
    MultiplyAddWide,
    /// The high half of the product plus `c`.
    MultiplyAddHigh,
    /// `c` bits of `a` from position `b`.
    ExtractBits,
    /// The upper word of `b:a` shifted left by `c` modulo 32.
    FunnelLeft,
    /// The lower word of `b:a` shifted right by `c` modulo 32.
    FunnelRight,
    /// Four bytes of `b:a`, chosen by `c`.
    PermuteBytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Neither operand is NaN.
    Ordered,
    /// One operand is NaN.
    Unordered,
}

/// What an atomic operation makes of the old value and its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Atomic {
    Add,
    Minimum,
    Maximum,
    And,
    Or,
    Xor,
    Exchange,
    /// Stores the second operand where the old value equals the first.
    CompareAndSwap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vote {
    /// A mask of the lanes where the predicate holds.
    Ballot,
    Any,
    All,
    /// Whether all lanes agree.
    Uniform,
}

/// From which lane a lane takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shuffle {
    Up,
    Down,
    Butterfly,
    Index,
}

/// How a conversion to an integer rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    Nearest,
    Zero,
    Down,
    Up,
}

/// Operations for which lanes wait for one another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Collective {
    Vote {
        vote: Vote,
        to: Register,
        predicate: Operand,
        negated: bool,
    },
    Shuffle {
        mode: Shuffle,
        to: Register,
        inside: Option<Register>,
        value: Operand,
        lane: Operand,
        clamp: Operand,
    },
    /// A mask of the lanes whose value equals this lane's.
    MatchAny {
        ty: Type,
        to: Register,
        value: Operand,
    },
    /// Orders the memory of a warp.
    Barrier,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    Load {
        space: Space,
        ty: Type,
        to: Vec<Register>,
        address: Address,
    },
    Store {
        space: Space,
        ty: Type,
        from: Vec<Operand>,
        address: Address,
    },
    Atomic {
        space: Space,
        ty: Type,
        atomic: Atomic,
        to: Option<Register>,
        address: Address,
        operands: [Operand; 2],
    },
    Unary {
        ty: Type,
        unary: Unary,
        to: Register,
        a: Operand,
    },
    Binary {
        ty: Type,
        binary: Binary,
        to: Register,
        a: Operand,
        b: Operand,
    },
    Ternary {
        ty: Type,
        ternary: Ternary,
        to: Register,
        a: Operand,
        b: Operand,
        c: Operand,
    },
    /// `b` with `length` bits of `a` put in from `position` on.
    InsertBits {
        ty: Type,
        to: Register,
        a: Operand,
        b: Operand,
        position: Operand,
        length: Operand,
    },
    /// Several registers side by side into one.
    Pack {
        to: Register,
        from: Vec<Operand>,
        size: u8,
    },
    /// One register into several.
    Unpack {
        to: Vec<Register>,
        from: Operand,
        size: u8,
    },
    /// The second register, if there is one, gets the opposite. `negated_by_nan` tells what a comparison
    /// with NaN gives.
    Compare {
        ty: Type,
        comparison: Comparison,
        true_for_nan: bool,
        to: Register,
        opposite: Option<Register>,
        a: Operand,
        b: Operand,
    },
    Select {
        ty: Type,
        to: Register,
        a: Operand,
        b: Operand,
        predicate: Operand,
    },
    Convert {
        into: Type,
        from: Type,
        rounding: Rounding,
        to: Register,
        a: Operand,
    },
    Branch {
        target: u32,
    },
    /// All threads of the block meet, and see each other's writes.
    Barrier,
    Collective {
        collective: Collective,
        members: Operand,
    },
    ActiveMask {
        to: Register,
    },
    Fence,
    Return,
}

/// An operation, where it stands and under which condition it is done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Instruction {
    pub(crate) line: u32,
    /// A predicate, and whether it has to be false.
    pub(crate) guard: Option<(Register, bool)>,
    pub(crate) operation: Operation,
}
