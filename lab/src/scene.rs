//! The scene: a request is answered on the connection that another one gives back, while its own dial is held up.
//!
//! The story is that of Go's `TestTransportSocketLateBinding`, with a third request for the dial that was left over.
//! No step is ordered by sleeping: gates hold answers and dials up, and tell who has arrived at them.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use latebind_tokio::{Lease, Source};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::connector::Connector;
use crate::gate::Gate;
use crate::manager::{HttpManager, LatePool};
use crate::patience::within;
use crate::server::Server;
use crate::text::millis;

/// What the scene has shown; everything in it was checked.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Where the server saw `/foo` come from.
    pub first: SocketAddr,
    /// Where it saw `/bar` come from: the same.
    pub second: SocketAddr,
    /// Where it saw `/baz` come from: the connection that was dialed for `/bar`.
    pub third: SocketAddr,
    /// How long `/bar` waited for a connection.
    pub wait: Duration,
    /// How long it would have waited for its own dial.
    pub dial: Duration,
}

/// Plays the scene and writes each step to `out`; a dial takes `handshake`, and longer if it is held up.
///
/// # Errors
///
/// The first expectation that was not met, or an I/O error.
pub async fn play(out: &mut (impl Write + Send), handshake: Duration) -> anyhow::Result<Shown> {
    let mut scene = Scene::set(out, handshake).await?;
    let (local, answer) = scene.foo_takes_the_only_connection().await?;
    let (asked, waiter) = scene.bar_waits_and_its_dial_is_held_up().await?;
    let first = scene.foo_ends(answer, local).await?;
    let Served { lease, wait, seen: second } = scene.bar_is_answered_in_between(waiter, first).await?;
    scene.the_surplus_dial_is_parked().await?;
    let dial = asked.elapsed();
    ensure!(wait < dial, "/bar waited {wait:?}, though its own dial was done after {dial:?}");
    let third = scene.baz_uses_the_surplus_dial(first).await?;
    drop(lease);
    scene.strike().await?;
    Ok(Shown { first, second, third, wait, dial })
}

/// A request that is under way on its connection; the server tells where it saw it come from.
type Answer = JoinHandle<anyhow::Result<SocketAddr>>;

/// A request that waits for a connection: what it gets, and how long that took.
type Waiter = JoinHandle<anyhow::Result<(Lease<HttpManager>, Duration)>>;

struct Served {
    lease: Lease<HttpManager>,
    wait: Duration,
    seen: SocketAddr,
}

struct Scene<'o, W> {
    server: Server,
    foo_gate: Arc<Gate>,
    connector: Arc<Connector>,
    pool: LatePool,
    start: Instant,
    out: &'o mut W,
}

impl<'o, W: Write + Send> Scene<'o, W> {
    async fn set(out: &'o mut W, handshake: Duration) -> anyhow::Result<Self> {
        let server = Server::start().await.context("cannot start the server")?;
        let foo_gate = server.hold("/foo");
        let connector = Arc::new(Connector::new(server.address(), handshake));
        let pool = LatePool::builder(HttpManager::new(Arc::clone(&connector))).build()?;
        Ok(Self { server, foo_gate, connector, pool, start: Instant::now(), out })
    }

    async fn foo_takes_the_only_connection(&mut self) -> anyhow::Result<(SocketAddr, Answer)> {
        self.tell("/foo", "asks for a connection. There is none: the pool dials.", None)?;
        let mut lease = within("/foo gets a connection", self.pool.get(&())).await??;
        let (local, source) = (lease.local(), lease.source());
        expect_source("/foo", source, Source::OwnDial)?;
        let answer = tokio::spawn(async move { lease.fetch("/foo").await });
        within("/foo arrives at the server", self.foo_gate.holds(1)).await?;
        self.tell("/foo", &format!("is sent on {local}; the server holds the answer back."), Some(source))?;
        Ok((local, answer))
    }

