//! HTTP/2: peers that say goodbye again and again (GOAWAY).

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use latebind_hyper::{Builder, Client, Error};

use crate::support::frames::NO_ERROR;
use crate::support::{Frames, Peer, Plain, at_rest, fetch, get, plain, soon};

/// One connection at a time: all requests meet on it.
fn client() -> Plain {
    let config = Builder::default_config().max_connections_per_key(1);
    plain(Client::builder().http2_only(true).config(config))
}

/// Such a peer refuses some requests more often than any would be sent again to one that answers nobody.
#[tokio::test]
async fn a_peer_that_answers_one_request_on_each_connection_answers_all() {
    const REQUESTS: usize = 12;
    let peer = Peer::start().await;
    let client = client();
    let mut asking: FuturesUnordered<_> =
        (0..REQUESTS).map(|_| tokio::spawn(client.request(get(peer.uri("/"))))).collect();
    for left in (1..=REQUESTS).rev() {
        let mut frames = Frames::accept(&peer, 100).await;
        let first = frames.head().await;
        for _ in 1..left {
            frames.head().await;
        }
        frames.answer(first).await;
        soon(asking.next()).await.unwrap().unwrap().unwrap();
        frames.goodbye(first, NO_ERROR).await;
    }
    assert!(asking.is_empty());
    at_rest(&client).await;
}

#[tokio::test]
async fn a_peer_that_answers_nobody_is_given_up() {
    let peer = Peer::start().await;
    let client = client();
    let asking = async { fetch(&client, get(peer.uri("/"))).await.unwrap_err() };
    let refusing = async {
        for _ in 0..5 {
            let mut frames = Frames::accept(&peer, 100).await;
            frames.head().await;
            frames.goodbye(0, NO_ERROR).await;
        }
    };
    let (error, ()) = tokio::join!(asking, refusing);
    assert!(matches!(error, Error::Exchange(_)), "{error:?}");
    peer.assert_idle().await;
    at_rest(&client).await;
}
