//! HTTP clients side by side, over real sockets.
//!
//! The server and each client are processes of their own, so that what each client costs can be told apart, and one in
//! Go takes part as the others do. They take turns: all clients in every round of every scenario.

mod clients;
mod figures;
mod go;
mod load;
mod markdown;
mod process;
mod protocol;
mod report;
mod scenario;
mod server;

use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime::{self, Runtime};

use figures::{Connections, Round};
use go::Go;
use process::Process;
use protocol::{Answer, Census, Listening, Order};
use scenario::{Pace, Scenario};

pub(crate) use clients::{Kind, serve as serve_client};
pub(crate) use server::serve as serve_server;

/// How it is measured.
///
/// All scenarios take about 35 minutes on two processors, with `--quick` a minute; a progress bar tells how much is
/// left. Half of the time goes into warm-ups and into waiting until the connections of one client are closed, so that
/// a shorter `--measure-ms` does not save much; `--rounds` and `--only` do.
#[derive(Args)]
pub(crate) struct Options {
    /// A minute instead of 35: one short round with 64 callers.
    #[arg(long)]
    quick: bool,
    /// How many rounds; all clients take their turns in each, and the medians count.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long a steady round of one client takes, in milliseconds.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    measure_ms: u64,
    /// How many bursts make a cold round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    bursts: u32,
    /// Threads of each client, and of the server.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    threads: u32,
    /// Only scenarios whose names contain this, such as "h2c", "64 callers" or "cold"; given several times, all of it.
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
    /// Names the scenarios that would be measured, and measures nothing.
    #[arg(long)]
    list: bool,
    /// All rounds are written here, too, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The table is written here, too, as Markdown: between the lines of comment that mark its place, if the file is
    /// there. docs/HTTP-BENCHMARKS.md has them.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// Who takes part.
struct Contender {
    name: &'static str,
    process: Process,
}

/// What a client did in a scenario.
pub(crate) struct Measured {
    pub(crate) client: &'static str,
    pub(crate) rounds: Vec<Round>,
    /// The first one that was seen, of whatever round.
    pub(crate) first_error: Option<String>,
    pub(crate) not_available: Option<String>,
}

/// The name of the client that the others are compared with.
pub(crate) const OWN: &str = "latebind-hyper";

pub(crate) fn run(options: &Options) -> io::Result<()> {
    let scenarios = chosen(options);
    if options.list {
        for scenario in &scenarios {
            println!("{scenario}");
        }
        return Ok(());
    }
    if let Some(page) = &options.markdown {
        // Before the half hour, not after it.
        markdown::check(page)?;
    }
    let program = std::env::current_exe()?;
    let threads = options.threads.to_string();
    let start = |arguments: &[&str]| {
        Process::start(Command::new(&program).args(arguments).args(["--threads", &threads]))
    };
    let mut contenders = Vec::new();
    for (name, kind) in [(OWN, "latebind"), ("hyper-util", "hyper-util"), ("reqwest", "reqwest")] {
        contenders.push(Contender { name, process: start(&["http-client", kind])? });
    }
    eprintln!("compiling the client in Go: with the standard library, a minute or two the first time");
    let go = match go::build()? {
        Go::Program { path, version } => {
            let process = Process::start(Command::new(path).env("GOMAXPROCS", &threads))?;
            contenders.push(Contender { name: "Go net/http", process });
            format!("Go's net/http of {version}")
        }
        Go::Missing(why) => format!("without Go: {why}"),
    };
    eprintln!("{go}");
    let mut bench = Bench::new(start(&["http-server"])?, contenders, scenarios, options)?;
    let measured = bench.measure()?;
    println!("{}", report::table(&measured));
    println!("{}", report::legend(options, bench.rounds, &go));
    if let Some(file) = &options.json {
        report::write(file, &measured)?;
    }
    if let Some(page) = &options.markdown {
        let run = markdown::Run { rounds: bench.rounds, pace: bench.pace, threads: options.threads, go };
        markdown::write(page, &run, &measured)?;
    }
    Ok(())
}

/// What the options ask for.
fn chosen(options: &Options) -> Vec<Scenario> {
    let mut scenarios = scenario::all();
    scenarios.retain(|scenario| {
        let name = scenario.to_string();
        options.only.iter().all(|part| name.contains(part)) && (scenario.callers == 64 || !options.quick)
    });
    scenarios
}

struct Bench {
    server: Process,
    listening: Listening,
    contenders: Vec<Contender>,
    scenarios: Vec<Scenario>,
    rounds: u32,
    pace: Pace,
}

impl Bench {
    fn new(
        mut server: Process,
        contenders: Vec<Contender>,
        scenarios: Vec<Scenario>,
        options: &Options,
    ) -> io::Result<Self> {
        let listening = server.listen()?;
        let mut pace = Pace { measure_ms: options.measure_ms, bursts: options.bursts };
        let mut rounds = options.rounds;
        if options.quick {
            pace = Pace { measure_ms: 100, bursts: 1 };
            rounds = 1;
        }
        Ok(Self { server, listening, contenders, scenarios, rounds, pace })
    }

