#![no_main]
//! See `latebind_fuzz::replay`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| latebind_fuzz::replay(bytes));
