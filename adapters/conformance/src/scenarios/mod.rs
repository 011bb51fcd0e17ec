//! The scenarios: what every adapter does, by theme.

use futures_util::future::LocalBoxFuture;

use crate::Platform;
use crate::world::World;

/// Something that happens in a pool, and what must come of it.
pub(crate) struct Scenario<P> {
    pub(crate) theme: &'static str,
    /// The sentence that it proves.
    pub(crate) name: &'static str,
    pub(crate) play: for<'w> fn(&'w mut World<P>) -> LocalBoxFuture<'w, ()>,
}

/// The list of a theme's scenarios: functions of this module, named as sentences.
macro_rules! scenarios {
    ($($name:ident,)*) => {
        pub(crate) fn all<P: $crate::Platform>() -> Vec<$crate::scenarios::Scenario<P>> {
            let theme = module_path!().rsplit("::").next().unwrap_or_default();
            vec![$($crate::scenarios::Scenario {
                theme,
                name: stringify!($name),
                play: |world| Box::pin($name(world)),
            }),*]
        }
    };
}

/// Declares the themes, and the list of all scenarios.
macro_rules! themes {
    ($($theme:ident,)*) => {
        $(mod $theme;)*

        /// All of them, in the order of the readme's table.
        pub(crate) fn all<P: Platform>() -> Vec<Scenario<P>> {
            let mut scenarios = Vec::new();
            $(scenarios.extend($theme::all::<P>());)*
            scenarios
        }
    };
}

themes! {
    serving,
    late_binding,
    limits,
    cancellation,
    timeouts,
    dials,
    checks,
    recycling,
    expiry,
    peers,
    clearing,
    pauses,
    changes,
    shutdown,
    ends,
    panics,
    sharing,
    floors,
    observers,
    crowds,
    quiet,
    sockets,
}
