#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| snn_fuzz::other(snn::data::Picture::decode, bytes));
