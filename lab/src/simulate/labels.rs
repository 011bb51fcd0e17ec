//! Enumerations whose values are counted, each with the words that the summary has for it.

/// Declares an enumeration with `ALL`, and a label for each value.
macro_rules! labelled {
    ($(#[$type_doc:meta])* pub enum $name:ident { $($(#[$doc:meta])* $value:ident = $label:literal,)* }) => {
        $(#[$type_doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name {
            $($(#[$doc])* #[doc = $label] $value,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($label),*].len()] = [$(Self::$value),*];

            /// What the summary calls it.
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$value => $label,)*
                }
            }
        }
    };
}

pub(crate) use labelled;
