//! Units as powers of base quantities: `mV`, `1/s`, `uF/cm2`.

/// Powers of time, voltage, current, length and angle, and the power of ten against internal units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Unit {
    pub(super) powers: [i32; 5],
    pub(super) exponent: i32,
}

/// Base symbols in terms of ms, mV, pA, mm, degree.
const SYMBOLS: [(&str, Unit); 11] = [
    ("s", Unit { powers: [1, 0, 0, 0, 0], exponent: 3 }),
    ("V", Unit { powers: [0, 1, 0, 0, 0], exponent: 3 }),
    ("A", Unit { powers: [0, 0, 1, 0, 0], exponent: 12 }),
    ("m", Unit { powers: [0, 0, 0, 1, 0], exponent: 3 }),
    ("deg", Unit { powers: [0, 0, 0, 0, 1], exponent: 0 }),
    ("F", Unit { powers: [1, -1, 1, 0, 0], exponent: 12 }),
    ("S", Unit { powers: [0, -1, 1, 0, 0], exponent: 9 }),
    ("Hz", Unit { powers: [-1, 0, 0, 0, 0], exponent: -3 }),
    ("Ohm", Unit { powers: [0, 1, -1, 0, 0], exponent: -9 }),
    ("ohm", Unit { powers: [0, 1, -1, 0, 0], exponent: -9 }),
    ("Ω", Unit { powers: [0, 1, -1, 0, 0], exponent: -9 }),
];

const PREFIXES: [(char, i32); 11] =
    [('f', -15), ('p', -12), ('n', -9), ('u', -6), ('µ', -6), ('μ', -6), ('m', -3), ('c', -2), ('k', 3), ('M', 6), ('G', 9)];

impl Unit {
    /// Reads `mV`, `1/s`, `mm/ms`, `uF/cm2`, `ms^-1`, `pA ms`.
    pub(super) fn parse(text: &str) -> Option<Unit> {
        let mut unit = Unit::default();
        let mut rest = text.trim();
        let mut sign = 1;
        loop {
            let end = rest.find(['/', '*', ' ', '·']).unwrap_or(rest.len());
            unit = unit.times(Unit::factor(&rest[..end])?, sign);
            rest = rest[end..].trim_start();
            if rest.is_empty() {
                return Some(unit);
            }
            sign = if rest.starts_with('/') { -1 } else { 1 };
            rest = rest.strip_prefix(['/', '*', '·']).unwrap_or(rest).trim_start();
        }
    }

    /// Reads one symbol with its power: `mm2`, `cm^2`, `s-1`.
    fn factor(text: &str) -> Option<Unit> {
        if text == "1" {
            return Some(Unit::default());
        }
        let end = text.find(|c: char| c == '^' || c == '-' || c.is_ascii_digit()).unwrap_or(text.len());
        let (symbol, power) = text.split_at(end);
        let power = power.strip_prefix('^').unwrap_or(power);
        let power: i32 = if end == text.len() { 1 } else { power.parse().ok().filter(|p: &i32| (-9..=9).contains(p))? };
        let base = |s: &str| SYMBOLS.iter().find(|(name, _)| *name == s).map(|(_, unit)| *unit);
        let unit = base(symbol).or_else(|| {
            let mut chars = symbol.chars();
            let first = chars.next()?;
            let shift = PREFIXES.iter().find(|(p, _)| *p == first)?.1;
            let unit = base(chars.as_str())?;
            Some(Unit { exponent: unit.exponent + shift, ..unit })
        })?;
        Some(Unit::default().times(unit, power))
    }

    fn times(self, other: Unit, power: i32) -> Unit {
        let mut powers = self.powers;
        powers.iter_mut().zip(other.powers).for_each(|(mine, theirs)| *mine += power * theirs);
        Unit { powers, exponent: self.exponent + power * other.exponent }
    }

    /// What is measured in this unit.
    pub(super) fn quantity(&self) -> &'static str {
        match self.powers {
            [0, 0, 0, 0, 0] => "a pure number",
            [1, 0, 0, 0, 0] => "a time",
            [0, 1, 0, 0, 0] => "a voltage",
            [0, 0, 1, 0, 0] => "a current",
            [0, 0, 0, 1, 0] => "a length",
            [0, 0, 0, 0, 1] => "an angle",
            [1, -1, 1, 0, 0] => "a capacitance",
            [0, -1, 1, 0, 0] => "a conductance",
            [0, 1, -1, 0, 0] => "a resistance",
            [-1, 0, 0, 0, 0] => "a rate",
            [-1, 0, 0, 1, 0] => "a speed",
            _ => "another quantity",
        }
    }
}
