//! Reads a module: its kernels with their parameters, variables and instructions.

use super::ParseError;
use super::decode::decode;
use super::instruction::{Instruction, Operation};
use super::lexer::{Placed, Token, tokens};
use super::mnemonic::Mnemonic;
use super::operands::{Argument, Scope};
use super::types::Type;

/// Where a parameter lies among the bytes of all parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) offset: usize,
    pub(crate) size: usize,
}

/// One entry of a module.
#[derive(Debug)]
pub(crate) struct Kernel {
    pub(crate) name: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) instructions: Vec<Instruction>,
    /// Instructions as they are written, for messages.
    pub(crate) texts: Vec<String>,
    pub(crate) n_registers: usize,
    /// Bytes of shared variables of fixed size; those of variable size begin here.
    pub(crate) shared: usize,
    /// Most threads of a block that the kernel was compiled for.
    pub(crate) max_threads: u32,
}

impl Kernel {
    /// Bytes of all parameters.
    pub(crate) fn parameter_bytes(&self) -> usize {
        self.parameters.last().map_or(0, |p| p.offset + p.size)
    }
}

/// Threads in a block that no device exceeds.
const MAX_THREADS: u32 = 1024;
/// Alignment of shared memory of variable size.
const SHARED_ALIGNMENT: usize = 16;

/// All kernels of a module.
pub(crate) fn parse(source: &str) -> Result<Vec<Kernel>, ParseError> {
    let mut parser = Parser { tokens: tokens(source)?, at: 0, lines: source.lines().collect(), shared: Vec::new(), dynamic: Vec::new() };
    let mut kernels = Vec::new();
    while let Some(word) = parser.next_word_or_end()? {
        match word {
            ".version" | ".address_size" => _ = parser.word()?,
            ".target" => parser.list()?,
            ".visible" | ".weak" => {}
            ".entry" => kernels.push(parser.kernel()?),
            ".shared" => {
                let variable = parser.variable()?;
                parser.sign(';')?;
                parser.shared.push(variable);
            }
            ".extern" => {
                parser.expect(".shared")?;
                let name = parser.variable()?.name;
                parser.sign(';')?;
                parser.dynamic.push(name);
            }
            other => return Err(ParseError::unexpected(parser.line(), &format!("directive `{other}`"))),
        }
    }
    Ok(kernels)
}

/// A declared parameter or shared variable.
#[derive(Clone, Copy)]
struct Variable<'a> {
    name: &'a str,
    size: usize,
    alignment: usize,
}

/// An instruction before its words mean anything.
struct Statement<'a> {
    line: u32,
    guard: Option<(&'a str, bool)>,
    mnemonic: &'a str,
    arguments: Vec<Argument<'a>>,
}

struct Body<'a> {
    statements: Vec<Statement<'a>>,
    shared: Vec<Variable<'a>>,
}

struct Parser<'a> {
    tokens: Vec<Placed<'a>>,
    at: usize,
    lines: Vec<&'a str>,
    /// Shared variables of the module: every kernel has room for them.
    shared: Vec<Variable<'a>>,
    /// Shared variables whose size is given at launch.
    dynamic: Vec<&'a str>,
}

