//! What a whole process is left with when its pools have gone, and how often they wake it.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::FutureExt;
use latebind_driver::Config;

use crate::process::{self, can_be_asked};
use crate::suite::Run;
use crate::wait::nap;
use crate::world::{Lease, Pool, World};
use crate::{Key, Platform};

/// How many pools there are: if one of them ticks, all do.
const POOLS: u64 = 10;
/// How long nothing should happen.
const IDLE: Duration = Duration::from_millis(2500);
/// Wake-ups in that time that are not looked into: a runtime may have something of its own to do now and then. Were each
/// pool to tick once in a second, there would be ten times as many: they are begun at [different times](STAGGER), so that
/// one wake-up does not serve them all.
const TOLERANCE: u64 = 2;
/// Between the beginnings of two pools.
const STAGGER: Duration = Duration::from_millis(23);

/// Threads, files and wake-ups of a process, as the operating system counts them (A5, A6; Linux). For a test with
/// `harness = false` and a process of its own: name the platforms with [`on`](Self::on), which asks at once.
#[derive(Debug)]
pub struct Ends(());

impl Ends {
    /// On no platform yet.
    #[expect(clippy::new_without_default, reason = "it is meant for a chain of calls")]
    pub fn new() -> Self {
        Self(())
    }

    /// Builds pools on this platform and drops them, counting before and after, and while they are idle.
    ///
    /// # Panics
    ///
    /// When something is left of them, or they wake the process.
    pub fn on<P: Platform>(self, name: &str, run: impl FnOnce(Run<P>)) -> Self {
        if !can_be_asked() {
            println!("{name}: not asked, since there is no /proc here");
            return self;
        }
        let (sender, mut account_given) = oneshot::channel();
        run(Box::new(move |platform| {
            async move {
                // Somebody waits for it.
                let _ = sender.send(account(&Arc::new(platform)).await);
            }
            .boxed_local()
        }));
        let line = account_given.try_recv().ok().flatten();
        println!("{name}: {}", line.expect("the platform has run it to its end"));
        self
    }
}

async fn account<P: Platform>(platform: &Arc<P>) -> String {
    // Threads and files that a runtime starts for good with its first use are not the pools'.
    Life::begin(platform).await.let_go().await.end().await;
    let before = process::at_rest().await;
    let without = process::wake_ups(IDLE).await;

    let mut lives = Vec::new();
    for _ in 0..POOLS {
        lives.push(Life::begin(platform).await);
        nap(STAGGER).await;
    }
    process::at_rest().await;
    let with = process::wake_ups(IDLE).await;
    assert!(with <= without + TOLERANCE, "{with} wake-ups with idle pools, {without} without");

    let mut worlds = Vec::new();
    for life in lives {
        worlds.push(life.let_go().await);
    }
    for world in worlds {
        world.end().await;
    }
    let after = process::back_to(before).await;
    let (threads, files) = before;
    assert!(after.0 <= threads && after.1 <= files, "threads and files: {before:?} before, {after:?} after");
    format!(
        "{threads} threads, {files} files before and after; {without} wake-ups without pools, {with} with"
    )
}

/// A pool in use, with real sockets.
struct Life<P: Platform> {
    world: World<P>,
    pool: Pool<P>,
    listener: TcpListener,
}

impl<P: Platform> Life<P> {
    /// Three connections are parked, watched if that is possible; the timer waits for their idle timeout.
    async fn begin(platform: &Arc<P>) -> Self {
        let mut world = World::new(Arc::clone(platform));
        world.peer.watches();
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let pool = world.pool(Config::default());
        let mut life = Self { world, pool, listener };
        let mut leases = Vec::new();
        for _ in 0..3 {
            leases.push(life.open("host").await);
        }
        drop(leases);
        life
    }

    async fn open(&mut self, key: Key) -> Lease<P> {
        let asked = self.world.ask(&self.pool, key).await;
        let address = self.listener.local_addr().expect("it is bound");
        let socket = TcpStream::connect(address).expect("the listener is there");
        self.world.dial().await.connect_by(socket);
        asked.served().await
    }

    /// The last handle goes while connections are parked, one is on lease, and a dial hangs for a while.
    async fn let_go(mut self) -> World<P> {
        let lease = self.open("elsewhere").await;
        self.pool.preconnect(&"somewhere", 1);
        let dial = self.world.dial().await;
        drop(self.pool);
        drop(dial);
        drop(lease);
        self.world
    }
}
