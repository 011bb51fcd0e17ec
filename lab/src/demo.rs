//! The demo: the scene, then the load, with a few sentences for who sees late binding for the first time.

use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use latebind_tokio::Source;

use crate::args::DemoOptions;
use crate::load::Load;
use crate::outcome::{Outcome, check_claims};
use crate::scene::Shown;
use crate::text::millis;
use crate::{arrivals, load, scene, table};

/// Runs the demo and writes it to `out`.
///
/// # Errors
///
/// The first expectation that was not met, or an I/O error.
pub async fn run(options: &DemoOptions, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    writeln!(out, "{IDEA}")?;
    show_scene(options, out).await.context("the scene")?;
    show_load(options, out).await.context("the load")?;
    Ok(())
}

const IDEA: &str = "\
Late binding: a request that finds no idle connection starts a dial, and then takes whichever
comes first: a finished dial, or a connection that another request gives back.
";

async fn show_scene(options: &DemoOptions, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    writeln!(
        out,
        "1. A scene, over real TCP connections. A dial takes {} ms, as to a distant server.
   In brackets: where the connection came from.
",
        options.handshake_ms
    )?;
    let Shown { first, second, third, wait, dial } = scene::play(out, options.handshake()).await?;
    writeln!(
        out,
        "
  What the server saw:
    /foo from {first}
    /bar from {second}  the same connection
    /baz from {third}  the one that was dialed for /bar
  /bar had its connection after {}; its own dial was done after {}.
",
        millis(wait),
        millis(dial)
    )?;
    Ok(())
}

async fn show_load(options: &DemoOptions, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    let DemoOptions { requests, handshake_ms, max_connections, max_idle, seed } = *options;
    let arrivals = arrivals::bursts(requests as usize, seed);
    let lasts = arrivals.last().map_or(0.0, |last| last.at.as_secs_f64());
    writeln!(
        out,
        "2. A load: {requests} requests in short bursts. A dial takes {handshake_ms} ms, an answer {}.
   Two pools serve it side by side: one binds late; in the other, a request that has started
   a dial waits for that dial only. Each may have {max_connections} connections, and keep {max_idle} of them idle.
   Running for about {lasts:.1} s ...
",
        arrivals::SERVICE
    )?;
    out.flush()?;
    let load = Load { arrivals, handshake: options.handshake(), max_connections, max_idle };
    let mut runs_left = RUNS;
    loop {
        runs_left -= 1;
        let (late, own) = load::run(&load).await?;
        writeln!(out, "{}", table::comparison(&late, &own))?;
        let Err(claim) = check_claims(&late, &own) else {
            writeln!(out, "{}", lesson(&late, &own))?;
            return Ok(());
        };
        let lateness = late.lateness(95).max(own.lateness(95));
        if lateness < STALL || runs_left == 0 {
            return Err(claim);
        }
        let lateness = millis(lateness);
        writeln!(out, "The machine was busy: requests came up to {lateness} late (p95). Once more ...\n")?;
    }
}

/// How often the load is run at most, on a machine that stalls.
const RUNS: u32 = 3;

/// A machine that lets requests come so much too late measures itself rather than pools.
const STALL: Duration = Duration::from_millis(5);

/// What the table shows, in words; [`check_claims`] has checked it.
fn lesson(late: &Outcome, own: &Outcome) -> String {
    format!(
        "\
With late binding the requests waited less ({} on average instead of {}), for no more
dials ({} instead of {}): {} of them took a connection that another one gave back.",
        millis(late.mean_wait()),
        millis(own.mean_wait()),
        late.dials,
        own.dials,
        late.came_from(Source::Returned),
    )
}
