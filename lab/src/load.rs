//! The load: the same arrivals on both pools at the same time, each with a server of its own.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use latebind_tokio::Config;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::arrivals::Arrival;
use crate::connector::Connector;
use crate::contender::Contender;
use crate::manager::{HttpManager, LatePool};
use crate::outcome::{Outcome, Served};
use crate::own_dial::OwnDialPool;
use crate::patience::within;
use crate::server::Server;

/// What both pools have to bear.
#[derive(Clone, Debug)]
pub struct Load {
    /// The requests.
    pub arrivals: Vec<Arrival>,
    /// How long a dial takes.
    pub handshake: Duration,
    /// Connections at most: dialing, open and closing.
    pub max_connections: u32,
    /// Parked connections at most.
    pub max_idle: u32,
}

/// Runs the load on both pools side by side: with late binding, and with requests that wait for their own dial.
///
/// Both run at the same time, so that whatever else the machine does disturbs them alike.
///
/// # Errors
///
/// If a request was not answered, or on another connection than the one it held; or if a pool broke a limit.
pub async fn run(load: &Load) -> anyhow::Result<(Outcome, Outcome)> {
    let progress = progress_bar(2 * load.arrivals.len())?;
    let late = run_on(load, &progress, |connector| {
        let config = Config::default()
            .request_timeout(None)
            .max_connections(load.max_connections)
            .max_connections_per_key(load.max_connections)
            .max_idle_per_key(load.max_idle);
        Ok(LatePool::builder(HttpManager::new(connector)).config(config).build()?)
    });
    let own = run_on(load, &progress, |connector| {
        Ok(OwnDialPool::new(connector, load.max_connections, load.max_idle as usize))
    });
    let (late, own) = tokio::join!(late, own);
    progress.finish_and_clear();
    Ok((late.context("the late-binding pool")?, own.context("the own-dial pool")?))
}

async fn run_on<C: Contender>(
    load: &Load,
    progress: &ProgressBar,
    pool: impl FnOnce(Arc<Connector>) -> anyhow::Result<C>,
) -> anyhow::Result<Outcome> {
    let server = Server::start().await.context("cannot start the server")?;
    let connector = Arc::new(Connector::new(server.address(), load.handshake));
    let pool = pool(Arc::clone(&connector))?;

    let start = Instant::now();
    let mut requests = JoinSet::new();
    for &arrival in &load.arrivals {
        requests.spawn(request(pool.clone(), start, arrival));
    }
    let mut answered = Vec::with_capacity(load.arrivals.len());
    while let Some(request) = requests.join_next().await {
        answered.push(request??);
        progress.inc(1);
    }
    within("the pool shuts down", pool.end()).await?;
    within("every connection ends", connector.ended()).await?;
    let census = connector.census();
    let (peak, limit) = (census.peak, load.max_connections as usize);
    ensure!(peak <= limit, "there should be {limit} connections at most, but there were {peak}");
    within("the server sees every dial, and its end", server.closed(census.dials)).await?;
    Ok(Outcome::new(&answered, census.dials, census.peak))
}

async fn request<C: Contender>(pool: C, start: Instant, arrival: Arrival) -> anyhow::Result<Served> {
    let due = start + arrival.at;
    sleep_until(due).await;
    let asked = Instant::now();
    let (mut lease, source) = within("a request gets a connection", pool.obtain()).await??;
    let wait = asked.elapsed();
    let path = format!("/after/{}", arrival.service.as_micros());
    let seen = within("a request is answered", lease.fetch(&path)).await??;
    ensure!(seen == lease.local(), "a request of {} reached the server from {seen}", lease.local());
    Ok(Served { wait, source, lateness: asked - due })
}

/// Drawn on stderr, and only if that is a terminal.
fn progress_bar(requests: usize) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("  {bar:40} {pos} of {len} requests answered")?;
    Ok(ProgressBar::new(requests as u64).with_style(style))
}
