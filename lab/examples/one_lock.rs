//! What one lock costs: the measured side of docs/MANY-CORES.md, whose figures `latebind-lab cores` starts from.
//!
//! ```sh
//! cargo run --release -p latebind-lab --example one_lock -- threads
//! valgrind --tool=callgrind target/release/examples/one_lock count served 20000   # and again with 10000
//! ```

use std::convert::Infallible;
use std::future::Future;
use std::hint::{black_box, spin_loop};
use std::ops::DerefMut;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand, ValueEnum};
use comfy_table::Table;
use latebind_tokio::{Config, Manager, Pool};
use tokio::runtime::{Builder, Runtime};

/// Measures one lock: two threads on one pool beside two threads on two pools, and instructions to be counted.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// One thread, two on one pool, two on a pool each; interleaved, and the best tenth counts
    ///
    /// Rounds count in which both threads began together, and of these the best tenth: on a busy machine, a thread that
    /// loses its core in the middle of a round says nothing about the lock. Compare within the table only.
    Threads {
        /// Interleaved rounds
        #[arg(long, default_value_t = 100)]
        rounds: u32,
        /// Cycles of each thread in a round
        #[arg(long, default_value_t = 1_000)]
        cycles: u32,
    },
    /// One thread, so many cycles, for callgrind: the difference of two runs, divided by that of their cycles
    Count {
        /// What is done
        #[arg(value_enum)]
        step: Step,
        /// How often
        cycles: u32,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Step {
    /// The driver: a connection taken from idle, and given back to be parked
    Served,
    /// The driver: one waits, one gives back to the first waiter, who picks it up; 56 wait all the time
    HandedOver,
    /// The lock and the clock alone: two round trips of a mutex, and two readings
    Bare,
}

fn main() {
    let what = Arguments::parse().what;
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build();
    let runtime = runtime.expect("a runtime needs memory and a thread");
    match what {
        What::Threads { rounds, cycles } => compare(rounds.max(10), cycles.max(1), &runtime),
        What::Count { step, cycles } => count(step, cycles, &runtime),
    }
}

fn count(step: Step, cycles: u32, runtime: &Runtime) {
    match step {
        Step::Served => {
            let pool = pool(runtime, 2);
            (0..cycles).for_each(|_| get_and_drop(&pool));
        }
        Step::HandedOver => hand_over(cycles, &pool(runtime, 1)),
        Step::Bare => {
            let bare = Mutex::new(0_u64);
            for _ in 0..2 * cycles {
                black_box(Instant::now());
                *bare.lock().expect("nobody panics") += 1;
            }
        }
    }
}

/// The waiters stand in a ring, so that no future is made anew in another place.
fn hand_over(cycles: u32, pool: &Pool<Nothing>) {
    let mut get = Box::pin(pool.get(&()));
    let Poll::Ready(lease) = poll(&mut get) else { panic!("a connection is there") };
    let mut held = lease.ok();
    let mut waiters: Vec<_> = (0..56).map(|_| Box::pin(pool.get(&()))).collect();
    for waiter in &mut waiters {
        assert!(poll(waiter).is_pending());
    }
    for cycle in 0..cycles as usize {
        drop(held.take());
        let waiter = cycle % waiters.len();
        let Poll::Ready(lease) = poll(&mut waiters[waiter]) else { panic!("it is its turn") };
        held = lease.ok();
        waiters[waiter].set(pool.get(&()));
        assert!(poll(&mut waiters[waiter]).is_pending());
    }
}

/// A case of the comparison: who runs, and on what.
type Case<'a> = (&'static str, Box<dyn Fn() -> Option<Duration> + 'a>);

fn compare(rounds: u32, cycles: u32, runtime: &Runtime) {
    let (one, two) = (pool(runtime, 2), pool(runtime, 2));
    let spins = per_microsecond();
    let work = |micros: u64| {
        move |pool: &Pool<Nothing>| {
            get_and_drop(pool);
            spin(micros * spins);
        }
    };
    let cases: [Case<'_>; 8] = [
        ("1 thread", Box::new(|| timed(cycles, &[&one], &work(0)))),
        ("2 threads, a pool each", Box::new(|| timed(cycles, &[&one, &two], &work(0)))),
        ("2 threads, one pool", Box::new(|| timed(cycles, &[&one, &one], &work(0)))),
        ("2 threads, a pool each, 1 µs of work", Box::new(|| timed(cycles, &[&one, &two], &work(1)))),
        ("2 threads, one pool, 1 µs of work", Box::new(|| timed(cycles, &[&one, &one], &work(1)))),
        ("2 threads, a pool each, 5 µs of work", Box::new(|| timed(cycles, &[&one, &two], &work(5)))),
        ("2 threads, one pool, 5 µs of work", Box::new(|| timed(cycles, &[&one, &one], &work(5)))),
        ("a cache line there and back", Box::new(|| ping_pong(cycles))),
    ];
    let mut times = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for ((_, case), times) in cases.iter().zip(&mut times) {
            times.extend(case().map(|time| time.as_secs_f64() * 1e9 / f64::from(cycles)));
        }
    }
    let mut table = Table::new();
    table.set_header(["get + drop", "ns per cycle of a thread, best tenth", "median", "rounds that count"]);
    for ((name, _), times) in cases.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let [best, median] = [10, 2].map(|part| times.get(times.len() / part).map_or(f64::NAN, |time| *time));
        let figures = [format!("{best:.0}"), format!("{median:.0}"), times.len().to_string()];
        table.add_row([(*name).to_owned()].into_iter().chain(figures));
    }
    println!("{table}\n{rounds} interleaved rounds of {cycles} cycles; compare within this table only");
}

