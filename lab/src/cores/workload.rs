//! What the tasks want: scaled so that each core has the same to do, whatever their number.

/// A kind of load.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Workload {
    /// More connections than tasks, all of one key.
    IdleOneKey,
    /// More connections than tasks, of many keys.
    IdleManyKeys,
    /// Eight tasks for each connection, all of one key.
    ScarceOneKey,
    /// Eight tasks for each connection, of many keys.
    ScarceManyKeys,
}

/// Its numbers on a machine of so many cores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// All of them have a home core.
    pub tasks: u32,
    /// Each cycle is for any of them.
    pub keys: u32,
    /// The pool's limits, in all and for each key.
    pub max_connections: u32,
    /// Together they are never more than `max_connections`: in none of the workloads does a key take another's room.
    pub max_connections_per_key: u32,
}

impl Workload {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::IdleOneKey, Self::IdleManyKeys, Self::ScarceOneKey, Self::ScarceManyKeys];

    /// What it is called where there is little room.
    pub fn name(self) -> &'static str {
        match self {
            Self::IdleOneKey => "uncontended, one key",
            Self::IdleManyKeys => "uncontended, many keys",
            Self::ScarceOneKey => "scarce, one key",
            Self::ScarceManyKeys => "scarce, many keys",
        }
    }

    /// Its numbers in words, for each core.
    pub fn words(self) -> &'static str {
        match self {
            Self::IdleOneKey => "4 tasks and 8 connections a core",
            Self::IdleManyKeys => "4 tasks and 4 keys a core, 8 connections a key",
            Self::ScarceOneKey => "32 tasks and 4 connections a core",
            Self::ScarceManyKeys => "32 tasks and 2 keys a core, 2 connections a key",
        }
    }

    /// Its numbers on so many cores.
    pub fn on(self, cores: u32) -> Scale {
        let (tasks, keys, per_key) = match self {
            Self::IdleOneKey => (4, 0, 8 * cores),
            Self::IdleManyKeys => (4, 4, 8),
            Self::ScarceOneKey => (32, 0, 4 * cores),
            Self::ScarceManyKeys => (32, 2, 2),
        };
        let keys = (keys * cores).max(1);
        Scale {
            tasks: tasks * cores,
            keys,
            max_connections: keys * per_key,
            max_connections_per_key: per_key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Scale, Workload};

    #[test]
    fn scarcity_is_eight_tasks_for_a_connection_on_any_machine() {
        for workload in [Workload::ScarceOneKey, Workload::ScarceManyKeys] {
            for cores in [1, 2, 64] {
                let Scale { tasks, max_connections, .. } = workload.on(cores);
                assert_eq!(tasks, 8 * max_connections, "{workload:?}");
            }
        }
        assert_eq!(Workload::ScarceOneKey.on(2).tasks, 64);
    }
}
