//! The manager of HTTP connections, under the real pool.

use std::sync::Arc;
use std::time::Duration;

use latebind_lab::connector::Connector;
use latebind_lab::manager::{HttpManager, LatePool};
use latebind_lab::patience::within;
use latebind_lab::server::Server;
use latebind_tokio::Source;

async fn rig() -> (Server, Arc<Connector>, LatePool) {
    let server = Server::start().await.unwrap();
    let connector = Arc::new(Connector::new(server.address(), Duration::ZERO));
    let pool = LatePool::builder(HttpManager::new(Arc::clone(&connector))).build().unwrap();
    (server, connector, pool)
}

#[tokio::test]
async fn a_parked_connection_leaves_the_pool_when_the_server_closes_it() {
    let (server, connector, pool) = rig().await;
    drop(pool.get(&()).await.unwrap());
    assert_eq!(pool.stats().idle, 1);
    drop(server);
    let gone = async {
        while pool.stats().connections() > 0 {
            tokio::task::yield_now().await;
        }
    };
    within("the pool sees the end of its connection", gone).await.unwrap();
    assert_eq!(connector.census().now, 0);
}

#[tokio::test]
async fn a_connection_in_the_middle_of_an_answer_is_not_used_again() {
    let (server, connector, pool) = rig().await;
    let gate = server.hold("/held");
    let mut lease = pool.get(&()).await.unwrap();
    let first = lease.local();
    {
        let mut answer = Box::pin(lease.fetch("/held"));
        let arrives = async {
            tokio::select! {
                _ = &mut answer => panic!("the answer is held"),
                () = gate.holds(1) => {}
            }
        };
        within("the request arrives", arrives).await.unwrap();
    }
    // The request is given up, and its answer may still come: nobody else must see it.
    drop(lease);
    let mut lease = within("a new connection", pool.get(&())).await.unwrap().unwrap();
    assert_eq!(lease.source(), Source::OwnDial);
    assert_ne!(lease.fetch("/").await.unwrap(), first);
    drop(lease);
    within("the pool shuts down", pool.shutdown()).await.unwrap();
    assert_eq!(connector.census().now, 0);
    within("the server sees two connections end", server.closed(2)).await.unwrap();
}
