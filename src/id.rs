//! The names that the core gives to connections and requests.

use core::fmt;
use core::num::NonZeroU32;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $letter:literal) => {
        $(#[$doc])*
        ///
        /// Indices are dense and used again, so a table of the caller's can be a plain vector; the
        /// generation tells apart those that shared an index. Both are told by the core and mean nothing
        /// outside the pool that issued them. (An index that was used four billion times starts its
        /// generations over: an id that old would be taken for the new one.)
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            pub(crate) index: u32,
            pub(crate) generation: NonZeroU32,
        }

        impl $name {
            /// The place in a dense table: less than the greatest number that ever lived at once.
            pub fn index(self) -> usize {
                self.index as usize
            }

            /// Tells apart those that had the same [`index`](Self::index), one after the other.
            pub fn generation(self) -> u32 {
                self.generation.get()
            }

            /// An id from its two parts, for runs that were written down; `None` if `generation` is 0.
            ///
            /// An id that no pool issued is refused by [`Pool::handle`](crate::Pool::handle) with
            /// [`Misuse`](crate::Misuse).
            pub fn from_parts(index: u32, generation: u32) -> Option<Self> {
                Some(Self { index, generation: NonZeroU32::new(generation)? })
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}.{}"), self.index, self.generation)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    };
}

id! {
    /// One transport, from its [`StartDial`](crate::Action::StartDial) until it is gone; a dial in
    /// progress is a connection, too.
    ConnId, "c"
}

id! {
    /// One wish for a connection, issued with the answer to [`Event::Request`](crate::Event::Request).
    RequestId, "r"
}
