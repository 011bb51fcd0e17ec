//! What was counted beside what was committed.

use std::fmt::Write;

use anyhow::ensure;
use latebind_core_costs::{Holding, Operation, SIZES};

use crate::UPDATE;
use crate::count::Counts;
use crate::figures::Figures;

/// Percent by which a figure may differ from the committed one. What differs between two runs is the order of hash
/// tables, by less than one.
const TOLERANCE: f64 = 3.0;

/// The same with another compiler than the one of the figures: two releases in a row differ by a few percent, while
/// what one would not want to miss, such as a scan, costs a multiple.
const TOLERANCE_OF_ANOTHER_COMPILER: f64 = 15.0;

pub(crate) struct Comparison {
    pub(crate) rows: Vec<Row>,
    tolerance: f64,
    /// What to know about the compilers, if they differ.
    compilers: Option<String>,
    /// What stands in the file, and is not counted any more.
    obsolete: Vec<String>,
}

pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) size: u32,
    pub(crate) committed: Option<u64>,
    pub(crate) now: u64,
    /// Of the same operation in the smallest world.
    pub(crate) smallest: Option<u64>,
    pub(crate) goal: Option<u64>,
    /// In all repetitions; `None` for what is held.
    pub(crate) allocations: Option<u64>,
}

impl Row {
    /// In percent of what was committed.
    pub(crate) fn change(&self) -> Option<f64> {
        self.committed.map(|committed| percent(committed, self.now))
    }
}

/// By how many percent `now` is greater than `before`.
#[expect(clippy::cast_precision_loss, reason = "a percentage of figures below 2^52")]
pub(crate) fn percent(before: u64, now: u64) -> f64 {
    (now as f64 - before as f64) * 100.0 / before as f64
}

impl Comparison {
    pub(crate) fn new(committed: &Figures, now: &Figures, allocations: &Counts) -> anyhow::Result<Self> {
        ensure!(
            committed.host == now.host,
            "the figures are from {}, this is {}: not to be compared",
            committed.host,
            now.host
        );
        let same_compiler = committed.compiler == now.compiler;
        let look_up = |counts: &Counts, name: &str, size: u32| Some(*counts.get(name)?.get(&size)?);
        let mut rows = Vec::new();
        for operation in Operation::ALL {
            let name = operation.name();
            for (&size, &count) in now.instructions.get(name).into_iter().flatten() {
                rows.push(Row {
                    name: name.to_owned(),
                    size,
                    committed: look_up(&committed.instructions, name, size),
                    now: count,
                    smallest: look_up(&now.instructions, name, SIZES[0]),
                    goal: operation.goal(),
                    allocations: look_up(allocations, name, size),
                });
            }
        }
        for holding in Holding::ALL {
            let name = holding.name();
            for (&size, &count) in now.bytes.get(name).into_iter().flatten() {
                rows.push(Row {
                    name: name.to_owned(),
                    size,
                    committed: look_up(&committed.bytes, name, size),
                    now: count,
                    smallest: None,
                    goal: holding.goal(),
                    allocations: None,
                });
            }
        }
        let obsolete = [(&committed.instructions, &now.instructions), (&committed.bytes, &now.bytes)]
            .into_iter()
            .flat_map(|(old, new)| {
                old.iter().flat_map(move |(name, sizes)| sizes.keys().map(move |size| (name, *size, new)))
            })
            .filter(|(name, size, new)| look_up(new, name, *size).is_none())
            .map(|(name, size, _)| format!("{name} at {size}"))
            .collect();
        Ok(Self {
            rows,
            tolerance: if same_compiler { TOLERANCE } else { TOLERANCE_OF_ANOTHER_COMPILER },
            compilers: (!same_compiler)
                .then(|| format!("The figures are from {}, this is {}.", committed.compiler, now.compiler)),
            obsolete,
        })
    }

    pub(crate) fn has_grown(&self, row: &Row) -> bool {
        row.change().is_some_and(|change| change > self.tolerance)
    }

    fn has_shrunk(&self, row: &Row) -> bool {
        row.change().is_some_and(|change| change < -self.tolerance)
    }

    pub(crate) fn allocates(&self) -> bool {
        self.rows.iter().any(|row| row.allocations.is_some_and(|count| count > 0))
    }