    async fn bar_waits_and_its_dial_is_held_up(&mut self) -> anyhow::Result<(Instant, Waiter)> {
        self.connector.gate().close();
        let asked = Instant::now();
        let pool = self.pool.clone();
        let waiter = tokio::spawn(async move { Ok((pool.get(&()).await?, asked.elapsed())) });
        within("the pool dials for /bar", self.connector.gate().holds(1)).await?;
        let stats = self.pool.stats();
        ensure!(
            (stats.waiters, stats.dialing, stats.leased, stats.idle) == (1, 1, 1, 0),
            "/bar should wait beside one dial and one lease, but the pool holds {stats}"
        );
        self.tell("/bar", "asks. None is idle: the pool dials once more, and we hold that dial up.", None)?;
        Ok((asked, waiter))
    }

    async fn foo_ends(&mut self, answer: Answer, local: SocketAddr) -> anyhow::Result<SocketAddr> {
        self.foo_gate.open();
        let seen = within("/foo is answered", answer).await???;
        ensure!(seen == local, "/foo was sent from {local}, but the server saw it come from {seen}");
        self.tell("/foo", "is answered, and gives its connection back.", None)?;
        Ok(seen)
    }

    async fn bar_is_answered_in_between(
        &mut self,
        waiter: Waiter,
        first: SocketAddr,
    ) -> anyhow::Result<Served> {
        let (mut lease, wait) = within("/bar gets the connection that /foo gave back", waiter).await???;
        expect_source("/bar", lease.source(), Source::Returned)?;
        let seen = within("/bar is answered", lease.fetch("/bar")).await??;
        ensure!(seen == first, "the server saw /foo come from {first}, but /bar from {seen}");
        let held = self.connector.gate().held();
        ensure!(held == 1, "/bar's own dial should still be held up, but {held} dials are");
        let accepted = self.server.counts().accepted;
        ensure!(accepted == 1, "the server should have seen one connection so far, but has seen {accepted}");
        self.tell("/bar", &format!("is answered on {seen}, and keeps it for now."), Some(lease.source()))?;
        Ok(Served { lease, wait, seen })
    }

    async fn the_surplus_dial_is_parked(&mut self) -> anyhow::Result<()> {
        self.tell("/bar", "its dial is let go. Nobody waits for it any more.", None)?;
        self.connector.gate().open();
        let parked = async {
            self.connector.dialed(2).await;
            // The pool hears of it a moment later. `/bar` still has the other connection.
            while self.pool.stats().idle != 1 {
                tokio::task::yield_now().await;
            }
        };
        within("the surplus dial is parked", parked).await?;
        self.tell("/bar", "its dial is done. It is not wasted: the pool parks the connection.", None)
    }

    async fn baz_uses_the_surplus_dial(&mut self, first: SocketAddr) -> anyhow::Result<SocketAddr> {
        let mut lease = within("/baz gets the parked connection", self.pool.get(&())).await??;
        expect_source("/baz", lease.source(), Source::Idle)?;
        let seen = within("/baz is answered", lease.fetch("/baz")).await??;
        ensure!(seen != first, "the server saw /baz come from {seen}, which /bar still has");
        let (dials, accepted) = (self.connector.census().dials, self.server.counts().accepted);
        ensure!(
            (dials, accepted) == (2, 2),
            "there should be two dials and two connections, but {dials} were made and {accepted} accepted"
        );
        self.tell("/baz", &format!("asks, and is answered on {seen} at once."), Some(lease.source()))?;
        Ok(seen)
    }

    /// Takes everything down, and checks that nothing stays.
    async fn strike(self) -> anyhow::Result<()> {
        within("the pool shuts down", self.pool.shutdown()).await?;
        within("the server sees two connections, and their end", self.server.closed(2)).await
    }

    fn tell(&mut self, who: &str, what: &str, source: Option<Source>) -> anyhow::Result<()> {
        let source = source.map(|source| format!("  [{source:?}]")).unwrap_or_default();
        writeln!(self.out, "  {:>8}  {who}  {what}{source}", millis(self.start.elapsed()))?;
        Ok(())
    }
}

fn expect_source(who: &str, found: Source, expected: Source) -> anyhow::Result<()> {
    ensure!(found == expected, "{who} should get its connection as {expected:?}, but got it as {found:?}");
    Ok(())
}
