//! Those who operate the pool.

use std::num::NonZeroU32;

use latebind::{Event, Newcomers, Waiters};

use super::World;
use crate::simulate::agenda::Happening;
use crate::simulate::configs;
use crate::simulate::faults::Fault;
use crate::simulate::judge::Complaint;
use crate::simulate::key::Key;
use crate::simulate::swarm::Operation;

impl World {
    /// Whether this world has dials for nobody.
    pub(super) fn has_floors(&self) -> bool {
        let stock = |operation: &Operation| matches!(operation, Operation::Keep | Operation::Preconnect);
        self.swarm.operations.iter().any(stock)
    }

    pub(super) fn operate(&mut self) -> Result<(), Complaint> {
        self.plan_around(self.swarm.operation_gap, Happening::Operation);
        let key = Key(self.draw.index(self.swarm.hosts.len()) as u16);
        match self.draw.one_of(&self.swarm.operations) {
            Operation::Keep => {
                let min_idle = self.draw.count(0, 3);
                self.report(Event::Keep { key: &key, min_idle })
            }
            Operation::Preconnect => {
                let count = self.draw.count(0, 4);
                self.report(Event::Preconnect { key: &key, count })
            }
            Operation::LimitDials => {
                let max_dials = NonZeroU32::new(self.draw.count(0, 3));
                self.report(Event::LimitDials { key: &key, max_dials })
            }
            Operation::Clear => {
                let key = self.draw.chance(700).then_some(key);
                let waiters = self.draw.one_of(&[Waiters::Keep, Waiters::Keep, Waiters::Fail]);
                let interrupt = self.draw.chance(300);
                self.report(Event::Clear { key: key.as_ref(), waiters, interrupt })
            }
            Operation::Pause => {
                self.plan_around(self.swarm.operation_gap / 4, Happening::Resume);
                let newcomers = self.draw.one_of(&[Newcomers::Hold, Newcomers::Refuse]);
                self.report(Event::Pause { newcomers })
            }
            Operation::Reconfigure => {
                let (old, is_large) = (self.court.judge.ledger().config().clone(), self.swarm.is_large);
                let config = configs::redraw(&mut self.draw, &old, is_large);
                // The fields that were drawn together hold together; those of two configs may not.
                self.tell(Event::Reconfigure { config: &config }).map(drop)
            }
            Operation::BadConfig => {
                self.tally.strike(Fault::Misuse);
                let old = self.court.judge.ledger().config().clone();
                let config = configs::contradictory(&mut self.draw, old);
                self.tell(Event::Reconfigure { config: &config }).map(drop)
            }
        }
    }
}
