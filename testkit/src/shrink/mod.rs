//! Shorter runs that fail as a long one does.

mod history;
mod plainer;
mod script;

use std::hash::Hash;

use latebind::{Config, OwnedEvent};

use crate::Run;
use crate::fields::FIELDS;
use script::{Line, Naming, Script};

/// Above so many events it does not pay to try both ways to name connections.
const MANY: usize = 500;

/// So many events at most are tried out in pairs.
const FEW: usize = 24;

/// Looks for the shortest and plainest run that still fails: events are left out, in large pieces first (delta
/// debugging), then pauses, deadlines, priorities and the config are simplified.
///
/// Requests are named by their tokens meanwhile, and connections by the event that started their dials or, where that
/// does not help, by key and number: so an event that is left out does not change what the others mean. An event
/// whose subject is gone is left out, too. What `fails` is given is always the record of a real pool that was told
/// these events; at most `tries` runs are tried. If nothing shorter fails, the run itself comes back, as a pool answers
/// it now.
///
/// ```
/// use latebind::{Action, Config, Event, Priority, Time};
/// use latebind_testkit::{Run, shrink};
///
/// let mut run = Run::new(Config::default());
/// for token in 0..9 {
///     let event = Event::Request { key: &"a", token, priority: Priority::default(), deadline: None };
///     run.record(Time(token), event, Ok(&[]));
/// }
/// let dials = |run: &Run<&str>| {
///     let actions = run.steps.iter().flat_map(|step| step.actions.iter().flatten());
///     actions.filter(|action| matches!(action, Action::StartDial { .. })).count()
/// };
/// assert_eq!(shrink(&run, 1_000, |run| dials(run) >= 2).steps.len(), 2);
/// ```
pub fn shrink<K: Clone + Eq + Hash>(
    run: &Run<K>,
    tries: usize,
    fails: impl FnMut(&Run<K>) -> bool,
) -> Run<K> {
    let Some((again, best)) = Script::of(run) else { return run.clone() };
    let mut search = Search { best, run: again, tries, fails };
    loop {
        let before = search.best.clone();
        search.leave_out_history();
        search.leave_out_sorts();
        search.leave_out();
        search.leave_out_pairs();
        search.simplify_config();
        search.simplify_lines();
        if search.best == before {
            return search.run;
        }
    }
}

struct Search<K, F> {
    best: Script<K>,
    /// What came of it.
    run: Run<K>,
    tries: usize,
    fails: F,
}

impl<K: Clone + Eq + Hash, F: FnMut(&Run<K>) -> bool> Search<K, F> {
    /// Whether the candidate fails: then it is the best one so far.
    fn try_out(&mut self, candidate: &Script<K>) -> bool {
        if *candidate == self.best {
            return false;
        }
        let namings = [Naming::Origin, Naming::Number];
        for naming in namings.into_iter().take(if candidate.lines.len() > MANY { 1 } else { 2 }) {
            if self.tries == 0 {
                return false;
            }
            self.tries -= 1;
            if let Some((run, named)) = candidate.play(naming)
                && (self.fails)(&run)
            {
                (self.best, self.run) = (named, run);
                return true;
            }
        }
        false
    }

    /// Who has gone leaves no trace in most runs.
    fn leave_out_history(&mut self) {
        if self.best.lines.len() > FEW {
            self.try_first(&history::without_history(&self.best, &self.run));
        }
    }

    /// All events of a kind, all of a key, all that were refused: most runs do not need them.
    fn leave_out_sorts(&mut self) {
        let mut sorts: Vec<_> = self.best.lines.iter().flat_map(Line::sorts).collect();
        let mut seen = Vec::new();
        sorts.retain(|sort| {
            !seen.contains(sort) && {
                seen.push(sort.clone());
                true
            }
        });
        for sort in sorts {
            let mut candidate = self.best.clone();
            candidate.lines.retain(|line| !line.sorts().contains(&sort));
            self.try_out(&candidate);
        }
    }

    /// Delta debugging: pieces are left out, each half as long as the one before.
    fn leave_out(&mut self) {
        let mut size = self.best.lines.len();
        while size > 0 {
            let mut end = self.best.lines.len();
            while end > 0 {
                let start = end.saturating_sub(size);
                let mut candidate = self.best.clone();
                candidate.lines.drain(start..end);
                self.try_out(&candidate);
                end = start.min(self.best.lines.len());
            }
            size /= 2;
        }
    }

    /// A request and its answer, a pause and its end: some events can only be left out together.
    fn leave_out_pairs(&mut self) {
        let mut second = self.best.lines.len();
        if second > FEW {
            return;
        }
        while second > 1 {
            second = (second - 1).min(self.best.lines.len().saturating_sub(1));
            for first in (0..second).rev() {
                let mut candidate = self.best.clone();
                candidate.lines.remove(second);
                candidate.lines.remove(first);
                if self.try_out(&candidate) {
                    break;
                }
            }
        }
    }

    fn simplify_config(&mut self) {
        let default = Config::default();
        for field in FIELDS {
            let mut candidate = self.best.clone();
            (field.take)(&mut candidate.config, &default);
            self.try_out(&candidate);
        }
    }

    fn simplify_lines(&mut self) {
        for place in 0..self.best.lines.len() {
            if place < self.best.lines.len() {
                self.try_first(&plainer::times(&self.best, place));
            }
            let events = self.best.lines.get(place).map(|line| plainer::events(&line.event));
            let with = |event| {
                let mut candidate = self.best.clone();
                candidate.lines[place].event = event;
                candidate
            };
            let candidates: Vec<_> = events.unwrap_or_default().into_iter().map(with).collect();
            self.try_first(&candidates);
            self.simplify_new_config(place);
        }
    }

    /// Tries one after the other, until one fails.
    fn try_first(&mut self, candidates: &[Script<K>]) {
        _ = candidates.iter().any(|candidate| self.try_out(candidate));
    }

    fn simplify_new_config(&mut self, place: usize) {
        let default = Config::default();
        for field in FIELDS {
            let mut candidate = self.best.clone();
            let event = candidate.lines.get_mut(place).map(|line| &mut line.event);
            if let Some(OwnedEvent::Reconfigure { config }) = event {
                (field.take)(config, &default);
                self.try_out(&candidate);
            }
        }
    }
}
