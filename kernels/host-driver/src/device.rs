//! A device: memory, streams, launches. What the C interface offers, without C.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::counters::Counters;
use crate::fault::Fault;
use crate::machine::{Launch, Machine};
use crate::memory::Violation;
use crate::ptx::{self, Kernel, ParseError};
use crate::streams::{Command, DEFAULT_STREAM, Sink, Source, Streams};

/// Most bytes of shared memory that a block gets without asking for more.
pub(crate) const SHARED_PER_BLOCK: usize = 48 << 10;
/// Bytes of shared memory that the blocks on a multiprocessor share.
pub(crate) const SHARED_PER_MULTIPROCESSOR: usize = 2 * SHARED_PER_BLOCK;
/// Most threads in a block.
pub(crate) const THREADS_PER_BLOCK: u32 = 1024;
/// Most blocks along the axes of a grid.
pub(crate) const GRID: [u32; 3] = [i32::MAX as u32, 65_535, 65_535];
/// Threads that a multiprocessor holds.
pub(crate) const THREADS_PER_MULTIPROCESSOR: u32 = 2048;

/// Memory of the device in bytes.
const CAPACITY: u64 = 8 << 30;

/// Patterns that are written at a time.
const FILL: usize = 1 << 18;

/// What the device could not do. It stays: the device does nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// A kernel went wrong.
    #[error(transparent)]
    Kernel(#[from] Fault),
    /// A copy, or another command of the host, touched memory that it may not.
    #[error("command of the host: {0}")]
    Command(#[from] Violation),
}

/// A launch that cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// No or too many blocks or threads, for any kernel.
    #[error("grid {grid:?} of blocks {block:?} is not possible")]
    Shape {
        /// Blocks along each axis.
        grid: [u32; 3],
        /// Threads along each axis.
        block: [u32; 3],
    },
    /// More threads than the kernel was compiled for.
    #[error("{threads} threads in a block, the kernel was compiled for {most}")]
    TooManyThreads {
        /// Threads in a block.
        threads: u32,
        /// What the kernel allows.
        most: u32,
    },
    /// More shared memory than a block can have.
    #[error("{bytes} bytes of shared memory, a block has {most}")]
    SharedMemory {
        /// What the launch asks for.
        bytes: usize,
        /// What there is.
        most: usize,
    },
    /// Other parameters than the kernel has.
    #[error("{given} bytes of parameters, the kernel has {expected}")]
    Parameters {
        /// Bytes that were given.
        given: usize,
        /// Bytes of the kernel's parameters.
        expected: usize,
    },
}

/// A kernel of a loaded module.
#[derive(Clone, Debug)]
pub struct Function(Arc<Kernel>);

impl Function {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Most threads in a block that it was compiled for.
    pub fn max_threads(&self) -> u32 {
        self.0.max_threads
    }

    /// Offset and size in bytes of each parameter among all.
    pub fn parameters(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.0.parameters.iter().map(|p| (p.offset, p.size))
    }

    /// Bytes of its shared variables of fixed size.
    pub fn shared_bytes(&self) -> usize {
        self.0.shared
    }
}

/// The kernels of a PTX text.
pub fn load(source: &str) -> Result<Vec<Function>, ParseError> {
    Ok(ptx::parse(source)?.into_iter().map(|kernel| Function(Arc::new(kernel))).collect())
}

/// One device.
pub struct Device {
    machine: Machine,
    pub(crate) streams: Streams,
    error: Option<DeviceError>,
    /// What the launches of each kernel have cost.
    by_kernel: BTreeMap<String, Counters>,
}

impl Device {
    /// A device that chooses among legal orders by `seed`.
    pub fn new(seed: u64) -> Self {
        Device { machine: Machine::new(CAPACITY, seed), streams: Streams::new(), error: None, by_kernel: BTreeMap::new() }
    }

    /// A warp that runs more instructions than this will hardly end, and is stopped.
    pub fn limit_instructions(&mut self, most: u64) {
        self.machine.most_instructions = most;
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.machine.counters
    }

    /// What the launches of each kernel have cost, by name.
    pub fn by_kernel(&self) -> impl Iterator<Item = (&str, &Counters)> {
        self.by_kernel.iter().map(|(name, counters)| (name.as_str(), counters))
    }

    /// What went wrong, if anything did.
    pub fn error(&self) -> Option<&DeviceError> {
        self.error.as_ref()
    }

    /// Free memory and all memory in bytes.
    pub fn memory(&self) -> (u64, u64) {
        (self.machine.global.available(), self.machine.global.capacity())
    }

    /// Takes memory that may be used at once; `None` if there is no room.
    pub fn allocate(&mut self, length: u64) -> Option<u64> {
        let address = self.machine.global.reserve(length)?;
        self.machine.global.enliven(address);
        Some(address)
    }

    /// Takes memory that may be used after what `stream` has to do now.
    pub fn allocate_in(&mut self, stream: u64, length: u64) -> Option<u64> {
        let address = self.machine.global.reserve(length)?;
        self.push(stream, Command::Enliven { address });
        Some(address)
    }

    /// Whether memory that is taken begins at `address`.
    pub fn is_allocated(&self, address: u64) -> bool {
        self.machine.global.begins(address)
    }

    /// Gives memory back after what `stream` has to do now.
    pub fn free(&mut self, stream: u64, address: u64) {
        self.push(stream, Command::Free { address });
    }

    /// Copies from the host.
    pub fn write(&mut self, stream: u64, to: u64, source: Source) {
        self.push(stream, Command::Write { to, source });
    }

    /// Copies to the host.
    pub fn read(&mut self, stream: u64, from: u64, length: usize, sink: Sink) {
        self.push(stream, Command::Read { from, length, sink });
    }

