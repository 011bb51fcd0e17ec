//! The simulation of many cores in its short form, and that it sees what it is there to see.

use std::process::Command;

use clap::Parser;
use latebind_lab::args::{Cli, Command as What, CoresOptions};
use latebind_lab::cores::command::{Progress, Results, simulate};
use latebind_lab::cores::designs::{Design, Desk, Lease, Locked, Report, Sharing};
use latebind_lab::cores::judge::Figures;
use latebind_lab::cores::shard::{Shard, Tell};
use latebind_lab::cores::trial::Trial;
use latebind_lab::cores::workload::Workload;
use latebind_lab::cores::world::World;

fn options(more: &[&str]) -> CoresOptions {
    let told = ["latebind-lab", "cores", "--cores", "1,2,6", "--cycles", "120", "--warm-up", "200000"];
    let What::Cores(options) = Cli::try_parse_from(told.iter().chain(more)).unwrap().command else {
        panic!("it is the cores that were asked for");
    };
    options
}

fn run(more: &[&str]) -> Results {
    simulate(&options(more), &Progress::new(0))
}

#[test]
fn no_limit_is_violated_and_every_request_is_answered_whatever_the_design() {
    // Little work brings the cores into each other's way, and long dials the dials.
    for more in [&[][..], &["--work", "100"], &["--work", "500", "--dial", "1000"], &["--seed", "9"]] {
        for ((trial, sharing), figures) in run(more) {
            let Figures { violations, unanswered, .. } = figures;
            assert_eq!((violations, unanswered), (0, 0), "{sharing:?}, {trial:?}, {more:?}");
            assert_eq!(figures.cycles, 120 * u64::from(trial.cores), "{sharing:?}, {trial:?}, {more:?}");
        }
    }
}

#[test]
fn who_waits_first_is_served_first_unless_cores_have_queues_of_their_own() {
    for ((trial, sharing), figures) in run(&["--work", "300"]) {
        let keeps_order = sharing != Sharing::ByCore || trial.cores == 1;
        if keeps_order {
            let Figures { inversions, longest_miss, .. } = figures;
            assert_eq!((inversions, longest_miss), (0, 0), "{sharing:?}, {trial:?}");
        } else if trial.workload == Workload::ScarceOneKey {
            assert!(figures.inversions > 0, "{sharing:?}, {trial:?}: it would be seen");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_figures_on_any_number_of_threads() {
    let [one, three] = ["1", "3"].map(|threads| run(&["--threads", threads]));
    assert_eq!(one, three);
    assert_ne!(one, run(&["--seed", "2"]), "another seed, other figures");
}

#[test]
fn two_cores_do_more_than_one_and_one_lock_does_not_serve_six_of_them() {
    let results = run(&[]);
    let rate = |cores, sharing| results[&(Trial { cores, workload: Workload::IdleOneKey }, sharing)].rate();
    assert!(rate(2, Sharing::OneLock) > 1.5 * rate(1, Sharing::OneLock));
    assert!(rate(6, Sharing::OneLock) < 5.0 * rate(1, Sharing::OneLock));
    assert!(rate(6, Sharing::StackPerCore) > 5.5 * rate(1, Sharing::StackPerCore));
}

/// Designs that are wrong, to see that it is seen.
struct Broken {
    pools: Locked,
    defect: Defect,
    returns: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Defect {
    /// Two pools with the whole limit each, and requests to either.
    TwiceTheLimit,
    /// One connection that comes back is lost.
    LostReturn,
}

impl Design for Broken {
    type Act = (u32, Tell);

    fn lines(&self) -> usize {
        self.pools.lines()
    }

    fn is_word(&self, line: usize) -> bool {
        self.pools.is_word(line)
    }

    fn get(&self, core: u32, task: u32, key: u32) -> Self::Act {
        match self.defect {
            Defect::TwiceTheLimit => (core % 2, Tell::Request(task, key)),
            Defect::LostReturn => self.pools.get(core, task, key),
        }
    }

    fn give_back(&self, core: u32, lease: Lease) -> Self::Act {
        self.pools.give_back(core, lease)
    }

    fn report(&self, lease: Lease, report: Report) -> Self::Act {
        self.pools.report(lease, report)
    }

    fn place(&self, act: Self::Act) -> Option<usize> {
        self.pools.place(act)
    }

    fn perform(&mut self, act: Self::Act, desk: &mut Desk<'_>) -> Option<Self::Act> {
        if let (Defect::LostReturn, (_, Tell::Idle(_))) = (self.defect, act) {
            self.returns += 1;
            // From then on, until none is left.
            if self.returns > 20 {
                return None;
            }
        }
        self.pools.perform(act, desk)
    }
}

fn broken(defect: Defect) -> Figures {
    let options = options(&[]);
    let scale = Workload::ScarceOneKey.on(2);
    let shards = if defect == Defect::TwiceTheLimit { 2 } else { 1 };
    let pools = Locked::new(Shard::split(shards, &scale, false, false));
    let design = Broken { pools, defect, returns: 0 };
    World::new(&options.machine, &options.course, 2, scale, design).run()
}

#[test]
fn a_design_that_exceeds_the_limit_is_seen() {
    assert!(broken(Defect::TwiceTheLimit).violations > 0);
}

#[test]
fn a_design_that_loses_a_connection_leaves_requests_unanswered() {
    assert!(broken(Defect::LostReturn).unanswered > 0);
}

#[test]
fn the_command_writes_tables_and_a_picture() {
    let folder = std::env::temp_dir().join(format!("latebind-cores-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let [page, picture] = ["page.md", "picture.svg"].map(|name| folder.join(name));
    let output = Command::new(env!("CARGO_BIN_EXE_latebind-lab"))
        .args(["cores", "--cores", "1,2", "--cycles", "100", "--warm-up", "200000"])
        .args(["--markdown".as_ref(), page.as_os_str(), "--picture".as_ref(), picture.as_os_str()])
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (page, picture) = (std::fs::read_to_string(page).unwrap(), std::fs::read_to_string(picture).unwrap());
    std::fs::remove_dir_all(folder).unwrap();
    for words in ["| cores ", "scarce, one key", "one lock", "stack per core", "limits violated"] {
        assert!(page.contains(words), "{words} in the page");
    }
    for sharing in Sharing::ALL {
        assert!(picture.contains(sharing.name()), "{sharing:?} in the picture");
    }
}
