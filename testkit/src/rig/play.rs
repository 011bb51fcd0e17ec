//! Generated runs: moves, and the way to rest.

use latebind::Event;

use super::{Key, Rig};
use crate::moves::Move;
use crate::{Broken, rest};

/// Far more than what is left of any run could need.
const STEPS: usize = 20_000;

impl Rig {
    /// Makes one move; a move without a subject is none.
    ///
    /// # Errors
    ///
    /// [`Broken`], together with the script so far.
    pub fn play(&mut self, keys: &[Key], step: &Move) -> Result<(), Broken> {
        self.now = step.pause.after(self.now, self.pool.deadline());
        let token = self.run.steps.len() as u64;
        let Some(event) = step.deed.event(keys, &self.witness, self.now, token) else { return Ok(()) };
        self.attempt(event.as_event()).map(drop)
    }

    /// I10: faults stop, leases end, time passes; everybody is answered, and in the end nothing is left.
    ///
    /// # Errors
    ///
    /// [`Broken`], together with the script so far.
    pub fn come_to_rest(&mut self, keys: &[Key]) -> Result<(), Broken> {
        // The clock may have gone back.
        self.now = self.now.max(self.model().now());
        self.attempt(Event::Resume)?;
        for key in keys {
            self.attempt(Event::Keep { key, min_idle: 0 })?;
        }
        for _ in 0..STEPS {
            let Some((now, event)) = rest::next(self.model(), self.now) else {
                self.now = rest::much_later(self.now);
                self.attempt(Event::Tick)?;
                return self.expect_rest(rest::is_at_rest(&self.pool));
            };
            self.now = now;
            self.attempt(event.as_event())?;
        }
        self.expect_rest(false)
    }

    /// R21: after a shutdown nothing is left once all is reported, and no time has to pass for it.
    ///
    /// # Errors
    ///
    /// [`Broken`], together with the script so far.
    pub fn shut_down(&mut self) -> Result<(), Broken> {
        self.attempt(Event::Shutdown)?;
        self.expect_rest(self.stats().waiters == 0 && self.stats().idle == 0)?;
        while let Some(event) = rest::finish(self.model()) {
            self.attempt(event.as_event())?;
        }
        self.expect_rest(self.pool.is_drained() && rest::is_at_rest(&self.pool))
    }

    fn expect_rest(&self, rests: bool) -> Result<(), Broken> {
        if rests {
            return Ok(());
        }
        let (stats, deadline) = (self.pool.stats(), self.pool.deadline());
        Err(Broken::new(self.with_script(&format!("I10: not at rest: {stats:?}, deadline {deadline:?}"))))
    }
}
