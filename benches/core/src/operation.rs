//! The operations, and in which world each of them happens.

use std::hash::Hash;
use std::time::Duration;

use latebind::Config;

use crate::world::{Name, World};

/// How often an operation is done before anything is counted, so that buffers have their size.
const WARM_UP: u32 = 100;

/// What is counted, in a world of so many *others* of each: `size` keys, each with a parked connection, and `size`
/// waiters of one more key whose only connection is on lease. Where a world differs, it is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// A request served from idle, and its connection given back: `Request`, `ConnIdle`.
    IdleHit,
    /// The same in a pool of one key, `()`, with `size` parked connections and no waiters.
    IdleHitOfOneKey,
    /// The same with text for keys.
    IdleHitOfTextKeys,
    /// The same with limits for everything, timeouts, checks of health, and a jittered lifetime.
    IdleHitWithEverySetting,
    /// A new key's connection from its first to its last event: `Request`, `DialDone`, `ConnIdle`, `ConnClosed`.
    DialCycle,
    /// A connection given back to the first waiter, and one more request that waits: `ConnIdle`, `Request`.
    HandOver,
    /// A request that waits last of all, and the one that waits first cancelled: `Request`, `Cancel`.
    Cancel,
    /// A parked connection times out and is gone: `Tick`, `ConnClosed`.
    IdleExpiry,
    /// At the total limit, a request of a key without a connection evicts another key's; the dial, the delivery, the
    /// return: `Request`, `ConnClosed`, `DialDone`, `ConnIdle`.
    StallAndRoom,
    /// A key with a parked connection is cleared, and the connection gone: `Clear`, `ConnClosed`.
    Clear,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::IdleHit,
        Self::IdleHitOfOneKey,
        Self::IdleHitOfTextKeys,
        Self::IdleHitWithEverySetting,
        Self::DialCycle,
        Self::HandOver,
        Self::Cancel,
        Self::IdleExpiry,
        Self::StallAndRoom,
        Self::Clear,
    ];

    /// As it stands in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::IdleHit => "idle-hit",
            Self::IdleHitOfOneKey => "idle-hit-one-key",
            Self::IdleHitOfTextKeys => "idle-hit-text-keys",
            Self::IdleHitWithEverySetting => "idle-hit-every-setting",
            Self::DialCycle => "dial-cycle",
            Self::HandOver => "hand-over",
            Self::Cancel => "cancel",
            Self::IdleExpiry => "idle-expiry",
            Self::StallAndRoom => "stall-and-room",
            Self::Clear => "clear",
        }
    }

    /// The most instructions that it shall take in any size, where such a goal was set.
    pub fn goal(self) -> Option<u64> {
        (self == Self::IdleHit).then_some(200)
    }

    /// Builds the world, and gives what does the operation once, warmed up.
    pub fn prepare(self, size: u32) -> Box<dyn FnMut()> {
        let full = Config::default().max_connections(size + 1).max_connections_per_key(1);
        match self {
            Self::IdleHit => warm(crowded::<u64>(full, size), World::hit_idle),
            Self::IdleHitOfOneKey => {
                let config = Config::default().max_connections(None).max_connections_per_key(None);
                warm(World::<()>::empty(config, size).with_parked(), World::hit_idle)
            }
            Self::IdleHitOfTextKeys => warm(crowded::<String>(full, size), World::hit_idle),
            Self::IdleHitWithEverySetting => {
                warm(crowded::<u64>(every_setting(full, size), size), World::hit_idle)
            }
            Self::DialCycle => {
                warm(crowded::<u64>(full.max_connections(size + 2), size), World::dial_and_lose)
            }
            Self::HandOver => warm(crowded::<u64>(full, size), World::hand_over),
            Self::Cancel => warm(crowded::<u64>(full, size), World::cancel),
            Self::IdleExpiry => {
                // Longer than it takes to build the largest world, so short that no waiter times out meanwhile.
                let config = full.idle_timeout(Duration::from_millis(20));
                warm(crowded::<u64>(config, size), World::expire)
            }
            Self::StallAndRoom => warm(crowded::<u64>(full, size), World::stall),
            Self::Clear => warm(crowded::<u64>(full, size), World::clear),
        }
    }
}

fn crowded<K: Name + Clone + Eq + Hash>(config: Config, size: u32) -> World<K> {
    World::empty(config, size).with_parked().with_waiters()
}

/// What a cautious service sets: each limit and each duration that an idle hit may have to look at.
fn every_setting(config: Config, size: u32) -> Config {
    config
        .max_dials(64)
        .max_dials_per_key(8)
        .max_idle(size)
        .max_idle_per_key(8)
        .max_waiters(size + 1)
        .max_waiters_per_key(size + 1)
        .check_after_idle(Duration::from_secs(1))
        .backup_dial_after(Duration::from_millis(250))
        .lease_warn_after(Duration::from_secs(60))
        .unused_idle_timeout(Duration::from_secs(10))
        .max_lifetime(Duration::from_secs(30 * 60))
        .lifetime_jitter(Duration::from_secs(3 * 60))
        .max_uses(1_000_000)
}

fn warm<K: Name + Clone + Eq + Hash + 'static>(
    mut world: World<K>,
    operation: fn(&mut World<K>),
) -> Box<dyn FnMut()> {
    let population = world.population();
    for _ in 0..WARM_UP {
        operation(&mut world);
    }
    assert_eq!(world.population(), population, "an operation leaves the world as it was");
    Box::new(move || operation(&mut world))
}
