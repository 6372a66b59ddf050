//! From a mnemonic and its arguments to an operation. A part that is not understood is refused: a modifier
//! that was passed over would be an instruction that does something else.

use super::ParseError;
use super::instruction::{
    Address, Atomic, Binary, Collective, Comparison, Operand, Operation, Register, Rounding, Shuffle, Space, Ternary, Unary, Vote,
};
use super::mnemonic::Mnemonic;
use super::operands::{Argument, Scope};
use super::types::{Kind, Type};

/// The operation that `mnemonic` does with `arguments`.
pub(crate) fn decode(mnemonic: Mnemonic, arguments: &[Argument], scope: &Scope) -> Result<Operation, ParseError> {
    let mut decoder = Decoder { m: mnemonic, arguments, scope };
    let operation = decoder.operation()?;
    decoder.m.finish()?;
    Ok(operation)
}

struct Decoder<'a> {
    m: Mnemonic<'a>,
    arguments: &'a [Argument<'a>],
    scope: &'a Scope,
}

impl<'a> Decoder<'a> {
    fn operation(&mut self) -> Result<Operation, ParseError> {
        use Binary::*;
        match self.m.opcode {
            "ld" => self.load(),
            "st" => self.store(),
            "atom" | "red" => self.atomic(),
            "mov" => self.mov(),
            "cvta" => self.address_conversion(),
            "cvt" => self.convert(),
            "not" => self.unary(Unary::Not, |ty| ty.kind != Kind::Float),
            "neg" => self.unary(Unary::Negate, |ty| ty.is_float() || ty.is_signed()),
            "abs" => self.unary(Unary::Absolute, |ty| ty.is_float() || ty.is_signed()),
            "popc" => self.count_bits(Unary::CountOnes),
            "clz" => self.count_bits(Unary::CountLeadingZeros),
            "brev" => self.unary(Unary::ReverseBits, Type::is_integer),
            "sqrt" => self.rounded(Unary::SquareRoot),
            "rcp" => self.rounded(Unary::Reciprocal),
            "add" => self.binary(Add),
            "sub" => self.binary(Subtract),
            "mul" => self.multiply(),
            "mad" => self.multiply_add(),
            "div" => self.binary(Divide),
            "rem" => self.binary(Remainder),
            "min" => self.binary(Minimum),
            "max" => self.binary(Maximum),
            "and" => self.binary(And),
            "or" => self.binary(Or),
            "xor" => self.binary(Xor),
            "shl" => self.shift(ShiftLeft),
            "shr" => self.shift(ShiftRight),
            "shf" => self.funnel_shift(),
            "prmt" => self.ternary(Ternary::PermuteBytes, Type::B32, Type::U32, Type::U32),
            "bfe" => self.extract_bits(),
            "bfi" => self.insert_bits(),
            "setp" => self.compare(),
            "selp" => self.select(),
            "bra" => self.branch(),
            "bar" | "barrier" => self.barrier(),
            "vote" => self.vote(),
            "shfl" => self.shuffle(),
            "match" => self.match_any(),
            "activemask" => self.active_mask(),
            "membar" | "fence" => self.fence(),
            "ret" | "exit" => Ok(Operation::Return),
            _ => Err(self.m.unknown()),
        }
    }

    // --- arguments -----------------------------------------------------------------------------------------------

    fn argument(&self, place: usize) -> Result<&'a Argument<'a>, ParseError> {
        self.arguments.get(place).ok_or_else(|| self.m.lacks("an argument"))
    }

    fn wrong(&self, argument: &Argument) -> ParseError {
        ParseError::unexpected(self.m.line, &format!("argument {argument:?} of `{}`", self.m.text))
    }

    fn register(&self, place: usize) -> Result<Register, ParseError> {
        match self.argument(place)? {
            Argument::Word(word) => self.scope.register(word, self.m.line),
            other => Err(self.wrong(other)),
        }
    }

    fn value(&self, place: usize, ty: Type) -> Result<Operand, ParseError> {
        match self.argument(place)? {
            Argument::Word(word) => self.scope.operand(word, ty, self.m.line),
            other => Err(self.wrong(other)),
        }
    }