    fn measure(&mut self) -> io::Result<Vec<(Scenario, Vec<Measured>)>> {
        let steps = self.scenarios.len() * self.contenders.len() * self.rounds as usize;
        let progress = ProgressBar::new(steps as u64);
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} ({eta})");
        progress.set_style(style.map_err(io::Error::other)?);
        let mut measured = Vec::new();
        for scenario in self.scenarios.clone() {
            progress.set_message(scenario.to_string());
            if progress.is_hidden() {
                eprintln!("{scenario}");
            }
            measured.push((scenario, self.one(scenario, &progress)?));
        }
        progress.finish_and_clear();
        Ok(measured)
    }

    fn one(&mut self, scenario: Scenario, progress: &ProgressBar) -> io::Result<Vec<Measured>> {
        let order = scenario.order(&self.listening, self.pace);
        let blank = |contender: &Contender| Measured {
            client: contender.name,
            rounds: Vec::new(),
            first_error: None,
            not_available: None,
        };
        let mut measured: Vec<Measured> = self.contenders.iter().map(blank).collect();
        for round in 0..self.rounds as usize {
            // Nobody is always the first one.
            for turn in 0..measured.len() {
                let turn = (turn + round) % measured.len();
                self.turn(turn, &order, &mut measured[turn])?;
                progress.inc(1);
            }
        }
        Ok(measured)
    }

    fn turn(&mut self, turn: usize, order: &Order, measured: &mut Measured) -> io::Result<()> {
        let before = self.quiet()?;
        let contender = &mut self.contenders[turn];
        let processor = contender.process.processor_ns();
        let answer: Answer = contender.process.ask(order)?;
        if answer.not_available.is_some() {
            measured.not_available = answer.not_available;
            return Ok(());
        }
        let used = contender.process.processor_ns().zip(processor).map(|(after, before)| after - before);
        let after = self.quiet()?;
        // What another client has left open is not this one's.
        let connections = Connections {
            made: after.accepted - before.accepted,
            peak: after.peak - before.open.min(after.peak),
        };
        measured.first_error = measured.first_error.take().or_else(|| answer.first_error.clone());
        measured.rounds.push(Round::new(answer, used, connections));
        Ok(())
    }
}

/// What is still being dialed or closed must not disturb, or be counted for, the next client: how long that may take.
const QUIET: Duration = Duration::from_secs(1);

/// What does not change for so long stays: longer than a slow connect. Go leaves one or two connections of HTTP/2 open
/// whose server has said goodbye.
const UNCHANGED: Duration = Duration::from_millis(150);

impl Bench {
    /// Waits until all connections are closed; not for ever, as a client may keep some. The peak is that since the
    /// last call.
    fn quiet(&mut self) -> io::Result<Census> {
        let begin = Instant::now();
        let (mut last, mut peak, mut changed) = (None, 0, begin);
        loop {
            let census: Census = self.server.ask(&())?;
            peak = census.peak.max(peak);
            let is_same = last == Some(census);
            if !is_same {
                changed = Instant::now();
            }
            // Twice the same: none waits to be accepted.
            let is_quiet = is_same && (census.open == 0 || changed.elapsed() > UNCHANGED);
            if is_quiet || begin.elapsed() > QUIET {
                return Ok(Census { peak, ..census });
            }
            last = Some(census);
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn runtime(threads: usize) -> io::Result<Runtime> {
    if threads == 1 {
        return runtime::Builder::new_current_thread().enable_all().build();
    }
    runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}
