//! Runs small kernels, written as a few lines of PTX.
#![allow(dead_code)] // each test program uses a part

use host_driver::{Counters, DEFAULT_STREAM, Device, DeviceError, Fault, Function, ParseError, load};

/// Registers that every small kernel has.
const REGISTERS: &str = "
    .reg .pred %q<10>;
    .reg .b16 %h<10>;
    .reg .b32 %r<40>;
    .reg .f32 %f<10>;
    .reg .b64 %x<40>;
";

/// A module with one kernel `k` of two pointers, in `%x0` (which is read) and `%x1` (which is written).
/// `%r0` is the index of the thread in its block, `%x2` and `%x3` point to its eight bytes in each.
pub(crate) fn module(body: &str) -> String {
    format!(
        ".version 7.0
.target sm_80
.address_size 64
.visible .entry k(.param .u64 input, .param .u64 output) {{
    {REGISTERS}
    ld.param.u64 %x0, [input];
    ld.param.u64 %x1, [output];
    mov.u32 %r0, %tid.x;
    mad.wide.u32 %x2, %r0, 8, %x0;
    mad.wide.u32 %x3, %r0, 8, %x1;
{body}
    ret;
}}
"
    )
}

/// The only kernel of a small module.
pub(crate) fn kernel(body: &str) -> Result<Function, ParseError> {
    Ok(load(&module(body))?.remove(0))
}

/// How a small kernel is run.
pub(crate) struct Run<'a> {
    pub(crate) body: &'a str,
    pub(crate) blocks: u32,
    pub(crate) threads: u32,
    pub(crate) input: &'a [u64],
    /// Values of the output, which is zero at first unless `poison`.
    pub(crate) output: usize,
    pub(crate) poison: bool,
    pub(crate) seed: u64,
}

impl<'a> Run<'a> {
    pub(crate) fn new(body: &'a str) -> Self {
        Run { body, blocks: 1, threads: 1, input: &[0], output: 1, poison: false, seed: 1 }
    }

    /// Output and costs of a kernel that has to work.
    pub(crate) fn done(self) -> (Vec<u64>, Counters) {
        let mut device = Device::new(self.seed);
        let kernel = kernel(self.body).unwrap_or_else(|error| panic!("{error}"));
        let bytes: Vec<u8> = self.input.iter().flat_map(|x| x.to_le_bytes()).collect();
        let input = device.allocate(bytes.len() as u64).unwrap();
        let output = device.allocate(8 * self.output as u64).unwrap();
        device.write(DEFAULT_STREAM, input, Box::new(move || bytes));
        if !self.poison {
            device.fill(DEFAULT_STREAM, output, &[0], 8 * self.output);
        }
        let parameters = [input, output].iter().flat_map(|p| p.to_le_bytes()).collect();
        device.launch(DEFAULT_STREAM, &kernel, ([self.blocks, 1, 1], [self.threads, 1, 1]), 0, parameters).unwrap();
        let bytes = device.fetch(output, 8 * self.output).unwrap_or_else(|error| panic!("{error}"));
        let values = bytes.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        (values, device.counters())
    }

    pub(crate) fn values(self) -> Vec<u64> {
        self.done().0
    }

    /// The fault of a kernel that has to fail at the line with `// here`.
    pub(crate) fn fault(self) -> Fault {
        let text = module(self.body);
        let here = 1 + text.lines().position(|line| line.contains("// here")).expect("the body marks a line") as u32;
        let mut device = Device::new(self.seed);
        let kernel = kernel(self.body).unwrap_or_else(|error| panic!("{error}"));
        let input = device.allocate(8 * self.input.len() as u64).unwrap();
        let output = device.allocate(8 * self.output as u64).unwrap();
        device.fill(DEFAULT_STREAM, input, &[0], 8 * self.input.len());
        if !self.poison {
            device.fill(DEFAULT_STREAM, output, &[0], 8 * self.output);
        }
        let parameters = [input, output].iter().flat_map(|p| p.to_le_bytes()).collect();
        device.launch(DEFAULT_STREAM, &kernel, ([self.blocks, 1, 1], [self.threads, 1, 1]), 0, parameters).unwrap();
        match device.synchronise_all() {
            Err(DeviceError::Kernel(fault)) => {
                assert_eq!(fault.line, here, "{fault}");
                fault
            }
            other => panic!("{other:?} where a fault was expected"),
        }
    }
}
