//! The scene of late binding, over real sockets, on each runtime.

use std::time::Duration;

use latebind_async_std::AsyncStdRuntime;
use latebind_lab::client::Client;
use latebind_lab::runtimes::tasks::Tasks;
use latebind_lab::runtimes::threads::Threads;
use latebind_lab::scene::{self, Shown};
use latebind_smol::SmolRuntime;
use latebind_tokio::TokioRuntime;

/// `play` checks each step by itself; this checks that what it hands back and writes is what happened.
async fn bar_is_answered_on_the_connection_that_foo_gave_back<C: Client>() {
    let mut out = Vec::new();
    let handshake = Duration::from_millis(20);
    let Shown { first, second, third, wait, dial } = scene::play::<C>(&mut out, handshake).await.unwrap();
    assert_eq!(first, second);
    assert_ne!(first, third);
    assert!(dial >= handshake && wait < dial, "waited {wait:?}, its dial {dial:?}");

    let text = String::from_utf8(out).unwrap();
    let steps: Vec<_> = text.lines().collect();
    let has = |step: usize, parts: [&str; 3]| {
        assert!(parts.iter().all(|part| steps[step].contains(part)), "{parts:?} in {:?}", steps[step]);
    };
    has(1, ["/foo", &first.to_string(), "[OwnDial]"]);
    has(4, ["/bar", &first.to_string(), "[Returned]"]);
    has(7, ["/baz", &third.to_string(), "[Idle]"]);
    assert_eq!(steps.len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_tokio_bar_is_answered_on_the_connection_that_foo_gave_back() {
    bar_is_answered_on_the_connection_that_foo_gave_back::<Tasks<TokioRuntime>>().await;
}

#[tokio::test]
async fn on_async_std_bar_is_answered_on_the_connection_that_foo_gave_back() {
    bar_is_answered_on_the_connection_that_foo_gave_back::<Tasks<AsyncStdRuntime>>().await;
}

#[tokio::test]
async fn on_smol_bar_is_answered_on_the_connection_that_foo_gave_back() {
    bar_is_answered_on_the_connection_that_foo_gave_back::<Tasks<SmolRuntime>>().await;
}

#[tokio::test]
async fn on_threads_bar_is_answered_on_the_connection_that_foo_gave_back() {
    bar_is_answered_on_the_connection_that_foo_gave_back::<Threads>().await;
}

#[tokio::test]
async fn the_scene_needs_one_thread_only_and_no_slow_dial() {
    scene::play::<Tasks<TokioRuntime>>(&mut Vec::new(), Duration::ZERO).await.unwrap();
}