    /// One register or a vector of them.
    fn registers(&self, place: usize) -> Result<Vec<Register>, ParseError> {
        match self.argument(place)? {
            Argument::Vector(words) => words.iter().map(|w| self.scope.register(w, self.m.line)).collect(),
            _ => Ok(vec![self.register(place)?]),
        }
    }

    /// One value or a vector of them.
    fn values(&self, place: usize, ty: Type) -> Result<Vec<Operand>, ParseError> {
        match self.argument(place)? {
            Argument::Vector(words) => words.iter().map(|w| self.scope.operand(w, ty, self.m.line)).collect(),
            _ => Ok(vec![self.value(place, ty)?]),
        }
    }

    /// A register and perhaps a second one behind a bar.
    fn pair(&self, place: usize) -> Result<(Register, Option<Register>), ParseError> {
        match self.argument(place)? {
            Argument::Pair(first, second) => {
                Ok((self.scope.register(first, self.m.line)?, Some(self.scope.register(second, self.m.line)?)))
            }
            _ => Ok((self.register(place)?, None)),
        }
    }

    // --- memory --------------------------------------------------------------------------------------------------

    fn address(&self, place: usize) -> Result<Address, ParseError> {
        match self.argument(place)? {
            Argument::Address(base, offset) => self.scope.address(base, *offset, self.m.line),
            other => Err(self.wrong(other)),
        }
    }

    /// How many values an access moves: `.v2`, `.v4` or one. They have to be as many as the registers.
    fn check_width(&mut self, n: usize) -> Result<(), ParseError> {
        let width = self.m.choose(&[("v2", 2), ("v4", 4)]).unwrap_or(1);
        if width == n { Ok(()) } else { Err(self.m.lacks("as many registers as values")) }
    }

    fn load(&mut self) -> Result<Operation, ParseError> {
        let space = self.m.need(&[("param", Space::Parameters), ("global", Space::Global), ("shared", Space::Shared)], "a state space")?;
        let read_only = space == Space::Global && self.m.take("nc");
        self.m.take("volatile");
        // What a cache should do with the line changes no value.
        self.m.take("cs");
        let to = self.registers(0)?;
        self.check_width(to.len())?;
        let space = if read_only { Space::ReadOnly } else { space };
        Ok(Operation::Load { space, ty: self.m.ty()?, to, address: self.address(1)? })
    }

    fn store(&mut self) -> Result<Operation, ParseError> {
        let space = self.m.need(&[("global", Space::Global), ("shared", Space::Shared)], "a state space")?;
        self.m.take("volatile");
        let ty = self.m.ty()?;
        let from = self.values(1, ty)?;
        self.check_width(from.len())?;
        Ok(Operation::Store { space, ty, from, address: self.address(0)? })
    }

    /// Of integers alone: sums of floats depend on their order.
    fn atomic(&mut self) -> Result<Operation, ParseError> {
        let space = self.m.need(&[("global", Space::Global), ("shared", Space::Shared)], "a state space")?;
        self.m.choose(&[("relaxed", ()), ("acq_rel", ()), ("acquire", ()), ("release", ())]);
        self.m.choose(&[("gpu", ()), ("cta", ()), ("sys", ())]);
        let atomic = self.m.need(
            &[
                ("add", Atomic::Add),
                ("min", Atomic::Minimum),
                ("max", Atomic::Maximum),
                ("and", Atomic::And),
                ("or", Atomic::Or),
                ("xor", Atomic::Xor),
                ("exch", Atomic::Exchange),
                ("cas", Atomic::CompareAndSwap),
            ],
            "an operation",
        )?;
        let ty = self.m.ty_that(Type::is_integer, "an integer type")?;
        let first = usize::from(self.m.opcode == "atom");
        let to = if first == 1 { Some(self.register(0)?) } else { None };
        let a = self.value(first + 1, ty)?;
        let b = if atomic == Atomic::CompareAndSwap { self.value(first + 2, ty)? } else { a };
        Ok(Operation::Atomic { space, ty, atomic, to, address: self.address(first)?, operands: [a, b] })
    }

