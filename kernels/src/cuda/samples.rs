//! Recorded state: copied on the device into blocks, and from there to the host.

use std::collections::BTreeMap;
use std::ops::Range;

use cudarc::driver::{CudaFunction, PushKernelArg};
use models::kit::real;

use super::device::Device;
use super::error::{Error, doing};
use super::memory::Array;
use super::over;
use super::pinned::Pinned;
use crate::device::Address;

/// A value that was recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// Index of the tap.
    pub tap: usize,
    /// Step after which the state was so.
    pub step: u64,
    /// The state.
    pub value: real,
}

/// How a device reads a tap.
pub(super) struct Reading {
    /// A word of the device.
    pub(super) address: Address,
    /// What of it is recorded.
    pub(super) form: Form,
    /// Every how many steps.
    pub(super) interval: u64,
}

/// What of a word is a value.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// All of it.
    Whole,
    /// One half, in these units.
    Half { upper: bool, unit: real },
}

impl Form {
    fn value(self, word: u32) -> real {
        match self {
            Form::Whole => real::from_bits(word),
            Form::Half { upper, unit } => real::from((word >> if upper { 16 } else { 0 }) as i16) * unit,
        }
    }
}

/// All taps of a device.
pub(super) struct Samples {
    kernel: CudaFunction,
    groups: Vec<Group>,
}

/// Taps that are read at the same steps.
struct Group {
    interval: u64,
    /// Indices of the taps, and what they read.
    taps: Vec<(usize, Form)>,
    addresses: Array<Address>,
    values: Array<u32>,
    /// On their way to the host.
    pulls: Pinned<u32>,
}

impl Group {
    /// Samples that are taken in these steps: after step `s` it is time `s + 1`.
    fn n_due(&self, steps: &Range<u64>) -> u64 {
        steps.end / self.interval - steps.start / self.interval
    }
}

impl Samples {
    /// All taps; the host takes their values every `pace` steps.
    pub(super) fn new(device: &Device, taps: &[Reading], pace: u64) -> Result<Self, Error> {
        let mut by_interval: BTreeMap<u64, Vec<(usize, Form)>> = BTreeMap::new();
        for (index, tap) in taps.iter().enumerate() {
            by_interval.entry(tap.interval.max(1)).or_default().push((index, tap.form));
        }
        let group = |(interval, group): (u64, Vec<(usize, Form)>)| {
            let addresses: Vec<Address> = group.iter().map(|(tap, _)| taps[*tap].address).collect();
            let room = group.len() * Samples::rows(interval, pace) as usize;
            let (addresses, values) = (Array::copy(device, &addresses)?, Array::room(device, room)?);
            Ok(Group { interval, taps: group, addresses, values, pulls: Pinned::new(device, room)? })
        };
        let groups = by_interval.into_iter().map(group).collect::<Result<_, Error>>()?;
        Ok(Samples { kernel: device.kernel("sample", "sample")?, groups })
    }

    /// Most samples of an interval in `pace` steps.
    pub(super) fn rows(interval: u64, pace: u64) -> u64 {
        pace / interval + 1
    }

    /// Reads what is due after `step`, in steps that began at `first`.
    pub(super) fn launch(&mut self, device: &Device, first: u64, step: u64) -> Result<(), Error> {
        for group in self.groups.iter().filter(|group| (step + 1).is_multiple_of(group.interval)) {
            let n = group.taps.len();
            let row = group.n_due(&(first..step));
            let out = group.values.address(device) + row * (n * size_of::<u32>()) as u64;
            let n = n as u32;
            let mut launch = device.stream.launch_builder(&self.kernel);
            launch.arg(&group.addresses.0).arg(&n).arg(&out);
            // SAFETY: these are the kernel's arguments; it reads `n` taps, which point into the tiles, and writes one row.
            unsafe { launch.launch(over(n)) }.map_err(doing("launching `sample`"))?;
        }
        Ok(())
    }

    /// Lets the device copy what was read in `steps`, when it has done all that was launched; waits for nothing.
    pub(super) fn pull(&mut self, device: &Device, steps: &Range<u64>) -> Result<(), Error> {
        for group in &mut self.groups {
            let n = group.taps.len() * group.n_due(steps) as usize;
            group.pulls.pull(device, &group.values, [0..n, 0..0])?;
        }
        Ok(())
    }

    /// Waits for what was pulled and appends what was read in `steps`.
    pub(super) fn take(&mut self, steps: Range<u64>, values: &mut Vec<Value>) -> Result<(), Error> {
        for group in &mut self.groups {
            let n = group.taps.len();
            for (row, row_values) in group.pulls.wait()?.chunks_exact(n).enumerate() {
                let step = (steps.start / group.interval + row as u64 + 1) * group.interval - 1;
                let value = |((tap, form), word): (&(usize, Form), &u32)| Value { tap: *tap, step, value: form.value(*word) };
                values.extend(group.taps.iter().zip(row_values).map(value));
            }
        }
        Ok(())
    }
}
