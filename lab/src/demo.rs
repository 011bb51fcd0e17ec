//! The demo: the scene, on one runtime or on all, then the load, with a few sentences for newcomers to late binding.

use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use latebind_async_std::AsyncStdRuntime;
use latebind_smol::SmolRuntime;
use latebind_tokio::{Source, TokioRuntime};

use crate::args::{DemoOptions, RuntimeChoice};
use crate::client::Client;
use crate::load::Load;
use crate::outcome::{Outcome, check_claims};
use crate::runtimes::tasks::Tasks;
use crate::runtimes::threads::Threads;
use crate::scene::Shown;
use crate::text::millis;
use crate::{arrivals, load, scene, table};

/// Runs the demo and writes it to `out`; to be called on tokio.
///
/// # Errors
///
/// The first expectation that was not met, or an I/O error.
pub async fn run(options: &DemoOptions, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    writeln!(out, "{IDEA}")?;
    show_scenes(options, out).await?;
    if options.runtime.includes(RuntimeChoice::Tokio) {
        show_load(options, out).await.context("the load")
    } else {
        writeln!(out, "The load is run on tokio only: see `--runtime tokio`, or `all`.")?;
        Ok(())
    }
}

const IDEA: &str = "\
Late binding: a request that finds no idle connection starts a dial, and then takes whichever
comes first: a finished dial, or a connection that another request gives back.
";

async fn show_scenes(options: &DemoOptions, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    use RuntimeChoice::{All, AsyncStd, Smol, Std, Tokio};

    let title = match options.runtime {
        Tokio => "1. A scene",
        AsyncStd | Smol | Std => "A scene",
        All => "1. A scene, on each runtime",
    };
    writeln!(
        out,
        "{title}, over real TCP connections. A dial takes {} ms, as to a distant server.
   In brackets: where the connection came from.
",
        options.handshake_ms
    )?;
    let mut scenes = Vec::new();
    if options.runtime.includes(Tokio) {
        scenes.push(show_scene::<Tasks<TokioRuntime>>(options, out).await?);
    }
    if options.runtime.includes(AsyncStd) {
        scenes.push(show_scene::<Tasks<AsyncStdRuntime>>(options, out).await?);
    }
    if options.runtime.includes(Smol) {
        scenes.push(show_scene::<Tasks<SmolRuntime>>(options, out).await?);
    }
    if options.runtime.includes(Std) {
        scenes.push(show_scene::<Threads>(options, out).await?);
    }
    if options.runtime == All {
        writeln!(out, "The same everywhere:\n\n{}", table::runtimes(&scenes))?;
    }
    Ok(())
}

async fn show_scene<C: Client>(
    options: &DemoOptions,
    out: &mut (impl Write + Send),
) -> anyhow::Result<(&'static str, Shown)> {
    if options.runtime != RuntimeChoice::Tokio {
        writeln!(out, "On {}, with {}:\n", C::NAME, C::MEANS)?;
    }
    let played = scene::play::<C>(out, options.handshake()).await;
    let shown = played.with_context(|| format!("the scene on {}", C::NAME))?;
    let Shown { first, second, third, wait, dial } = shown;
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
    Ok((C::NAME, shown))
}

async fn show_load(options: &DemoOptions, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    let DemoOptions { runtime, requests, handshake_ms, max_connections, max_idle, seed } = *options;
    let place = if runtime == RuntimeChoice::All { ", on tokio" } else { "" };
    let arrivals = arrivals::bursts(requests as usize, seed);
    let lasts = arrivals.last().map_or(0.0, |last| last.at.as_secs_f64());
    writeln!(
        out,
        "2. A load{place}: {requests} requests in short bursts. A dial takes {handshake_ms} ms, an answer {}.
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
