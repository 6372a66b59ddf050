#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| connectome_fuzz::format("region census", bytes));
