//! The pool that late binding is compared with has to be a good one of its kind.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use latebind::Source;
use latebind_lab::connector::Connector;
use latebind_lab::own_dial::{OwnDialLease, OwnDialPool};
use latebind_lab::patience::within;
use latebind_lab::server::Server;
use tokio::task::JoinHandle;

struct Rig {
    server: Server,
    connector: Arc<Connector>,
    pool: OwnDialPool,
}

impl Rig {
    async fn new(max_connections: u32, max_idle: usize) -> Self {
        let server = Server::start().await.unwrap();
        let connector = Arc::new(Connector::new(server.address(), Duration::ZERO));
        let pool = OwnDialPool::new(Arc::clone(&connector), max_connections, max_idle);
        Self { server, connector, pool }
    }

    async fn get(&self) -> (OwnDialLease, Source) {
        within("a request gets a connection", self.pool.get()).await.unwrap().unwrap()
    }

    fn request(&self) -> JoinHandle<(OwnDialLease, Source)> {
        let pool = self.pool.clone();
        tokio::spawn(async move { pool.get().await.unwrap() })
    }

    /// A request whose dial is held up.
    async fn request_that_dials(&self) -> JoinHandle<(OwnDialLease, Source)> {
        self.connector.gate().close();
        let held = self.connector.gate().held();
        let request = self.request();
        within("its dial starts", self.connector.gate().holds(held + 1)).await.unwrap();
        request
    }

    async fn shutdown(self) {
        within("the pool shuts down", self.pool.shutdown()).await.unwrap();
        let census = self.connector.census();
        assert_eq!(census.now, 0);
        within("the server sees the end", self.server.closed(census.dialed)).await.unwrap();
    }
}

async fn served(request: JoinHandle<(OwnDialLease, Source)>) -> (OwnDialLease, Source) {
    within("a request is served", request).await.unwrap().unwrap()
}

async fn parked(pool: &OwnDialPool, count: usize) {
    let parked = async {
        while pool.idle() != count {
            tokio::task::yield_now().await;
        }
    };
    within("connections are parked", parked).await.unwrap();
}

fn address(served: &(OwnDialLease, Source)) -> SocketAddr {
    served.0.local()
}

#[tokio::test]
async fn an_idle_connection_is_used_again() {
    let rig = Rig::new(2, 2).await;
    let mut first = rig.get().await;
    let local = address(&first);
    assert_eq!(first.1, Source::OwnDial);
    assert_eq!(first.0.fetch("/").await.unwrap(), local);
    drop(first);
    let second = rig.get().await;
    assert_eq!((address(&second), second.1), (local, Source::Idle));
    drop(second);
    rig.shutdown().await;
}

#[tokio::test]
async fn who_dials_waits_for_that_dial_though_a_connection_comes_back() {
    let rig = Rig::new(2, 2).await;
    let first = rig.get().await;
    let local = address(&first);
    let request = rig.request_that_dials().await;
    drop(first);
    // A newcomer overtakes it.
    let newcomer = rig.get().await;
    assert_eq!((address(&newcomer), newcomer.1), (local, Source::Idle));
    assert!(!request.is_finished());
    rig.connector.gate().open();
    let late = served(request).await;
    assert_eq!(late.1, Source::OwnDial);
    assert_ne!(address(&late), local);
    drop((newcomer, late));
    rig.shutdown().await;
}

#[tokio::test]
async fn at_the_limit_requests_wait_in_order_for_what_comes_back() {
    let rig = Rig::new(1, 1).await;
    let first = rig.get().await;
    let local = address(&first);
    // On this single thread, a request stands in the queue once its task has run.
    let (second, third) = (rig.request(), rig.request());
    tokio::task::yield_now().await;
    drop(first);
    let second = served(second).await;
    assert_eq!((address(&second), second.1), (local, Source::Returned));
    assert!(!third.is_finished());
    drop(second);
    let third = served(third).await;
    assert_eq!((address(&third), third.1), (local, Source::Returned));
    assert_eq!(rig.connector.census().peak, 1);
    drop(third);
    rig.shutdown().await;
}

#[tokio::test]
async fn the_dial_of_a_request_that_has_gone_is_parked() {
    let rig = Rig::new(1, 1).await;
    let request = rig.request_that_dials().await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    rig.connector.gate().open();
    parked(&rig.pool, 1).await;
    assert_eq!(rig.get().await.1, Source::Idle);
    assert_eq!(rig.connector.census().dials, 1);
    rig.shutdown().await;
}

#[tokio::test]
async fn above_the_idle_limit_the_newcomer_closes_and_frees_its_place() {
    let rig = Rig::new(2, 1).await;
    let (first, second) = (rig.get().await, rig.get().await);
    let local = address(&first);
    drop(first);
    drop(second);
    // The second place is free only when its connection has been closed.
    let (first, third) = (rig.get().await, rig.get().await);
    assert_eq!(address(&first), local);
    assert_eq!(third.1, Source::OwnDial);
    let census = rig.connector.census();
    assert_eq!((census.dials, census.now, census.peak), (3, 2, 2));
    drop((first, third));
    rig.shutdown().await;
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_not_lent_again() {
    let rig = Rig::new(1, 1).await;
    drop(rig.get().await);
    assert_eq!(rig.pool.idle(), 1);
    drop(rig.server);
    within("the connection ends with its server", rig.connector.ended()).await.unwrap();
    let refused = within("the dial fails", rig.pool.get()).await.unwrap();
    assert!(refused.is_err(), "nobody listens there any more");
    // The failed dial has given its place back.
    assert!(within("the dial fails again", rig.pool.get()).await.unwrap().is_err());
    within("the pool shuts down", rig.pool.shutdown()).await.unwrap();
    assert!(rig.pool.get().await.unwrap_err().to_string().contains("closed"));
}