impl<'a> Parser<'a> {
    fn line(&self) -> u32 {
        self.tokens.get(self.at.saturating_sub(1)).map_or(1, |placed| placed.line)
    }

    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).map(|placed| placed.token)
    }

    fn next(&mut self) -> Result<Token<'a>, ParseError> {
        let token = self.peek().ok_or_else(|| ParseError::unexpected(self.line(), "end"))?;
        self.at += 1;
        Ok(token)
    }

    fn word(&mut self) -> Result<&'a str, ParseError> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            other => Err(ParseError::unexpected(self.line(), &format!("{other:?}"))),
        }
    }

    fn next_word_or_end(&mut self) -> Result<Option<&'a str>, ParseError> {
        if self.peek().is_none() { Ok(None) } else { self.word().map(Some) }
    }

    fn expect(&mut self, expected: &str) -> Result<(), ParseError> {
        let found = self.word()?;
        if found == expected { Ok(()) } else { Err(ParseError::unexpected(self.line(), &format!("`{found}` for `{expected}`"))) }
    }

    fn sign(&mut self, expected: char) -> Result<(), ParseError> {
        let found = self.next()?;
        if found == Token::Sign(expected) {
            return Ok(());
        }
        Err(ParseError::unexpected(self.line(), &format!("{found:?} where `{expected}` belongs")))
    }

    /// Goes past `sign` if it comes next.
    fn skip(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    /// Goes past words with commas between them.
    fn list(&mut self) -> Result<(), ParseError> {
        self.word()?;
        while self.skip(',') {
            self.word()?;
        }
        Ok(())
    }

    fn count(&mut self) -> Result<usize, ParseError> {
        let word = self.word()?;
        word.parse().map_err(|_| ParseError::unexpected(self.line(), &format!("`{word}` where a count belongs")))
    }

    /// `.align 4 .b8 name[48]` or `.u32 name`, after `.param` or `.shared`.
    fn variable(&mut self) -> Result<Variable<'a>, ParseError> {
        let (mut ty, mut alignment) = (None, 0);
        loop {
            let word = self.word()?;
            match word {
                ".align" => alignment = self.count()?,
                // What a pointer points to; compilers since PTX 8 tell.
                ".ptr" | ".global" => {}
                _ => match (word.strip_prefix('.').and_then(Type::parse), ty) {
                    (Some(found), None) => ty = Some(found),
                    (None, Some(ty)) => {
                        let mut size = usize::from(ty.size);
                        if self.skip('[') {
                            // An array without a length gets its size at launch.
                            size *= if self.peek() == Some(Token::Sign(']')) { 0 } else { self.count()? };
                            self.sign(']')?;
                        }
                        // The alignment of a pointer is that of what it points to, so it counts for arrays alone.
                        let natural = usize::from(ty.size);
                        let alignment = if size == natural { natural } else { alignment.max(natural) };
                        return Ok(Variable { name: word, size, alignment });
                    }
                    _ => return Err(ParseError::unexpected(self.line(), &format!("`{word}` in a declaration"))),
                },
            }
        }
    }

    fn kernel(&mut self) -> Result<Kernel, ParseError> {
        let name = self.word()?.to_string();
        let mut scope = Scope::default();
        let parameters = self.parameters(&mut scope)?;
        let mut max_threads = MAX_THREADS;
        while let Some(Token::Word(directive)) = self.peek() {
            self.at += 1;
            match directive {
                ".maxntid" | ".reqntid" => {
                    max_threads = self.count()? as u32;
                    while self.skip(',') {
                        max_threads *= self.count()? as u32;
                    }
                }
                ".minnctapersm" => _ = self.count()?,
                other => return Err(ParseError::unexpected(self.line(), &format!("directive `{other}`"))),
            }
        }
        self.sign('{')?;
        let body = self.body(&mut scope)?;
        let shared = self.place_shared(&mut scope, &body.shared);
        // Only now is every name known: labels and shared memory of variable size are used before they have a place.
        let decode = |s: &Statement| {
            let guard = s.guard.map(|(predicate, negated)| scope.register(predicate, s.line).map(|p| (p, negated))).transpose()?;
            Ok(Instruction { line: s.line, guard, operation: decode(Mnemonic::new(s.mnemonic, s.line), &s.arguments, &scope)? })
        };
        let instructions: Vec<Instruction> = body.statements.iter().map(decode).collect::<Result<_, ParseError>>()?;
        let ends =
            matches!(instructions.last(), Some(Instruction { guard: None, operation: Operation::Return | Operation::Branch { .. }, .. }));
        if !ends {
            return Err(ParseError::unexpected(self.line(), &format!("end of `{name}` without `ret`")));
        }
        let texts = instructions.iter().map(|i| self.lines[i.line as usize - 1].trim().to_string()).collect();
        Ok(Kernel { name, parameters, instructions, texts, n_registers: scope.n_registers(), shared, max_threads })
    }

    /// Gives shared variables their places; returns the bytes of those of fixed size.
    fn place_shared(&self, scope: &mut Scope, variables: &[Variable]) -> usize {
        let mut end = 0usize;
        for variable in self.shared.iter().chain(variables) {
            let offset = end.next_multiple_of(variable.alignment);
            scope.declare_symbol(variable.name, offset as u64);
            end = offset + variable.size;
        }
        let end = end.next_multiple_of(SHARED_ALIGNMENT);
        for name in &self.dynamic {
            scope.declare_symbol(name, end as u64);
        }
        end
    }

    fn parameters(&mut self, scope: &mut Scope) -> Result<Vec<Parameter>, ParseError> {
        let mut parameters = Vec::new();
        let mut end = 0usize;
        self.sign('(')?;
        while !self.skip(')') {
            self.expect(".param")?;
            let variable = self.variable()?;
            let offset = end.next_multiple_of(variable.alignment);
            scope.declare_symbol(variable.name, offset as u64);
            parameters.push(Parameter { offset, size: variable.size });
            end = offset + variable.size;
            self.skip(',');
        }
        Ok(parameters)
    }

    /// Declarations and statements up to the closing brace.
    fn body(&mut self, scope: &mut Scope) -> Result<Body<'a>, ParseError> {
        let mut body = Body { statements: Vec::new(), shared: Vec::new() };
        while !self.skip('}') {
            let guard = if self.skip('@') {
                let negated = self.skip('!');
                Some((self.word()?, negated))
            } else {
                None
            };
            let word = self.word()?;
            let line = self.line();
            match word {
                ".reg" => self.registers(scope)?,
                ".shared" => {
                    body.shared.push(self.variable()?);
                    self.sign(';')?;
                }
                ".pragma" => {
                    self.next()?;
                    self.sign(';')?;
                }
                _ if self.skip(':') => scope.declare_label(word, body.statements.len() as u32),
                directive if directive.starts_with('.') => return Err(ParseError::unexpected(line, &format!("directive `{directive}`"))),
                mnemonic => body.statements.push(Statement { line, guard, mnemonic, arguments: self.arguments()? }),
            }
        }
        Ok(body)
    }

    /// `.reg .b32 %r<34>;` or `.reg .pred p, q;`
    fn registers(&mut self, scope: &mut Scope) -> Result<(), ParseError> {
        let ty = self.word()?;
        let ty = ty.strip_prefix('.').and_then(Type::parse).ok_or_else(|| ParseError::unexpected(self.line(), &format!("`{ty}`")))?;
        loop {
            let name = self.word()?;
            if self.skip('<') {
                for i in 0..self.count()? {
                    scope.declare_register(format!("{name}{i}"), ty.size);
                }
                self.sign('>')?;
            } else {
                scope.declare_register(name.to_string(), ty.size);
            }
            if !self.skip(',') {
                return self.sign(';');
            }
        }
    }

    /// What follows an opcode, up to its semicolon.
    fn arguments(&mut self) -> Result<Vec<Argument<'a>>, ParseError> {
        let mut arguments = Vec::new();
        while !self.skip(';') {
            arguments.push(self.argument()?);
            if !self.skip(',') {
                self.sign(';')?;
                break;
            }
        }
        Ok(arguments)
    }

    fn argument(&mut self) -> Result<Argument<'a>, ParseError> {
        if self.skip('!') {
            return Ok(Argument::Negated(self.word()?));
        }
        if self.skip('{') {
            let mut words = vec![self.word()?];
            while self.skip(',') {
                words.push(self.word()?);
            }
            self.sign('}')?;
            return Ok(Argument::Vector(words));
        }
        if self.skip('[') {
            let base = self.word()?;
            let offset = if self.skip('+') { Some(self.word()?) } else { None };
            self.sign(']')?;
            return Ok(Argument::Address(base, offset));
        }
        let word = self.word()?;
        Ok(if self.skip('|') { Argument::Pair(word, self.word()?) } else { Argument::Word(word) })
    }
}
