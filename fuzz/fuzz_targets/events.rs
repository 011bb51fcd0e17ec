#![no_main]
//! See `latebind_fuzz::events`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| latebind_fuzz::events(bytes));
