//! `nginx -s reload` under load: new workers take over, the old ones finish what they have, and no request is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::Method;
use tokio::task::JoinHandle;

use crate::asking::{Client, ask, at_rest, bytes, client, send, soon, until};
use crate::server::{Nginx, Speaks, large};

const CALLERS: usize = 16;
const GENERATIONS: usize = 10;

pub(crate) async fn no_request_of_http1_is_lost() {
    reload_under_load(Speaks::Http1).await;
}

pub(crate) async fn no_request_of_http2_is_lost() {
    reload_under_load(Speaks::Http2).await;
}

async fn reload_under_load(speaks: Speaks) {
    let nginx = Arc::new(Nginx::start(speaks, ""));
    let client = client(&nginx);
    let load = Arc::new(Load::default());
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (client, nginx, load) = (client.clone(), Arc::clone(&nginx), Arc::clone(&load));
            tokio::spawn(async move { load.call(caller, &client, &nginx).await })
        })
        .collect();
    for generation in 1..=GENERATIONS {
        if generation > 1 {
            nginx.reload(generation);
        }
        until("all callers have met the new generation", || {
            let is_over = callers.iter().any(JoinHandle::is_finished);
            is_over || load.met.iter().all(|met| met.load(Ordering::Relaxed) >= generation)
        })
        .await;
    }
    load.is_enough.store(true, Ordering::Relaxed);
    for caller in callers {
        soon(caller).await.unwrap();
    }
    assert!(client.stats().counters.opened >= GENERATIONS as u64, "{:?}", client.stats());
    at_rest(&client).await;
}

#[derive(Default)]
struct Load {
    /// The latest generation that each caller has been answered by.
    met: [AtomicUsize; CALLERS],
    is_enough: AtomicBool,
}

impl Load {
    /// Asks without pause; one caller in four for a large file now and then, which a reload finds under way.
    async fn call(&self, caller: usize, client: &Client, nginx: &Nginx) {
        let large = large();
        let mut round = 0;
        while !self.is_enough.load(Ordering::Relaxed) {
            let said = ask(client, nginx, &format!("/{caller}/{round}")).await;
            self.met[caller].fetch_max(said.generation, Ordering::Relaxed);
            if caller < CALLERS / 4 && usize::is_multiple_of(round, 10) {
                let response = send(client, Method::GET, nginx.uri("/files/large"), "").await;
                assert!(bytes(response).await == large, "not what the file holds");
            }
            round += 1;
        }
    }
}
