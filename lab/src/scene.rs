//! The scene: a request is answered on the connection that another one gives back, while its own dial is held up.
//!
//! The story is that of Go's `TestTransportSocketLateBinding`, with a third request for the dial that was left over.
//! No step is ordered by sleeping: gates hold answers and dials up, and tell who has arrived at them.
//!
//! The pool and the requests are a [`Client`]'s, on whatever runtime that is; the server and the direction are on tokio.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use latebind_driver::Source;

use crate::client::{Client, Leased, Request};
use crate::connector::Connector;
use crate::gate::Gate;
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

/// Plays the scene on `C`, to be called on tokio, and writes each step to `out`; a dial takes `handshake`, and longer
/// if it is held up.
///
/// # Errors
///
/// The first expectation that was not met, or an I/O error.
pub async fn play<C: Client>(out: &mut (impl Write + Send), handshake: Duration) -> anyhow::Result<Shown> {
    let mut scene = Scene::<C, _>::set(out, handshake).await?;
    let (local, foo_request) = scene.foo_takes_the_only_connection().await?;
    let (asked, bar_request) = scene.bar_waits_and_its_dial_is_held_up().await?;
    let first = scene.foo_ends(foo_request, local).await?;
    let Served { request: bar_request, wait, seen: second } =
        scene.bar_is_answered_in_between(bar_request, first).await?;
    scene.the_surplus_dial_is_parked().await?;
    let dial = asked.elapsed();
    ensure!(wait < dial, "/bar waited {wait:?}, though its own dial was done after {dial:?}");
    let third = scene.baz_uses_the_surplus_dial(first).await?;
    within("/bar gives its connection back", bar_request.give_back()).await??;
    scene.strike().await?;
    Ok(Shown { first, second, third, wait, dial })
}

struct Served {
    request: Request,
    wait: Duration,
    seen: SocketAddr,
}

struct Scene<'o, C, W> {
    server: Server,
    foo_gate: Arc<Gate>,
    connector: Arc<Connector>,
    client: C,
    start: Instant,
    out: &'o mut W,
}

impl<'o, C: Client, W: Write + Send> Scene<'o, C, W> {
    async fn set(out: &'o mut W, handshake: Duration) -> anyhow::Result<Self> {
        let server = Server::start().await.context("cannot start the server")?;
        let foo_gate = server.hold("/foo");
        let connector = Arc::new(Connector::new(server.address(), handshake));
        let client = C::new(&connector)?;
        Ok(Self { server, foo_gate, connector, client, start: Instant::now(), out })
    }

    async fn foo_takes_the_only_connection(&mut self) -> anyhow::Result<(SocketAddr, Request)> {
        self.tell("/foo", "asks for a connection. There is none: the pool dials.", None)?;
        let mut request = self.client.request("/foo");
        let Leased { local, source, .. } = within("/foo gets a connection", request.leased()).await??;
        expect_source("/foo", source, Source::OwnDial)?;
        within("/foo arrives at the server", self.foo_gate.holds(1)).await?;
        self.tell("/foo", &format!("is sent on {local}; the server holds the answer back."), Some(source))?;
        Ok((local, request))
    }

    async fn bar_waits_and_its_dial_is_held_up(&mut self) -> anyhow::Result<(Instant, Request)> {
        self.connector.gate().close();
        let asked = Instant::now();
        let request = self.client.request("/bar");
        within("the pool dials for /bar", self.connector.gate().holds(1)).await?;
        let stats = self.client.stats();
        ensure!(
            (stats.waiters, stats.dialing, stats.leased, stats.idle) == (1, 1, 1, 0),
            "/bar should wait beside one dial and one lease, but the pool holds {stats}"
        );
        self.tell("/bar", "asks. None is idle: the pool dials once more, and we hold that dial up.", None)?;
        Ok((asked, request))
    }

    async fn foo_ends(&mut self, mut request: Request, local: SocketAddr) -> anyhow::Result<SocketAddr> {
        self.foo_gate.open();
        let seen = within("/foo is answered", request.answered()).await??;
        ensure!(seen == local, "/foo was sent from {local}, but the server saw it come from {seen}");
        within("/foo gives its connection back", request.give_back()).await??;
        self.tell("/foo", "is answered, and gives its connection back.", None)?;
        Ok(seen)
    }

    async fn bar_is_answered_in_between(
        &mut self,
        mut request: Request,
        first: SocketAddr,
    ) -> anyhow::Result<Served> {
        let leased = within("/bar gets the connection that /foo gave back", request.leased()).await??;
        let Leased { source, wait, .. } = leased;
        expect_source("/bar", source, Source::Returned)?;
        let seen = within("/bar is answered", request.answered()).await??;
        ensure!(seen == first, "the server saw /foo come from {first}, but /bar from {seen}");
        let held = self.connector.gate().held();
        ensure!(held == 1, "/bar's own dial should still be held up, but {held} dials are");
        let accepted = self.server.counts().accepted;
        ensure!(accepted == 1, "the server should have seen one connection so far, but has seen {accepted}");
        self.tell("/bar", &format!("is answered on {seen}, and keeps it for now."), Some(source))?;
        Ok(Served { request, wait, seen })
    }

    async fn the_surplus_dial_is_parked(&mut self) -> anyhow::Result<()> {
        self.tell("/bar", "its dial is let go. Nobody waits for it any more.", None)?;
        self.connector.gate().open();
        let parked = async {
            self.connector.dialed(2).await;
            // The pool hears of it a moment later. `/bar` still has the other connection.
            while self.client.stats().idle != 1 {
                tokio::task::yield_now().await;
            }
        };
        within("the surplus dial is parked", parked).await?;
        self.tell("/bar", "its dial is done. It is not wasted: the pool parks the connection.", None)
    }

    async fn baz_uses_the_surplus_dial(&mut self, first: SocketAddr) -> anyhow::Result<SocketAddr> {
        let mut request = self.client.request("/baz");
        let Leased { source, .. } = within("/baz gets the parked connection", request.leased()).await??;
        expect_source("/baz", source, Source::Idle)?;
        let seen = within("/baz is answered", request.answered()).await??;
        within("/baz gives its connection back", request.give_back()).await??;
        ensure!(seen != first, "the server saw /baz come from {seen}, which /bar still has");
        let (dials, accepted) = (self.connector.census().dials, self.server.counts().accepted);
        ensure!(
            (dials, accepted) == (2, 2),
            "there should be two dials and two connections, but {dials} were made and {accepted} accepted"
        );
        self.tell("/baz", &format!("asks, and is answered on {seen} at once."), Some(source))?;
        Ok(seen)
    }

    /// Takes everything down, and checks that nothing stays.
    async fn strike(self) -> anyhow::Result<()> {
        within("the pool shuts down", self.client.shutdown()).await??;
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
