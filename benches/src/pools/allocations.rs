//! Allocations, counted by the global allocator: those of this thread.

/// What a piece of code allocated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Allocations {
    /// How often.
    pub(crate) count: u64,
    /// Bytes that are there now, and were not before.
    pub(crate) kept: i64,
}

/// What `work` allocates on this thread; `None` without the feature `count-allocations`.
#[cfg(feature = "count-allocations")]
#[expect(clippy::unnecessary_wraps, reason = "there is another one without the feature")]
pub(crate) fn count(work: impl FnOnce()) -> Option<Allocations> {
    let info = allocation_counter::measure(work);
    Some(Allocations { count: info.count_total, kept: info.bytes_current })
}

#[cfg(not(feature = "count-allocations"))]
pub(crate) fn count(work: impl FnOnce()) -> Option<Allocations> {
    work();
    None
}
