//! What a design owes: limits that hold, places that are kept, and no dial where a connection lies idle.

use std::collections::BTreeMap;

use super::workload::Scale;
use crate::text::ratio;

/// What came of a trial.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Figures {
    /// Of what was measured, in nanoseconds.
    pub span: u64,
    /// A connection got, used and given back.
    pub cycles: u64,
    /// From the wish to the connection, including the wake-up; sorted.
    pub waits: Vec<u64>,
    /// Cycles of each task, the most and the fewest.
    pub most: u64,
    /// See `most`.
    pub fewest: u64,
    /// Answered with a connection, from the beginning on.
    pub requests: u64,
    /// Of these: served before one of the same key that waits since earlier.
    pub inversions: u64,
    /// Begun, from the beginning on.
    pub dials: u64,
    /// Of these, begun while a connection of the key lay idle somewhere.
    pub wasted_dials: u64,
    /// More connections than a limit allows, counted at each dial.
    pub violations: u64,
    /// The longest time that a connection lay idle beside a waiter of its key, in nanoseconds: 0 is late binding (R3, I1).
    pub longest_miss: u64,
    /// Still waiting when nothing happened any more.
    pub unanswered: u64,
}

impl Figures {
    /// Millions of cycles in a second.
    pub fn rate(&self) -> f64 {
        1e3 * ratio(self.cycles, self.span)
    }

    /// Nearest rank; in nanoseconds.
    pub fn wait(&self, percent: usize) -> u64 {
        let rank = (self.waits.len() * percent).div_ceil(100);
        self.waits.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Cycles of the task that had most for each of the one that had fewest.
    pub fn spread(&self) -> f64 {
        ratio(self.most, self.fewest)
    }
}

/// Told of everything; knows nothing of the design.
pub struct Judge {
    figures: Figures,
    /// When it begins to count, and after how many cycles it ends.
    warm_up: u64,
    target: u64,
    max_connections: u32,
    max_connections_per_key: u32,
    connections: u32,
    keys: Vec<OfKey>,
    /// When a task that waits came, in the order of all.
    places: Vec<Option<u64>>,
    asked: u64,
    cycles: Vec<u64>,
    /// The time of what is being told.
    pub now: u64,
}

#[derive(Clone, Default)]
struct OfKey {
    /// Dialing and open.
    connections: u32,
    idle: u32,
    /// Tasks by their places.
    waiting: BTreeMap<u64, u32>,
    /// Since when both are there.
    missed: Option<u64>,
}

impl Judge {
    /// Counts so many cycles from the end of the warm-up on, and what may never happen all the time.
    pub fn new(scale: &Scale, warm_up: u64, target: u64) -> Self {
        Self {
            figures: Figures::default(),
            warm_up,
            target,
            max_connections: scale.max_connections,
            max_connections_per_key: scale.max_connections_per_key,
            connections: 0,
            keys: vec![OfKey::default(); scale.keys as usize],
            places: vec![None; scale.tasks as usize],
            asked: 0,
            cycles: vec![0; scale.tasks as usize],
            now: 0,
        }
    }

    /// A request takes its place in a queue.
    pub fn waits(&mut self, task: u32, key: u32) {
        self.asked += 1;
        self.places[task as usize] = Some(self.asked);
        self.keys[key as usize].waiting.insert(self.asked, task);
        self.compare(key);
    }

    /// A request has got a connection, one that waits or one that has just come.
    pub fn delivered(&mut self, task: u32, key: u32) {
        let waiting = &mut self.keys[key as usize].waiting;
        let place = self.places[task as usize].take();
        let is_first = match (place, waiting.first_key_value()) {
            (_, None) => true,
            (Some(place), Some((first, _))) => place <= *first,
            (None, Some(_)) => false,
        };
        if let Some(place) = place {
            waiting.remove(&place);
        }
        self.figures.requests += 1;
        self.figures.inversions += u64::from(!is_first);
        self.compare(key);
    }

    /// A dial begins.
    pub fn dials(&mut self, key: u32) {
        self.connections += 1;
        let of_key = &mut self.keys[key as usize];
        of_key.connections += 1;
        let is_beyond =
            self.connections > self.max_connections || of_key.connections > self.max_connections_per_key;
        self.figures.violations += u64::from(is_beyond);
        self.figures.dials += 1;
        self.figures.wasted_dials += u64::from(of_key.idle > 0);
    }

    /// A connection is gone.
    pub fn closed(&mut self, key: u32) {
        self.connections -= 1;
        self.keys[key as usize].connections -= 1;
    }

    /// A connection can be had by whoever looks in the right place.
    pub fn parked(&mut self, key: u32) {
        self.keys[key as usize].idle += 1;
        self.compare(key);
    }

    /// A connection is idle no more.
    pub fn taken(&mut self, key: u32) {
        self.keys[key as usize].idle -= 1;
        self.compare(key);
    }

    /// Whether somebody waits for what lies idle, after each change of either.
    fn compare(&mut self, key: u32) {
        let of_key = &mut self.keys[key as usize];
        if of_key.idle > 0 && !of_key.waiting.is_empty() {
            of_key.missed.get_or_insert(self.now);
        } else if let Some(since) = of_key.missed.take() {
            self.figures.longest_miss = self.figures.longest_miss.max(self.now - since);
        }
    }

    /// A task has its connection.
    pub fn served(&mut self, now: u64, wait: u64) {
        if now >= self.warm_up && !self.is_over() {
            self.figures.waits.push(wait);
        }
    }

    /// A task has given its connection back.
    pub fn cycled(&mut self, now: u64, task: u32) {
        if now >= self.warm_up && !self.is_over() {
            self.figures.cycles += 1;
            self.figures.span = now - self.warm_up;
            self.cycles[task as usize] += 1;
        }
    }

    /// Whether all cycles have been counted.
    pub fn is_over(&self) -> bool {
        self.figures.cycles >= self.target
    }

    /// The sum of it.
    pub fn figures(mut self) -> Figures {
        self.figures.waits.sort_unstable();
        self.figures.most = self.cycles.iter().copied().max().unwrap_or_default();
        self.figures.fewest = self.cycles.iter().copied().min().unwrap_or_default();
        self.figures.unanswered = self.keys.iter().map(|of_key| of_key.waiting.len() as u64).sum();
        self.figures
    }
}

#[cfg(test)]
mod tests {
    use super::Judge;
    use crate::cores::workload::{Scale, Workload};

    fn judge() -> Judge {
        Judge::new(&Workload::ScarceOneKey.on(1), 0, 1_000)
    }

    #[test]
    fn who_is_served_before_one_that_waits_is_an_inversion() {
        let mut judge = judge();
        judge.waits(0, 0);
        judge.waits(1, 0);
        judge.delivered(1, 0);
        judge.delivered(0, 0);
        judge.waits(2, 0);
        judge.delivered(3, 0);
        assert_eq!(judge.figures().inversions, 2, "1 before 0, and the newcomer 3 before 2");
    }

    #[test]
    fn a_dial_beyond_a_limit_or_beside_an_idle_connection_is_seen() {
        let Scale { max_connections, .. } = Workload::ScarceOneKey.on(1);
        let mut judge = judge();
        (0..=max_connections).for_each(|_| judge.dials(0));
        judge.closed(0);
        judge.closed(0);
        judge.parked(0);
        judge.dials(0);
        judge.waits(0, 0);
        let figures = judge.figures();
        assert_eq!((figures.violations, figures.wasted_dials, figures.unanswered), (1, 1, 1));
    }
}
