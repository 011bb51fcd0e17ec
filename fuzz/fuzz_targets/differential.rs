#![no_main]
//! See `latebind_fuzz::differential`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| latebind_fuzz::differential(bytes));