    /// Global addresses are generic addresses here.
    fn address_conversion(&mut self) -> Result<Operation, ParseError> {
        self.m.take("to");
        self.m.need(&[("global", ())], "`.global`")?;
        let ty = self.m.ty()?;
        Ok(Operation::Unary { ty, unary: Unary::Move, to: self.register(0)?, a: self.value(1, ty)? })
    }

    fn fence(&mut self) -> Result<Operation, ParseError> {
        self.m.choose(&[("sc", ()), ("acq_rel", ())]);
        self.m.choose(&[("cta", ()), ("gl", ()), ("gpu", ()), ("sys", ())]);
        Ok(Operation::Fence)
    }

    // --- arithmetic ----------------------------------------------------------------------------------------------

    fn mov(&mut self) -> Result<Operation, ParseError> {
        let ty = self.m.ty()?;
        match (self.argument(0)?, self.argument(1)?) {
            (Argument::Vector(to), _) => {
                let size = ty.size / to.len() as u8;
                Ok(Operation::Unpack { to: self.registers(0)?, from: self.value(1, ty)?, size })
            }
            (_, Argument::Vector(from)) => {
                let size = ty.size / from.len() as u8;
                Ok(Operation::Pack { to: self.register(0)?, from: self.values(1, Type { size, ..ty })?, size })
            }
            _ => Ok(Operation::Unary { ty, unary: Unary::Move, to: self.register(0)?, a: self.value(1, ty)? }),
        }
    }

    fn unary(&mut self, unary: Unary, fits: fn(Type) -> bool) -> Result<Operation, ParseError> {
        let ty = self.m.ty_that(fits, "a type for this operation")?;
        Ok(Operation::Unary { ty, unary, to: self.register(0)?, a: self.value(1, ty)? })
    }

    fn count_bits(&mut self, unary: Unary) -> Result<Operation, ParseError> {
        self.unary(unary, |ty| ty.is_integer() && ty.size >= 4)
    }

    /// Correctly rounded or not at all: approximations differ between devices.
    fn rounded(&mut self, unary: Unary) -> Result<Operation, ParseError> {
        self.m.need(&[("rn", ())], "`.rn`")?;
        self.unary(unary, Type::is_float)
    }

    fn binary(&mut self, binary: Binary) -> Result<Operation, ParseError> {
        use Binary::*;
        let ty = self.m.ty()?;
        let fits = match binary {
            Add if ty.is_double() => true,
            Add | Subtract | Multiply | Divide | Minimum | Maximum => ty.is_float() || ty.is_integer(),
            And | Or | Xor => ty.kind != Kind::Float,
            _ => ty.is_integer(),
        };
        if !fits {
            return Err(self.m.lacks("a type for this operation"));
        }
        if ty.kind == Kind::Float {
            let rounded = self.m.take("rn");
            // Without `.rn`, a quotient is not a PTX instruction, and the compiler may fuse a sum or product.
            if !rounded && !matches!(binary, Minimum | Maximum) {
                return Err(self.m.lacks("`.rn`"));
            }
        }
        Ok(Operation::Binary { ty, binary, to: self.register(0)?, a: self.value(1, ty)?, b: self.value(2, ty)? })
    }

    fn multiply(&mut self) -> Result<Operation, ParseError> {
        match self.m.choose(&[("lo", Binary::Multiply), ("hi", Binary::MultiplyHigh), ("wide", Binary::MultiplyWide)]) {
            Some(binary) => self.binary(binary),
            None => self.binary(Binary::Multiply),
        }
    }

    fn multiply_add(&mut self) -> Result<Operation, ParseError> {
        let choices = [("lo", Ternary::MultiplyAdd), ("hi", Ternary::MultiplyAddHigh), ("wide", Ternary::MultiplyAddWide)];
        let ternary = self.m.need(&choices, "`.lo`, `.hi` or `.wide`")?;
        let ty = self.m.ty_that(Type::is_integer, "an integer type")?;
        let sum = if ternary == Ternary::MultiplyAddWide { Type { size: 2 * ty.size, ..ty } } else { ty };
        self.ternary(ternary, ty, ty, sum)
    }

