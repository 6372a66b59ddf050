//! A device: found, opened, with the kernels that are shipped.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::sys::CUdevice_attribute;
use cudarc::driver::{CudaContext, CudaFunction, CudaModule, CudaStream};
use cudarc::nvrtc::Ptx;

use super::error::{Error, doing};
use super::specialised::{self, Known};

/// Compute capability that the shipped kernels are made for.
const OLDEST: (i32, i32) = (7, 5);

/// PTX of all units, by name: (name, text), sorted.
const UNITS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/units.rs"));

/// Modules by unit and by what was known.
type Compiled = BTreeMap<(String, Known), Option<Arc<CudaModule>>>;

/// An NVIDIA device, with one stream of work.
#[derive(Clone)]
pub struct Device {
    pub(super) context: Arc<CudaContext>,
    pub(super) stream: Arc<CudaStream>,
    modules: Arc<Mutex<BTreeMap<&'static str, Arc<CudaModule>>>>,
    /// Those that were compiled for a run, `None` where that cannot be had.
    compiled: Arc<Mutex<Compiled>>,
}

impl Device {
    /// Opens device `number`, counted from 0.
    pub fn open(number: usize) -> Result<Device, Error> {
        let found = Device::count()?;
        if number >= found {
            return Err(Error::NoDevice { found, asked: number });
        }
        let context = CudaContext::new(number).map_err(doing("opening the device"))?;
        let capability = context.compute_capability().map_err(doing("asking for the compute capability"))?;
        if capability < OLDEST {
            let name = context.name().map_err(doing("asking for the name"))?;
            return Err(Error::OldDevice { name, found: capability, needed: OLDEST });
        }
        // SAFETY: all memory is taken, used and given back in the one stream that is made here.
        unsafe { context.disable_event_tracking() };
        let stream = context.new_stream().map_err(doing("making a stream"))?;
        Ok(Device { context, stream, modules: Arc::default(), compiled: Arc::default() })
    }

    /// How many devices there are.
    pub fn count() -> Result<usize, Error> {
        // SAFETY: loading a driver runs only its own initialisation, as any program that uses it does.
        if !unsafe { cudarc::driver::sys::is_culib_present() } {
            return Err(Error::NoDriver { looked_for: looked_for() });
        }
        cudarc::driver::result::init().map_err(doing("starting the CUDA driver"))?;
        let n = CudaContext::device_count().map_err(doing("counting devices"))?;
        Ok(usize::try_from(n).unwrap_or(0))
    }

    /// What it is called.
    pub fn name(&self) -> String {
        self.context.name().unwrap_or_else(|_| "the device".into())
    }

    /// Its number among the devices that the driver offers, from 0.
    pub fn number(&self) -> usize {
        self.context.ordinal()
    }

    /// How many multiprocessors it has.
    pub(super) fn multiprocessors(&self) -> Result<u32, Error> {
        let n = self.context.attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
        n.map(|n| n.max(1) as u32).map_err(doing("counting multiprocessors"))
    }

    /// Bytes of its memory that are free.
    pub fn free_bytes(&self) -> Result<u64, Error> {
        self.context.mem_get_info().map(|(free, _)| free as u64).map_err(doing("asking for free memory"))
    }

    /// Refuses what needs more memory than is free.
    pub fn fits(&self, needed: u64) -> Result<(), Error> {
        let free = self.free_bytes()?;
        if needed > free { Err(Error::Memory { name: self.name(), needed, free }) } else { Ok(()) }
    }

    /// Takes `text` in the place of the shipped unit of this name, before any kernel of it is asked for: for tests that make mistakes on purpose.
    pub fn replace(&self, unit: &str, text: &str) -> Result<(), Error> {
        let place = UNITS.binary_search_by_key(&unit, |u| u.0).map_err(|_| Error::NoKernel { unit: unit.into() })?;
        let module = self.context.load_module(Ptx::from_src(text)).map_err(doing("loading kernels"))?;
        self.modules.lock().unwrap_or_else(PoisonError::into_inner).insert(UNITS[place].0, module);
        Ok(())
    }

    /// Kernel `name` of a unit for a run of which this is known: compiled for it where that can be had, else the shipped one.
    pub(super) fn kernel_for(&self, unit: &str, name: &str, known: &Known) -> Result<CudaFunction, Error> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || specialised::compile(unit, known).and_then(|ptx| self.context.load_module(ptx).ok());
        let module = compiled.entry((unit.to_string(), known.clone())).or_insert_with(make);
        match module.as_ref().and_then(|module| module.load_function(name).ok()) {
            Some(kernel) => Ok(kernel),
            None => self.kernel(unit, name),
        }
    }

    /// Kernel `name` of a shipped unit; its module is loaded once.
    pub(super) fn kernel(&self, unit: &str, name: &str) -> Result<CudaFunction, Error> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let place = UNITS.binary_search_by_key(&unit, |u| u.0).map_err(|_| Error::NoKernel { unit: unit.into() })?;
        let (unit, text) = UNITS[place];
        let module = match modules.entry(unit) {
            Entry::Occupied(module) => module.into_mut(),
            Entry::Vacant(room) => room.insert(self.context.load_module(Ptx::from_src(text)).map_err(doing("loading kernels"))?),
        };
        module.load_function(name).map_err(doing("looking up a kernel"))
    }
}

/// Names under which a driver is looked for.
fn looked_for() -> Vec<String> {
    let names = ["cuda", "nvcuda"].iter().flat_map(|name| cudarc::get_lib_name_candidates(name));
    // The driver's own name; others are those of very old or other systems.
    let mut names: Vec<String> = names.filter(|name| !name.contains("64")).collect();
    names.sort();
    names.dedup();
    names
}
