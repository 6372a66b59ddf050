#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| snn_fuzz::other(|path, bytes| snn::nir::parse(path, bytes.to_vec(), 2), bytes));
