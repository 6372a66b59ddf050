//! Short slices of processor time, for threads that meet thousands of times a second.
//!
//! Where someone else uses the same processors, a thread that wakes up waits until the other's slice is over, some
//! milliseconds, and its fellows wait with it at the next barrier: a run beside two busy neighbours took nine times as long as
//! one beside none. Linux (6.12 and later) lets a thread ask for short slices instead. It gets no more time by that, but gets
//! it sooner, and the same run takes twice as long, which is what sharing costs. Earlier kernels ignore the wish.

/// 0.1 ms, the shortest that may be asked for.
const SLICE: u64 = 100_000;

/// Asks for short slices for the thread that calls this. Only a wish: nothing depends on whether it is granted.
pub fn ask_for_short_slices() {
    #[cfg(target_os = "linux")]
    linux::set_slice(SLICE);
}

#[cfg(target_os = "linux")]
mod linux {
    use libc::{SYS_sched_getattr, SYS_sched_setattr, c_uint, syscall};

    /// What the system calls take, in its first version.
    #[repr(C)]
    #[derive(Default)]
    pub(super) struct Attributes {
        size: u32,
        policy: u32,
        flags: u64,
        nice: i32,
        priority: u32,
        /// Length of a slice in ns; 0 for the system's own.
        pub(super) runtime: u64,
        deadline: u64,
        period: u64,
    }

    const SIZE: c_uint = size_of::<Attributes>() as c_uint;

    /// Those of the thread that calls this, if its policy is the usual one.
    pub(super) fn attributes() -> Option<Attributes> {
        let mut attributes = Attributes::default();
        // SAFETY: the call fills at most `SIZE` bytes of what the pointer points at; 0 is the calling thread.
        let end = unsafe { syscall(SYS_sched_getattr, 0, &raw mut attributes, SIZE, 0 as c_uint) };
        (end == 0 && attributes.policy == libc::SCHED_OTHER as u32).then_some(attributes)
    }

    pub(super) fn set_slice(nanoseconds: u64) {
        let Some(mut attributes) = attributes() else { return };
        attributes.size = SIZE;
        attributes.runtime = nanoseconds;
        // SAFETY: the call reads `SIZE` bytes of what the pointer points at, and keeps the thread's policy and niceness.
        unsafe { syscall(SYS_sched_setattr, 0, &raw const attributes, 0 as c_uint) };
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_wish_does_not_change_how_nice_a_thread_is() {
        std::thread::spawn(|| {
            // SAFETY: changes the priority of this thread only.
            let nice = unsafe { libc::nice(3) };
            ask_for_short_slices();
            // SAFETY: changes nothing.
            assert_eq!(unsafe { libc::nice(0) }, nice);
            // Kernels that know of slices tell what was asked for, others tell nothing.
            assert!(linux::attributes().is_some_and(|a| a.runtime == SLICE || a.runtime == 0));
        })
        .join()
        .unwrap();
    }
}