    fn ternary(&mut self, ternary: Ternary, ty: Type, b: Type, c: Type) -> Result<Operation, ParseError> {
        if ternary == Ternary::PermuteBytes {
            self.m.need(&[("b32", ())], "`.b32`")?;
        }
        Ok(Operation::Ternary { ty, ternary, to: self.register(0)?, a: self.value(1, ty)?, b: self.value(2, b)?, c: self.value(3, c)? })
    }

    /// The distance is an unsigned word whatever is shifted.
    fn shift(&mut self, binary: Binary) -> Result<Operation, ParseError> {
        let ty = self.m.ty_that(Type::is_integer, "an integer type")?;
        Ok(Operation::Binary { ty, binary, to: self.register(0)?, a: self.value(1, ty)?, b: self.value(2, Type::U32)? })
    }

    fn funnel_shift(&mut self) -> Result<Operation, ParseError> {
        let ternary = self.m.need(&[("l", Ternary::FunnelLeft), ("r", Ternary::FunnelRight)], "a direction")?;
        self.m.need(&[("wrap", ())], "`.wrap`")?;
        let ty = self.m.ty_that(|ty| ty == Type::B32, "`.b32`")?;
        self.ternary(ternary, ty, ty, Type::U32)
    }

    fn extract_bits(&mut self) -> Result<Operation, ParseError> {
        let ty = self.m.ty_that(|ty| ty.is_integer() && ty.size >= 4, "a type of 32 or 64 bits")?;
        self.ternary(Ternary::ExtractBits, ty, Type::U32, Type::U32)
    }

    fn insert_bits(&mut self) -> Result<Operation, ParseError> {
        let ty = self.m.ty_that(|ty| ty.is_integer() && ty.size >= 4, "a type of 32 or 64 bits")?;
        let (a, b) = (self.value(1, ty)?, self.value(2, ty)?);
        let (position, length) = (self.value(3, Type::U32)?, self.value(4, Type::U32)?);
        Ok(Operation::InsertBits { ty, to: self.register(0)?, a, b, position, length })
    }

    fn convert(&mut self) -> Result<Operation, ParseError> {
        let (into, from) = (self.m.ty()?, self.m.ty()?);
        let to_integer = [("rni", Rounding::Nearest), ("rzi", Rounding::Zero), ("rmi", Rounding::Down), ("rpi", Rounding::Up)];
        if into.is_double() && from.is_float() {
            return Ok(Operation::Convert { into, from, rounding: Rounding::Nearest, to: self.register(0)?, a: self.value(1, from)? });
        }
        if into.is_double() || from.is_double() {
            return Err(self.m.lacks("a conversion that kernels of ours may use"));
        }
        let rounding = match (into.is_float(), from.is_float()) {
            (false, false) => Rounding::Zero,
            (true, false) => self.m.need(&[("rn", Rounding::Nearest)], "`.rn`")?,
            (_, true) => self.m.need(&to_integer, "a rounding to integers")?,
        };
        Ok(Operation::Convert { into, from, rounding, to: self.register(0)?, a: self.value(1, from)? })
    }

    fn compare(&mut self) -> Result<Operation, ParseError> {
        use Comparison::*;
        let ty = self.m.ty_that(|ty| !ty.is_double(), "a type for this operation")?;
        let plain = [("eq", Equal), ("ne", NotEqual), ("lt", Less), ("le", LessOrEqual), ("gt", Greater), ("ge", GreaterOrEqual)];
        let unsigned = [("lo", Less), ("ls", LessOrEqual), ("hi", Greater), ("hs", GreaterOrEqual)];
        let unordered = [("equ", Equal), ("neu", NotEqual), ("ltu", Less), ("leu", LessOrEqual), ("gtu", Greater), ("geu", GreaterOrEqual)];
        let (comparison, true_for_nan) = if let Some(comparison) = self.m.choose(&plain) {
            (comparison, false)
        } else if ty.is_float() {
            match self.m.choose(&unordered) {
                Some(comparison) => (comparison, true),
                None => (self.m.need(&[("num", Ordered), ("nan", Unordered)], "a comparison")?, false),
            }
        } else {
            (self.m.need(&unsigned, "a comparison")?, false)
        };
        let (to, opposite) = self.pair(0)?;
        Ok(Operation::Compare { ty, comparison, true_for_nan, to, opposite, a: self.value(1, ty)?, b: self.value(2, ty)? })
    }

