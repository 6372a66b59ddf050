//! What a piece of work takes: CPU seconds of all threads, wall seconds, memory. From `/proc`, so nothing elsewhere than on Linux.

use std::fs;
use std::time::Instant;

use serde::Serialize;

/// Milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Cost {
    /// Of all threads together; NaN where the system does not say.
    pub(super) cpu_ms: f64,
    pub(super) wall_ms: f64,
}

impl Cost {
    /// More than anything takes.
    pub(super) const NEVER: Cost = Cost { cpu_ms: f64::INFINITY, wall_ms: f64::INFINITY };

    pub(super) const NOTHING: Cost = Cost { cpu_ms: 0.0, wall_ms: 0.0 };

    /// The smaller of each: what else runs on the machine only adds.
    pub(super) fn least(self, other: Cost) -> Cost {
        // `f64::min` would hide that there was no figure.
        let cpu_ms = if other.cpu_ms < self.cpu_ms || other.cpu_ms.is_nan() { other.cpu_ms } else { self.cpu_ms };
        Cost { cpu_ms, wall_ms: self.wall_ms.min(other.wall_ms) }
    }

    pub(super) fn plus(self, other: Cost) -> Cost {
        Cost { cpu_ms: self.cpu_ms + other.cpu_ms, wall_ms: self.wall_ms + other.wall_ms }
    }
}

/// A moment to measure from.
pub(super) struct Clock {
    cpu: f64,
    wall: Instant,
}

impl Clock {
    pub(super) fn start() -> Clock {
        Clock { cpu: cpu_ms(), wall: Instant::now() }
    }

    /// What was spent since the start, or since the last call.
    pub(super) fn lap(&mut self) -> Cost {
        let now = Clock::start();
        let cost = Cost { cpu_ms: now.cpu - self.cpu, wall_ms: 1e3 * (now.wall - self.wall).as_secs_f64() };
        *self = now;
        cost
    }
}

/// Milliseconds that the scheduler gave to the threads of this process.
fn cpu_ms() -> f64 {
    let spent = |task: fs::DirEntry| -> Option<f64> {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return f64::NAN };
    tasks.map(|task| task.ok().and_then(spent).map_or(f64::NAN, |ns| ns * 1e-6)).sum()
}

/// The most memory that this process had, bytes; 0 where the system does not say.
pub(super) fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_time() {
        let mut clock = Clock::start();
        let sum: f64 = (0..20_000_000u64).map(|i| std::hint::black_box(i) as f64).sum();
        let cost = clock.lap();
        assert!(sum > 0.0 && cost.wall_ms > 0.0 && (cost.cpu_ms > 0.0 || cost.cpu_ms.is_nan()), "{cost:?}");
    }

    #[test]
    fn the_least_of_each_is_kept() {
        let cost = |cpu_ms, wall_ms| Cost { cpu_ms, wall_ms };
        let least = Cost::NEVER.least(cost(3.0, 5.0)).least(cost(4.0, 4.0));
        assert_eq!((least.cpu_ms, least.wall_ms), (3.0, 4.0));
    }
}
