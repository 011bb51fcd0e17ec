#![no_main]
//! See `latebind_fuzz::config`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| latebind_fuzz::config(bytes));
