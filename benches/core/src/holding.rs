//! What the core keeps in memory.

use std::any::Any;

use latebind::Config;

use crate::world::World;

/// One of the many that are held, and weighed together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holding {
    /// A parked connection of a key that has them all.
    ParkedConnection,
    /// A parked connection, and its key, a `u64`, which has no other.
    ParkedConnectionAndKey,
    /// A waiter of a key that has them all.
    Waiter,
}

impl Holding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ParkedConnection, Self::ParkedConnectionAndKey, Self::Waiter];

    /// How many are held to weigh one: tables that double have room for 131,072 then.
    pub const COUNT: u32 = 100_000;

    /// As it stands in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::ParkedConnection => "parked-connection",
            Self::ParkedConnectionAndKey => "parked-connection-and-key",
            Self::Waiter => "waiter",
        }
    }

    /// The most bytes that core and driver together shall take for it, the connection itself aside.
    pub fn goal(self) -> Option<u64> {
        match self {
            Self::ParkedConnection => Some(64),
            Self::ParkedConnectionAndKey => None,
            Self::Waiter => Some(96),
        }
    }

    /// A pool that holds [`COUNT`](Self::COUNT) of them.
    pub fn hold(self) -> Box<dyn Any> {
        let config = Config::default().max_connections(None).max_connections_per_key(None);
        match self {
            Self::ParkedConnection => {
                Box::new(World::<()>::empty(config, Self::COUNT).with_parked().into_pool())
            }
            Self::ParkedConnectionAndKey => {
                Box::new(World::<u64>::empty(config, Self::COUNT).with_parked().into_pool())
            }
            Self::Waiter => {
                let config = config.max_connections_per_key(1);
                Box::new(World::<u64>::empty(config, Self::COUNT).with_waiters().into_pool())
            }
        }
    }
}
