//! Foreign code that panics: contained, so that no table is left half done and no `Drop` panics.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs foreign code; `Err` is the message of its panic.
pub(crate) fn shield<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(panic_message)
}

/// Drops a value whose `Drop` is foreign code.
pub(crate) fn shielded_drop<T>(value: T) {
    // The panic hook has told of it; there is nobody else to tell.
    let _ = shield(|| drop(value));
}

/// What a panic said.
pub(crate) fn panic_message(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => match payload.downcast::<&str>() {
            Ok(message) => (*message).to_owned(),
            Err(payload) => {
                // Its `Drop` may panic in turn.
                mem::forget(payload);
                String::from("(a panic without a message)")
            }
        },
    }
}
