//! Cuts PTX into words and signs.

use super::ParseError;

/// A word (`ld.global.f32`, `%r1`, `-4`, `0f3F800000`), a text in quotes, or a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Word(&'a str),
    Text,
    Sign(char),
}

/// A token and the line it stands on, from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'a> {
    pub(crate) token: Token<'a>,
    pub(crate) line: u32,
}

/// All tokens of `source`; comments are left out.
pub(crate) fn tokens(source: &str) -> Result<Vec<Placed<'_>>, ParseError> {
    let mut lexer = Lexer { rest: source, line: 1 };
    let mut tokens = Vec::new();
    while let Some(placed) = lexer.next()? {
        tokens.push(placed);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    rest: &'a str,
    line: u32,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Result<Option<Placed<'a>>, ParseError> {
        self.skip_space_and_comments()?;
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let line = self.line;
        let token = if is_word(first) || self.starts_with_negative_number() {
            Token::Word(self.take(1 + self.rest[1..].find(|c| !is_word(c)).unwrap_or(self.rest.len() - 1)))
        } else if first == '"' {
            let end = self.rest[1..].find('"').ok_or_else(|| ParseError::unexpected(line, "a text without end"))?;
            self.take(end + 2);
            Token::Text
        } else if ",;:{}[]()<>+|@!=".contains(first) {
            self.take(1);
            Token::Sign(first)
        } else {
            return Err(ParseError::unexpected(line, &format!("character `{first}`")));
        };
        Ok(Some(Placed { token, line }))
    }

    fn take(&mut self, n: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(n);
        self.line += taken.matches('\n').count() as u32;
        self.rest = rest;
        taken
    }

    fn starts_with_negative_number(&self) -> bool {
        self.rest.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    fn skip_space_and_comments(&mut self) -> Result<(), ParseError> {
        loop {
            let skipped = if self.rest.starts_with(|c: char| c.is_ascii_whitespace()) {
                self.rest.find(|c: char| !c.is_ascii_whitespace()).unwrap_or(self.rest.len())
            } else if self.rest.starts_with("//") {
                self.rest.find('\n').unwrap_or(self.rest.len())
            } else if self.rest.starts_with("/*") {
                2 + self.rest.find("*/").ok_or_else(|| ParseError::unexpected(self.line, "a comment without end"))?
            } else {
                return Ok(());
            };
            self.take(skipped);
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._$%".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_falls_into_words_and_signs() {
        let found: Vec<Token> = tokens("@!%p1 ld.f32 %f1, [%rd1+-4]; // there").unwrap().iter().map(|p| p.token).collect();
        use Token::{Sign, Word};
        let expected = [
            Sign('@'),
            Sign('!'),
            Word("%p1"),
            Word("ld.f32"),
            Word("%f1"),
            Sign(','),
            Sign('['),
            Word("%rd1"),
            Sign('+'),
            Word("-4"),
            Sign(']'),
            Sign(';'),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_are_counted_through_comments() {
        assert_eq!(tokens("/* one\ntwo */ ret\n;").unwrap().iter().map(|p| p.line).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn a_strange_character_is_named_with_its_line() {
        assert_eq!(tokens("ret;\n?").unwrap_err().to_string(), "PTX line 2: unexpected character `?`");
    }
}