    fn select(&mut self) -> Result<Operation, ParseError> {
        let ty = self.m.ty()?;
        let (a, b) = (self.value(1, ty)?, self.value(2, ty)?);
        Ok(Operation::Select { ty, to: self.register(0)?, a, b, predicate: self.value(3, Type::PREDICATE)? })
    }

    // --- control and other lanes ---------------------------------------------------------------------------------

    fn branch(&mut self) -> Result<Operation, ParseError> {
        self.m.take("uni");
        match self.argument(0)? {
            Argument::Word(label) => Ok(Operation::Branch { target: self.scope.label(label, self.m.line)? }),
            other => Err(self.wrong(other)),
        }
    }

    /// `bar.sync 0`, or `bar.warp.sync` of some lanes. Other barriers than number 0 are not known.
    fn barrier(&mut self) -> Result<Operation, ParseError> {
        self.m.need(&[("sync", ())], "`.sync`")?;
        if self.m.take("warp") {
            return Ok(Operation::Collective { collective: Collective::Barrier, members: self.value(0, Type::B32)? });
        }
        self.m.take("cta");
        self.m.take("aligned");
        match self.arguments {
            [Argument::Word("0")] => Ok(Operation::Barrier),
            _ => Err(ParseError::unexpected(self.m.line, "barrier that is not number 0 of the whole block")),
        }
    }

    fn vote(&mut self) -> Result<Operation, ParseError> {
        self.m.need(&[("sync", ())], "`.sync`")?;
        let vote = self.m.need(&[("ballot", Vote::Ballot), ("any", Vote::Any), ("all", Vote::All), ("uni", Vote::Uniform)], "a mode")?;
        self.m.need(&[(if vote == Vote::Ballot { "b32" } else { "pred" }, ())], "the type of its result")?;
        let (predicate, negated) = match self.argument(1)? {
            Argument::Negated(word) => (self.scope.operand(word, Type::PREDICATE, self.m.line)?, true),
            _ => (self.value(1, Type::PREDICATE)?, false),
        };
        let collective = Collective::Vote { vote, to: self.register(0)?, predicate, negated };
        Ok(Operation::Collective { collective, members: self.value(2, Type::B32)? })
    }

    fn shuffle(&mut self) -> Result<Operation, ParseError> {
        self.m.need(&[("sync", ())], "`.sync`")?;
        self.m.need(&[("b32", ())], "`.b32`")?;
        let modes = [("up", Shuffle::Up), ("down", Shuffle::Down), ("bfly", Shuffle::Butterfly), ("idx", Shuffle::Index)];
        let mode = self.m.need(&modes, "a mode")?;
        let (to, inside) = self.pair(0)?;
        let (value, lane, clamp) = (self.value(1, Type::B32)?, self.value(2, Type::U32)?, self.value(3, Type::U32)?);
        Ok(Operation::Collective {
            collective: Collective::Shuffle { mode, to, inside, value, lane, clamp },
            members: self.value(4, Type::B32)?,
        })
    }

    fn match_any(&mut self) -> Result<Operation, ParseError> {
        self.m.need(&[("any", ())], "`.any`")?;
        self.m.need(&[("sync", ())], "`.sync`")?;
        let ty = self.m.ty_that(|ty| ty.is_integer() && ty.size >= 4, "`.b32` or `.b64`")?;
        let collective = Collective::MatchAny { ty, to: self.register(0)?, value: self.value(1, ty)? };
        Ok(Operation::Collective { collective, members: self.value(2, Type::B32)? })
    }

    fn active_mask(&mut self) -> Result<Operation, ParseError> {
        self.m.need(&[("b32", ())], "`.b32`")?;
        Ok(Operation::ActiveMask { to: self.register(0)? })
    }
}