/// As long as the slower of the threads takes, one for each of the pools; `None` if they did not run at the same time.
fn timed(
    cycles: u32,
    pools: &[&Pool<Nothing>],
    cycle: &(impl Fn(&Pool<Nothing>) + Sync),
) -> Option<Duration> {
    let line_up = LineUp::new(pools.len());
    let run = |pool: &Pool<Nothing>| {
        cycle(pool);
        line_up.wait();
        let start = Instant::now();
        (0..cycles).for_each(|_| cycle(pool));
        (start, Instant::now())
    };
    let times: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = pools.iter().map(|pool| scope.spawn(|| run(pool))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let (first, last) =
        (times.iter().map(|(start, _)| *start).min()?, times.iter().map(|(start, _)| *start).max()?);
    let longest = times.iter().map(|(start, end)| end.duration_since(*start)).max()?;
    (last.duration_since(first) < longest / 20).then_some(longest)
}

/// Threads that spin until all of them run: one that sleeps would come when the others are done.
struct LineUp(AtomicUsize);

impl LineUp {
    fn new(threads: usize) -> Self {
        Self(AtomicUsize::new(threads))
    }

    fn wait(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
        spin_until(|| self.0.load(Ordering::Acquire) == 0);
    }
}

/// Now and then it lets others run: on a busy machine the other thread may be among those.
fn spin_until(is_true: impl Fn() -> bool) {
    while !(0..10_000).any(|_| {
        spin_loop();
        is_true()
    }) {
        thread::yield_now();
    }
}

fn ping_pong(cycles: u32) -> Option<Duration> {
    let (line, line_up) = (AtomicU64::new(0), LineUp::new(2));
    let play = |parity: u64| {
        line_up.wait();
        let start = Instant::now();
        for turn in 0..u64::from(cycles) {
            spin_until(|| line.load(Ordering::Acquire) == 2 * turn + parity);
            line.store(2 * turn + parity + 1, Ordering::Release);
        }
        start.elapsed()
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| play(1));
        Some(play(0).max(other.join().expect("no panic")))
    })
}

/// How many turns of `spin` make a microsecond; the best of some tries.
fn per_microsecond() -> u64 {
    const TURNS: u64 = 100_000;
    let try_once = |_| {
        let start = Instant::now();
        spin(TURNS);
        start.elapsed()
    };
    let best = (0..50).map(try_once).min().unwrap_or_default();
    (TURNS * 1_000 / best.as_nanos().max(1) as u64).max(1)
}

fn spin(turns: u64) {
    (0..turns).for_each(|turn| _ = black_box(turn));
}

fn get_and_drop(pool: &Pool<Nothing>) {
    let mut get = pin!(pool.get(&()));
    let Poll::Ready(lease) = poll(&mut get) else { panic!("a connection is there") };
    drop(black_box(lease));
}

fn poll<F: Future>(future: &mut Pin<impl DerefMut<Target = F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// With so many connections, all of them parked.
fn pool(runtime: &Runtime, connections: u32) -> Pool<Nothing> {
    runtime.block_on(async {
        let config = Config::default().max_connections(connections).request_timeout(None);
        let pool = Pool::builder(Nothing).config(config).build().expect("the config holds together");
        let mut leases = Vec::new();
        for _ in 0..connections {
            leases.push(pool.get(&()).await.expect("it connects at once"));
        }
        drop(leases);
        pool
    })
}

struct Nothing;

impl Manager for Nothing {
    type Key = ();
    type Connection = [u64; 2];
    type Error = Infallible;

    async fn connect(&self, _key: &()) -> Result<[u64; 2], Infallible> {
        Ok([0, 0])
    }
}
