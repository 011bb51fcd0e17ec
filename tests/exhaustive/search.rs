//! The search: breadth first, so that the first failure has the shortest script.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use latebind::{Actions, Config, Event, Pool, Time};
use latebind_testkit::rig::Key;
use latebind_testkit::{Model, Rig, Witness, rest};

use crate::events::Alphabet;

/// How far the way to rest may be.
const STEPS_TO_REST: usize = 500;

/// A config, and what can happen under it.
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) config: Config,
    pub(crate) alphabet: Alphabet,
}

/// How far a search has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) transitions: u64,
    /// How many events are needed to reach the states that were found last.
    pub(crate) depth: usize,
    /// There are more states than it was allowed to look at.
    pub(crate) is_cut: bool,
}

/// A state that was reached.
#[derive(Clone)]
struct Node {
    pool: Pool<Key>,
    witness: Witness<Key>,
    now: Time,
    /// Its place in the list of all.
    number: usize,
}

/// The event that led to a state: its place among those of the state before, and how much time passed.
#[derive(Clone, Copy)]
struct Step {
    from: usize,
    event: u32,
    passed: u64,
}

impl World {
    /// Explores the world, up to so many states.
    ///
    /// The error tells what is broken, and the script that leads there.
    pub(crate) fn explore(&self, most_states: usize) -> Result<Explored, String> {
        let root = Node {
            pool: Pool::new(self.config.clone()).map_err(|error| error.to_string())?,
            witness: Witness::new(self.config.clone()),
            now: Time(1_000),
            number: 0,
        };
        let mut seen = HashSet::from([self.fingerprint(root.witness.model())]);
        let mut steps = vec![Step { from: 0, event: 0, passed: 0 }];
        let mut explored = Explored { states: 1, transitions: 0, depth: 0, is_cut: false };
        let mut layer = vec![root];
        while !layer.is_empty() {
            let mut next = Vec::new();
            for mut node in layer {
                self.rests(&node).map_err(|broken| self.tell(&steps, node.number, None, &broken))?;
                let (start, same) = (node.now, self.fingerprint(node.witness.model()));
                for passed in 0..=u64::from(self.alphabet.clock) {
                    let now = Time(start.0 + passed);
                    let events = self.alphabet.events(&node.witness, now, explored.transitions);
                    for (place, event) in events.iter().enumerate() {
                        explored.transitions += 1;
                        let step =
                            Step { from: node.number, event: place as u32, passed: now.0 - node.now.0 };
                        let mut reached = node
                            .after(now, event.as_event())
                            .map_err(|broken| self.tell(&steps, node.number, Some(step), &broken))?;
                        reached.number = steps.len();
                        let situation = self.fingerprint(reached.witness.model());
                        if situation == same {
                            // What was refused or came too late has left no trace that could be seen: what follows
                            // is told to the pool that has been through it.
                            steps.push(step);
                            node = reached;
                        } else if seen.insert(situation) {
                            steps.push(step);
                            next.push(reached);
                        }
                    }
                }
                if seen.len() >= most_states {
                    return Ok(Explored { states: seen.len(), is_cut: true, ..explored });
                }
            }
            explored.states = seen.len();
            explored.depth += usize::from(!next.is_empty());
            layer = next;
        }
        Ok(explored)
    }

    /// What tells a state from others, in 128 bits, so that two of a search are never taken for one. How the next
    /// jitter will be drawn tells none from others: else a world with backoffs had no end.
    fn fingerprint(&self, model: &Model<Key>) -> u128 {
        let situation = model.situation_under(&self.alphabet.configs).without_jitter();
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, &situation).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        (half(0) << 64) | half(1)
    }

    /// I10: from here, the way to rest is open.
    fn rests(&self, node: &Node) -> Result<(), String> {
        let mut node = node.clone();
        node.take(node.now, Event::Resume)?;
        for key in self.alphabet.keys {
            node.take(node.now, Event::Keep { key, min_idle: 0 })?;
        }
        for _ in 0..STEPS_TO_REST {
            let Some((now, event)) = rest::next(node.witness.model(), node.now) else {
                node.take(rest::much_later(node.now), Event::Tick)?;
                let (stats, deadline) = (node.pool.stats(), node.pool.deadline());
                let rests = rest::is_at_rest(&node.pool);
                return if rests {
                    Ok(())
                } else {
                    Err(format!("I10: at rest with {stats:?}, {deadline:?}"))
                };
            };
            node.take(now, event.as_event())?;
        }
        Err("I10: the pool does not come to rest".to_owned())
    }

    /// What is broken, and the script that leads there.
    fn tell(&self, steps: &[Step], last: usize, then: Option<Step>, broken: &str) -> String {
        let mut path: Vec<Step> = then.into_iter().collect();
        let mut at = last;
        while at > 0 {
            path.push(steps[at]);
            at = steps[at].from;
        }
        let mut rig = Rig::new(self.config.clone());
        rig.at_time(Time(1_000));
        for step in path.into_iter().rev() {
            let now = Time(rig.now().0 + step.passed);
            let token = rig.run().steps.len() as u64;
            let event = self.alphabet.events(rig.witness(), now, token).swap_remove(step.event as usize);
            if rig.at_time(now).attempt(event.as_event()).is_err() {
                break;
            }
        }
        rig.with_script(&format!("in the world \"{}\": {broken}", self.name))
    }
}

impl Node {
    fn after(&self, now: Time, event: Event<'_, Key>) -> Result<Self, String> {
        let mut reached = self.clone();
        reached.take(now, event)?;
        Ok(reached)
    }

    fn take(&mut self, now: Time, event: Event<'_, Key>) -> Result<(), String> {
        let mut actions = Actions::new();
        let result = self.pool.handle(now, event, &mut actions);
        self.now = self.now.max(now);
        self.witness.saw(now, event, result, &actions, &self.pool).map_err(|broken| broken.to_string())
    }
}
