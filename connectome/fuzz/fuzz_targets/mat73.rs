#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| connectome_fuzz::format("MAT 7.3 or other HDF5", bytes));
