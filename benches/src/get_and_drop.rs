//! On tokio: get a connection and drop it, beside other pools, interleaved in one run.

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::sync::Mutex;
use std::time::Instant;

use comfy_table::Table;

/// What is lent: as large as the handle of a socket and its buffer.
type Connection = [u64; 2];

/// Who takes part: name, and a round of so many cycles.
type Contender<'a> = (&'static str, Box<dyn Fn(u32) + 'a>);

pub(crate) fn run(rounds: u32, cycles: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime needs nothing but memory");
    let _entered = runtime.enter();
    let latebind = latebind_tokio::Pool::builder(Latebind).build().expect("the defaults hold together");
    let bb8 = runtime.block_on(bb8::Pool::builder().max_size(10).build(Bb8)).expect("it connects at once");
    let deadpool = deadpool::managed::Pool::<Deadpool>::builder(Deadpool).max_size(10).build();
    let deadpool = deadpool.expect("no timeouts, no runtime needed");
    let bare = Mutex::new(vec![Connection::default()]);

    let contenders: [Contender<'_>; 4] = [
        (
            "Mutex<Vec>: the limit",
            Box::new(|cycles| {
                for _ in 0..cycles {
                    let connection = bare.lock().expect("nobody panics").pop();
                    bare.lock().expect("nobody panics").extend(black_box(connection));
                }
            }),
        ),
        ("latebind", Box::new(|cycles| runtime.block_on(repeat(cycles, || latebind.get(&()))))),
        ("bb8", Box::new(|cycles| runtime.block_on(repeat(cycles, || bb8.get())))),
        ("deadpool", Box::new(|cycles| runtime.block_on(repeat(cycles, || deadpool.get())))),
    ];
    print(&measure(&contenders, rounds, cycles), rounds, cycles);
}

/// Gets and drops, again and again.
async fn repeat<T, E, F: Future<Output = Result<T, E>>>(cycles: u32, get: impl Fn() -> F) {
    for _ in 0..cycles {
        black_box(get().await.ok().expect("a connection is there"));
    }
}

/// The median time of a cycle for each, in nanoseconds: all take their turns in every round.
fn measure(contenders: &[Contender<'_>], rounds: u32, cycles: u32) -> Vec<(&'static str, f64)> {
    let mut times = vec![Vec::new(); contenders.len()];
    // The first round warms up.
    for round in 0..=rounds {
        for ((_, contender), times) in contenders.iter().zip(&mut times) {
            let start = Instant::now();
            contender(cycles);
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(cycles));
            }
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    contenders.iter().zip(&mut times).map(|((name, _), times)| (*name, median(times))).collect()
}

fn print(medians: &[(&'static str, f64)], rounds: u32, cycles: u32) {
    let limit = medians[0].1;
    let mut table = Table::new();
    table.set_header(["get + drop, one task", "ns", "× the limit"]);
    for (name, median) in medians {
        table.add_row([(*name).to_owned(), format!("{median:.0}"), format!("{:.1}", median / limit)]);
    }
    println!(
        "{table}\nmedians of {rounds} interleaved rounds of {cycles} cycles; compare within this table only"
    );
}

struct Latebind;

impl latebind_tokio::Manager for Latebind {
    type Key = ();
    type Connection = Connection;
    type Error = Infallible;

    async fn connect(&self, _key: &()) -> Result<Connection, Infallible> {
        Ok(Connection::default())
    }
}

struct Bb8;

impl bb8::ManageConnection for Bb8 {
    type Connection = Connection;
    type Error = Infallible;

    async fn connect(&self) -> Result<Connection, Infallible> {
        Ok(Connection::default())
    }

    async fn is_valid(&self, _connection: &mut Connection) -> Result<(), Infallible> {
        Ok(())
    }

    fn has_broken(&self, _connection: &mut Connection) -> bool {
        false
    }
}

struct Deadpool;

impl deadpool::managed::Manager for Deadpool {
    type Type = Connection;
    type Error = Infallible;

    async fn create(&self) -> Result<Connection, Infallible> {
        Ok(Connection::default())
    }

    async fn recycle(
        &self,
        _connection: &mut Connection,
        _metrics: &deadpool::managed::Metrics,
    ) -> deadpool::managed::RecycleResult<Infallible> {
        Ok(())
    }
}