    /// Whether the file has other rows than were counted.
    fn is_of_other_rows(&self) -> bool {
        !self.obsolete.is_empty() || self.rows.iter().any(|row| row.committed.is_none())
    }

    pub(crate) fn is_failed(&self) -> bool {
        self.allocates() || self.is_of_other_rows() || self.rows.iter().any(|row| self.has_grown(row))
    }

    /// In words, for the end of the output.
    pub(crate) fn verdict(&self) -> String {
        let mut text = String::new();
        let mut say = |line: &str| writeln!(text, "{line}").expect("a string takes all");
        if let Some(compilers) = &self.compilers {
            say(&format!(
                "{compilers} So {} % are tolerated; `{UPDATE}` renews the figures.",
                self.tolerance
            ));
        }
        let grown = self.rows.iter().filter(|row| self.has_grown(row)).count();
        if grown > 0 {
            say(&format!(
                "FAILED: {grown} figures grew by more than {} %: see the rows marked with !. If the growth is wanted: `{UPDATE}`, \
                 and the reason in the commit's message.",
                self.tolerance
            ));
        }
        if self.allocates() {
            say("FAILED: something allocates in the steady state.");
        }
        if self.is_of_other_rows() {
            let obsolete = self.obsolete.join(", ");
            say(&format!("FAILED: figures.toml has other rows than were counted ({obsolete}): `{UPDATE}`."));
        }
        let shrunk = self.rows.iter().filter(|row| self.has_shrunk(row)).count();
        if shrunk > 0 {
            say(&format!(
                "{shrunk} figures shrank by more than {} %. To hold that: `{UPDATE}`.",
                self.tolerance
            ));
        }
        if !self.is_failed() {
            say(&format!(
                "Nothing costs over {} % more than committed, and nothing allocates.",
                self.tolerance
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(compiler: &str, cancel: &[(u32, u64)], waiter: u64) -> Figures {
        Figures {
            compiler: compiler.to_owned(),
            host: "here".to_owned(),
            profile: "bench".to_owned(),
            instructions: [("cancel".to_owned(), cancel.iter().copied().collect())].into(),
            bytes: [("waiter".to_owned(), [(Holding::COUNT, waiter)].into())].into(),
        }
    }

    fn compare(committed: &Figures, now: &Figures) -> Comparison {
        Comparison::new(committed, now, &Counts::new()).expect("they are of the same host")
    }

    #[test]
    fn growth_beyond_the_tolerance_fails_and_shrinking_does_not() {
        let committed = figures("rustc", &[(1, 100), (1_000, 100)], 50);
        for (now, fails) in [(103, false), (104, true), (50, false)] {
            let comparison = compare(&committed, &figures("rustc", &[(1, 100), (1_000, now)], 50));
            assert_eq!(comparison.is_failed(), fails, "{now} beside 100");
        }
        assert!(compare(&committed, &figures("rustc", &[(1, 100), (1_000, 100)], 52)).is_failed());
    }

    #[test]
    fn another_compiler_gets_a_wider_tolerance_and_is_named() {
        let committed = figures("rustc 1", &[(1, 100)], 50);
        let comparison = compare(&committed, &figures("rustc 2", &[(1, 115)], 50));
        assert!(!comparison.is_failed() && comparison.verdict().contains("from rustc 1, this is rustc 2"));
        assert!(compare(&committed, &figures("rustc 2", &[(1, 116)], 50)).is_failed());
    }

    #[test]
    fn other_rows_than_were_counted_fail() {
        let (one, two) = (figures("rustc", &[(1, 100)], 50), figures("rustc", &[(1, 100), (1_000, 100)], 50));
        assert!(compare(&one, &two).is_failed());
        assert!(compare(&two, &one).verdict().contains("cancel at 1000"));
    }

    #[test]
    fn one_allocation_fails() {
        let figures = figures("rustc", &[(1, 100)], 50);
        let allocations = [("cancel".to_owned(), [(1, 1)].into())].into();
        let comparison = Comparison::new(&figures, &figures, &allocations).expect("it is the same");
        assert!(comparison.is_failed() && comparison.allocates());
    }

    #[test]
    fn another_machine_language_cannot_be_compared() {
        let here = figures("rustc", &[(1, 100)], 50);
        let there = Figures { host: "there".to_owned(), ..here.clone() };
        assert!(Comparison::new(&here, &there, &Counts::new()).is_err());
    }
}