    /// Copies inside the device.
    pub fn copy(&mut self, stream: u64, to: u64, from: u64, length: usize) {
        self.push(stream, Command::Copy { to, from, length });
    }

    /// Writes `pattern` `count` times.
    pub fn fill(&mut self, stream: u64, to: u64, pattern: &[u8], count: usize) {
        self.push(stream, Command::Fill { to, pattern: pattern.to_vec(), count });
    }

    /// Launches a kernel with the bytes of its parameters.
    pub fn launch(
        &mut self,
        stream: u64,
        function: &Function,
        (grid, block): ([u32; 3], [u32; 3]),
        dynamic_shared: usize,
        parameters: Vec<u8>,
    ) -> Result<(), LaunchError> {
        let kernel = &function.0;
        let threads = block.iter().fold(1u32, |product, n| product.saturating_mul(*n));
        let possible = threads > 0 && threads <= THREADS_PER_BLOCK && grid.iter().zip(GRID).all(|(n, most)| (1..=most).contains(n));
        if !possible {
            return Err(LaunchError::Shape { grid, block });
        }
        if threads > kernel.max_threads {
            return Err(LaunchError::TooManyThreads { threads, most: kernel.max_threads });
        }
        let bytes = kernel.shared + dynamic_shared;
        if bytes > SHARED_PER_BLOCK {
            return Err(LaunchError::SharedMemory { bytes, most: SHARED_PER_BLOCK });
        }
        if parameters.len() != kernel.parameter_bytes() {
            return Err(LaunchError::Parameters { given: parameters.len(), expected: kernel.parameter_bytes() });
        }
        self.push(stream, Command::Launch(Launch { kernel: kernel.clone(), grid, block, dynamic_shared, parameters }));
        Ok(())
    }

    /// Puts a command into a stream, and lets the device do some of what it has to do, or nothing.
    fn push(&mut self, stream: u64, command: Command) {
        self.streams.push(stream, command);
        while self.error.is_none() && !self.streams.all_idle() && self.machine.random.below(3) == 0 {
            self.do_next();
        }
    }

    /// Does something, if there is something to do: a program that asks again and again comes to an end.
    pub(crate) fn advance(&mut self) {
        if self.error.is_none() {
            self.do_next();
        }
    }

    /// Works until `done`.
    fn work_until(&mut self, done: impl Fn(&Streams) -> bool) -> Result<(), DeviceError> {
        self.machine.counters.synchronisations += 1;
        while self.error.is_none() && !done(&self.streams) {
            self.do_next();
        }
        self.error.clone().map_or(Ok(()), Err)
    }

    /// Waits for a stream.
    pub fn synchronise(&mut self, stream: u64) -> Result<(), DeviceError> {
        self.work_until(|streams| streams.is_idle(stream))
    }

    /// Waits for all streams.
    pub fn synchronise_all(&mut self) -> Result<(), DeviceError> {
        self.work_until(Streams::all_idle)
    }

    /// Waits until an event is reached.
    pub fn synchronise_event(&mut self, event: u64) -> Result<(), DeviceError> {
        self.work_until(|streams| streams.is_reached(event))
    }

    /// When an event was reached, on the host's clock.
    pub fn event_time(&self, event: u64) -> Option<Instant> {
        self.streams.time(event)
    }

    /// Whether a stream has something to do.
    pub fn is_busy(&self, stream: u64) -> bool {
        !self.streams.is_idle(stream)
    }

    fn do_next(&mut self) {
        if let Some(command) = self.streams.next(&mut self.machine.random)
            && let Err(error) = self.execute(command)
        {
            self.error = Some(error);
        }
    }

    fn execute(&mut self, command: Command) -> Result<(), DeviceError> {
        let Machine { global, counters, .. } = &mut self.machine;
        match command {
            Command::Launch(launch) => {
                let before = std::mem::take(counters);
                let outcome = self.machine.run(&launch);
                let own = std::mem::replace(&mut self.machine.counters, before);
                self.machine.counters += own;
                *self.by_kernel.entry(launch.kernel.name.clone()).or_default() += own;
                outcome?;
            }
            Command::Write { to, source } => {
                let bytes = source();
                counters.bytes_to_device += bytes.len() as u64;
                global.write(to, &bytes)?;
            }
            Command::Read { from, length, sink } => {
                counters.bytes_to_host += length as u64;
                sink(&global.read(from, length)?);
            }
            Command::Copy { to, from, length } => {
                counters.bytes_inside += length as u64;
                global.copy(to, from, length)?;
            }
            Command::Fill { to, pattern, count } => {
                counters.bytes_inside += (pattern.len() * count) as u64;
                // Some at a time: a large fill need not exist a second time.
                let piece = pattern.repeat(FILL.min(count));
                let length = pattern.len() * count;
                for done in (0..length).step_by(piece.len().max(1)) {
                    global.write(to + done as u64, &piece[..piece.len().min(length - done)])?;
                }
            }
            Command::Enliven { address } => global.enliven(address),
            Command::Free { address } => global.free(address)?,
        }
        Ok(())
    }

    /// Reads bytes at once, in the default stream.
    pub fn fetch(&mut self, from: u64, length: usize) -> Result<Vec<u8>, DeviceError> {
        let (sender, receiver) = std::sync::mpsc::channel();
        // The receiver outlives the work below.
        self.read(DEFAULT_STREAM, from, length, Box::new(move |bytes| _ = sender.send(bytes.to_vec())));
        self.synchronise(DEFAULT_STREAM)?;
        Ok(receiver.recv().unwrap_or_default())
    }
}
