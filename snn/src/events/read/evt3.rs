//! Prophesee's EVT 3.0: words of 16 bits that change what is known of row, column and time; some make an event, some make many.

use super::percent::Header;
use super::{Event, Recording, recording};
use crate::bytes::Cursor;
use crate::error::Error;

const ROW: u16 = 0x0;
const COLUMN: u16 = 0x2;
const BASE: u16 = 0x3;
const VECTOR_12: u16 = 0x4;
const VECTOR_8: u16 = 0x5;
const TIME_LOW: u16 = 0x6;
const TIME_HIGH: u16 = 0x8;

/// What is known so far.
#[derive(Default)]
struct Known {
    row: Option<u16>,
    /// Column and polarity of a vector.
    base: u16,
    on: bool,
    /// Twelve bits each; how often the upper ones began anew.
    high: Option<i64>,
    low: i64,
    turns: i64,
}

impl Known {
    fn time(&mut self, high: i64) {
        // It only ever goes on; a small step back is a packet out of order.
        if self.high.is_some_and(|before| before > high && before - high > 1 << 11) {
            self.turns += 1;
        }
        self.high = Some(high);
    }

    fn event(&self, x: u16, on: bool) -> Option<Event> {
        let t = self.turns << 24 | self.high? << 12 | self.low;
        Some(Event { t, x, y: self.row?, on })
    }

    /// Events at the base and beside it, one for each bit, and the base behind them.
    fn vector(&mut self, bits: u16, n: u16, events: &mut Vec<Event>) {
        let set = (0..n).filter(|i| bits >> i & 1 == 1);
        events.extend(set.filter_map(|i| self.event(self.base.saturating_add(i), self.on)));
        self.base = self.base.saturating_add(n);
    }
}

pub(super) fn read(mut cursor: Cursor) -> Result<Recording, Error> {
    let size = Header::read(&mut cursor).size();
    let (mut events, mut known) = (Vec::new(), Known::default());
    while !cursor.is_empty() {
        let word = cursor.u16("an event")?;
        let (value, on) = (word & 0x7ff, word >> 11 & 1 == 1);
        match word >> 12 {
            ROW => known.row = Some(value),
            COLUMN => events.extend(known.event(value, on)),
            BASE => (known.base, known.on) = (value, on),
            VECTOR_12 => known.vector(word & 0xfff, 12, &mut events),
            VECTOR_8 => known.vector(word & 0xff, 8, &mut events),
            TIME_LOW => known.low = i64::from(word & 0xfff),
            TIME_HIGH => known.time(i64::from(word & 0xfff)),
            // Triggers, continuations and whatever the makers add.
            _ => {}
        }
    }
    Ok(recording(events, size))
}
