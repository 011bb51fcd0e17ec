//! Dials: how they start and end, and whom a failure concerns (R4, R5, R7).

use core::time::Duration;

use latebind::{
    Action, Binding, CloseReason, ConnId, DialError, DialFailure, Opened, RequestError, RequestId, Source,
    Time,
};

use super::Model;
use super::conn::{Conn, Phase, Purpose, Stop};
use super::serving::note;
use super::state::Backoff;

impl<K: Clone + Eq> Model<K> {
    pub(super) fn start_dial(&mut self, key: &K, purpose: Purpose, owner: Option<RequestId>) {
        let id = self.next_id(key);
        note(&mut self.newest_conns, id, ConnId::index);
        let started = self.moment();
        self.conns.push(Conn {
            id,
            key: key.clone(),
            phase: Phase::Dialing,
            purpose,
            owner,
            started,
            born: Time::NEVER,
            capacity: 0,
            leases: 0,
            uses: 0,
            leased: started,
            delivered: 0,
            told_overdue: false,
            parked: None,
            check: None,
            leaving: None,
        });
        let known = self.key_mut(key);
        known.preconnects = known.preconnects.saturating_sub(1);
        self.tally(key, |counters| counters.dials += 1);
        self.actions.push(Action::StartDial { conn: id });
    }

    /// The next id that the pool issued for the key, or one that no pool issues.
    fn next_id(&mut self, key: &K) -> ConnId {
        match self.issued.dials.iter().position(|(name, _)| name == key) {
            Some(place) => self.issued.dials.remove(place).1,
            None => {
                ConnId::from_parts(u32::MAX, (self.order as u32).saturating_add(1)).expect("no generation 0")
            }
        }
    }

    /// Tells a dial to stop; it belongs to nobody any more.
    pub(super) fn stop(&mut self, id: ConnId, why: Stop) {
        let dial = self.conn_mut(id);
        dial.phase = Phase::Stopping(why);
        dial.owner = None;
        let key = dial.key.clone();
        if why != Stop::TimedOut {
            self.tally(&key, |counters| counters.dials_cancelled += 1);
        }
        self.actions.push(Action::CancelDial { conn: id });
    }

    pub(super) fn dial_done(&mut self, id: ConnId, outcome: Result<Opened, DialError>) {
        match outcome {
            Ok(opened) => self.dial_succeeded(id, opened),
            Err(error) => self.dial_failed(id, error),
        }
    }

    fn dial_succeeded(&mut self, id: ConnId, opened: Opened) {
        let most = nanos(self.config.lifetime_jitter);
        let jitter = if most == 0 { 0 } else { self.draw(most) };
        let born = self.now.after(Duration::from_nanos(jitter));
        let conn = self.conn_mut(id);
        let cleared = conn.phase == Phase::Stopping(Stop::Cleared);
        (conn.phase, conn.born, conn.capacity) = (Phase::Open, born, opened.capacity);
        let (key, owner) = (conn.key.clone(), conn.owner);
        self.tally(&key, |counters| counters.opened += 1);
        if !cleared {
            let known = self.key_mut(&key);
            (known.backoff, known.floor_backoff, known.failed_dial) =
                (Backoff::default(), Backoff::default(), None);
        }
        if cleared {
            self.close(id, CloseReason::Cleared);
        } else if let Some(reason) = self.reason_to_end(id, false) {
            self.close(id, reason);
        } else {
            if let Some(owner) = owner
                && self.config.binding == Binding::OwnFirst
                && self.is_serving()
                && self.conn(id).is_some_and(Conn::has_room)
            {
                self.serve(owner, id, Source::OwnDial);
            }
            self.offer(id, Source::OtherDial);
        }
        if let Some(conn) = self.conns.iter_mut().find(|conn| conn.id == id) {
            conn.owner = None;
        }
    }

    fn dial_failed(&mut self, id: ConnId, error: DialError) {
        let dial = self.conn_mut(id).clone();
        self.conns.retain(|conn| conn.id != id);
        self.tally(&dial.key, |counters| counters.dials_failed += 1);
        match dial.phase {
            Phase::Dialing => self.charge(&dial, error, RequestError::Dial),
            // It was charged when it took too long; but that no dial will do better is news.
            Phase::Stopping(Stop::TimedOut) if error == DialError::Fatal => {
                self.fail_all(&dial, RequestError::Dial);
            }
            _ => {}
        }
    }

    /// R7: whom a failed dial concerns.
    pub(super) fn charge(&mut self, dial: &Conn<K>, error: DialError, as_error: RequestError) {
        self.key_mut(&dial.key).failed_dial = Some(dial.id);
        self.back_floor_off(dial);
        match self.config.dial_failure {
            _ if error == DialError::Fatal => self.fail_all(dial, as_error),
            DialFailure::FailAll if self.config.binding == Binding::HeadFirst => {
                self.fail_all(dial, as_error);
            }
            DialFailure::Retry { backoff, backoff_max, attempts } => {
                let mut state = self.key(&dial.key).backoff;
                self.back_off(&mut state, dial, backoff, backoff_max);
                self.key_mut(&dial.key).backoff = state;
                if state.rounds >= attempts {
                    self.fail_first(dial, as_error);
                }
            }
            _ => self.fail_first(dial, as_error),
        }
    }

    /// Fails every waiter that was there when the dial started.
    fn fail_all(&mut self, dial: &Conn<K>, error: RequestError) {
        for waiter in self.concerned(dial) {
            self.fail(waiter, error, Some(dial.id));
        }
    }

    /// Fails one, if more are left than cover.
    fn fail_first(&mut self, dial: &Conn<K>, error: RequestError) {
        let charged = match self.config.binding {
            Binding::OwnFirst => dial.owner,
            _ => self.concerned(dial).first().copied(),
        };
        if let Some(charged) = charged.filter(|_| !self.uncovered(&dial.key).is_empty()) {
            self.fail(charged, error, Some(dial.id));
        }
    }

    /// The waiters that were there when the dial started: first those that kept their place since, in the order
    /// of service, then the others, by arrival.
    fn concerned(&self, dial: &Conn<K>) -> Vec<RequestId> {
        let mut there = self.queue(&dial.key);
        there.retain(|waiter| waiter.arrived < dial.started);
        let (kept, mut moved): (Vec<_>, Vec<_>) =
            there.into_iter().partition(|waiter| waiter.placed < dial.started);
        moved.sort_by_key(|waiter| waiter.arrived);
        kept.into_iter().chain(moved).map(|waiter| waiter.id).collect()
    }

    /// The failure of a dial that started since the last round began is a new round.
    pub(super) fn back_off(&mut self, state: &mut Backoff, dial: &Conn<K>, first: Duration, most: Duration) {
        if state.rounds > 0 && dial.started.order <= state.began {
            return;
        }
        let doubled = (0..state.rounds.min(64)).fold(nanos(first), |delay, _| delay.saturating_mul(2));
        let whole = doubled.min(nanos(most));
        let delay = whole - self.draw(whole / 2);
        state.rounds = state.rounds.saturating_add(1);
        state.began = self.moment().order;
        state.until = (delay > 0).then(|| self.now.after(Duration::from_nanos(delay)));
    }

    /// A number from 0 to `greatest`, of the splitmix64 sequence of the seed.
    fn draw(&mut self, greatest: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        ((u128::from(bits) * (u128::from(greatest) + 1)) >> 64) as u64
    }
}

/// A duration in nanoseconds, saturating.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
