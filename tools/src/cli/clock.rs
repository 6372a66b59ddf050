//! Steps and milliseconds.

/// Turns a time in steps into ms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    dt: f64,
    /// Steps per ms, where that is a whole number.
    per_ms: Option<f64>,
}

impl Clock {
    /// For steps of `dt` ms.
    pub(crate) fn new(dt: f64) -> Self {
        let per_ms = (1.0 / dt).round();
        let whole = per_ms >= 1.0 && (per_ms * dt - 1.0).abs() < 1e-12;
        Clock { dt, per_ms: whole.then_some(per_ms) }
    }

    /// The time in ms. Division keeps it the number a person expects: 3 steps of 0.1 ms are 0.3 ms, which
    /// `3.0 * 0.1` is not.
    pub(crate) fn ms(self, step: u64) -> f64 {
        self.per_ms.map_or(step as f64 * self.dt, |n| step as f64 / n)
    }

    /// How many steps a time that is a multiple of the step has.
    pub(crate) fn steps(self, ms: f64) -> u64 {
        (ms / self.dt).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_the_numbers_one_would_type() {
        assert_eq!([1, 3, 7, 12_345].map(|s| Clock::new(0.1).ms(s)), [0.1, 0.3, 0.7, 1234.5]);
        assert_eq!([3, 5].map(|s| Clock::new(0.3).ms(s)), [3.0 * 0.3, 1.5]);
        assert_eq!([1, 2].map(|s| Clock::new(2.0).ms(s)), [2.0, 4.0]);
    }

    #[test]
    fn steps_and_times_are_inverse() {
        for dt in [0.1, 0.025, 0.3, 1.0, 2.0] {
            assert!((0..5000).all(|s| Clock::new(dt).steps(Clock::new(dt).ms(s)) == s), "{dt}");
        }
    }
}
