//! New generations, and pauses.

use super::conn::{Conn, State};
use super::{Machine, NIL};
use crate::config::Newcomers;
use crate::structure::List;
use crate::{Actions, CloseReason, RequestError, Time, Waiters};

/// What `Clear` says beside the key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clearing {
    pub(crate) waiters: Waiters,
    pub(crate) interrupt: bool,
}

impl Machine {
    pub(crate) fn clear_key(&mut self, now: Time, key: u32, clearing: Clearing, out: &mut Actions) {
        self.pass(now, out);
        self.clear(key, clearing, out);
        self.settle(out);
    }

    pub(crate) fn clear_all(&mut self, now: Time, clearing: Clearing, out: &mut Actions) {
        self.pass(now, out);
        for key in 0..self.keys.len() {
            self.clear(key, clearing, out);
        }
        self.settle(out);
    }

    /// R19: nothing of the old generation is delivered any more.
    fn clear(&mut self, key: u32, clearing: Clearing, out: &mut Actions) {
        let mut conn = self.keys[key].all.front();
        while conn != NIL {
            self.clear_connection(conn, clearing.interrupt, out);
            conn = List::<super::conn::InAll>::next(&self.conns, conn);
        }
        if clearing.waiters == Waiters::Fail {
            self.fail_all(key, RequestError::Cleared, out);
        }
        self.keys[key].backoff.rounds = 0;
        self.end_backoff(key);
        self.keys[key].floor.backoff = super::key::Backoff::default();
        if !self.keys[key].is_over() {
            self.touch(key);
        }
    }

    fn clear_connection(&mut self, conn: u32, interrupt: bool, out: &mut Actions) {
        let Conn { state, leases, .. } = self.conns[conn];
        match state {
            State::Dialing => self.cancel_dial(conn, out),
            State::Stopping | State::Closing => {}
            _ if interrupt || leases == 0 => return self.close(conn, CloseReason::Cleared, out),
            _ => return self.retire(conn, CloseReason::Cleared, out),
        }
        // If the dial succeeds all the same, it is closed.
        self.conns[conn].leaving = Some(CloseReason::Cleared);
    }

    pub(super) fn fail_all(&mut self, key: u32, error: RequestError, out: &mut Actions) {
        while self.keys[key].waiters() > 0 {
            self.fail(self.keys[key].first_waiter(), error, None, out);
        }
    }

    pub(crate) fn pause(&mut self, now: Time, newcomers: Newcomers, out: &mut Actions) {
        self.pass(now, out);
        self.paused = Some(newcomers);
        self.quick_until = Time::ZERO;
        self.touch_all();
        self.settle(out);
    }

    pub(crate) fn resume(&mut self, now: Time, out: &mut Actions) {
        self.pass(now, out);
        if self.paused.take().is_some() {
            self.serve_all(out);
        }
        self.settle(out);
    }

    /// Serves the waiters of all keys from what is there, as if they came now.
    pub(super) fn serve_all(&mut self, out: &mut Actions) {
        for key in 0..self.keys.len() {
            while self.paused.is_none()
                && self.keys[key].waiters() > 0
                && let Some((conn, source)) = self.available(key, out)
            {
                self.serve(self.keys[key].first_waiter(), conn, source, out);
                self.rest(conn, out);
            }
        }
        self.touch_all();
    }

    pub(super) fn touch_all(&mut self) {
        for key in 0..self.keys.len() {
            if !self.keys[key].is_over() {
                self.touch(key);
            }
        }
    }
}
