//! What a script can say of checks, floors, limits of a key, generations and pauses.

use std::num::NonZeroU32;

use latebind::{Event, Newcomers, Waiters};

use super::{Key, Rig, Told};

impl Rig {
    /// The check has passed.
    #[track_caller]
    pub fn alive(&mut self, name: &str) -> Told<'_> {
        let conn = self.conn(name);
        self.tell(Event::CheckDone { conn, alive: true })
    }

    /// The check has failed.
    #[track_caller]
    pub fn dead(&mut self, name: &str) -> Told<'_> {
        let conn = self.conn(name);
        self.tell(Event::CheckDone { conn, alive: false })
    }

    /// So many connections are opened ahead of requests.
    #[track_caller]
    pub fn preconnect(&mut self, key: Key, count: u32) -> Told<'_> {
        self.tell(Event::Preconnect { key: &key, count })
    }

    /// The key gets a floor.
    #[track_caller]
    pub fn keep(&mut self, key: Key, min_idle: u32) -> Told<'_> {
        self.tell(Event::Keep { key: &key, min_idle })
    }

    /// The dials of the key get a limit of their own, or lose it: `None`.
    ///
    /// # Panics
    ///
    /// If the limit is 0, which cannot be told.
    #[track_caller]
    pub fn limit_dials(&mut self, key: Key, max_dials: impl Into<Option<u32>>) -> Told<'_> {
        let max_dials = max_dials.into().map(|limit| NonZeroU32::new(limit).expect("a limit is not 0"));
        self.tell(Event::LimitDials { key: &key, max_dials })
    }

    /// A new generation of one key; waiters are kept, leases go on.
    #[track_caller]
    pub fn clear(&mut self, key: Key) -> Told<'_> {
        self.tell(Event::Clear { key: Some(&key), waiters: Waiters::Keep, interrupt: false })
    }

    /// The same, and waiters fail.
    #[track_caller]
    pub fn clear_failing(&mut self, key: Key) -> Told<'_> {
        self.tell(Event::Clear { key: Some(&key), waiters: Waiters::Fail, interrupt: false })
    }

    /// The same, and leases are interrupted; waiters are kept.
    #[track_caller]
    pub fn interrupt(&mut self, key: Key) -> Told<'_> {
        self.tell(Event::Clear { key: Some(&key), waiters: Waiters::Keep, interrupt: true })
    }

    /// A new generation of all keys.
    #[track_caller]
    pub fn clear_all(&mut self, waiters: Waiters, interrupt: bool) -> Told<'_> {
        self.tell(Event::Clear { key: None, waiters, interrupt })
    }

    /// A pause during which newcomers wait.
    #[track_caller]
    pub fn pause(&mut self) -> Told<'_> {
        self.tell(Event::Pause { newcomers: Newcomers::Hold })
    }

    /// A pause during which newcomers are refused.
    #[track_caller]
    pub fn pause_refusing(&mut self) -> Told<'_> {
        self.tell(Event::Pause { newcomers: Newcomers::Refuse })
    }

    /// The pause ends.
    #[track_caller]
    pub fn resume(&mut self) -> Told<'_> {
        self.tell(Event::Resume)
    }

    /// A request that starts a dial, perhaps beside a check; tells the dial.
    #[track_caller]
    pub fn request_dial(&mut self, name: &str, key: Key) -> String {
        let asked = self.request(name, key).got;
        let dial = asked.iter().find_map(|words| words.strip_prefix("dial ")).map(ToOwned::to_owned);
        dial.unwrap_or_else(|| self.fail(&format!("{name} started no dial")))
    }

    /// Parks a connection that never was on lease.
    #[track_caller]
    pub fn park_fresh(&mut self, key: Key) -> String {
        let conn = self.request_dial("opener", key);
        self.cancel("opener").gives_nothing();
        self.dialed(&conn).gives(&format!("park {conn}"));
        conn
    }
}
