//! What a pool tells those who observe it.

use latebind_driver::{Clear, Config};

use crate::Platform;
use crate::wait::until;
use crate::world::{World, sound};

scenarios! {
    observers_are_told_what_happens_in_its_order,
}

async fn observers_are_told_what_happens_in_its_order<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    drop(lease);
    drop(waiter.served().await);
    until("it is told as parked", || w.told().len() == 5).await;
    pool.clear(Clear::all());
    until("it is told as closed", || w.told().len() == 7).await;
    let unlucky = w.ask(&pool, "elsewhere").await;
    w.dial().await.fail("refused");
    drop(unlucky.failed().await);
    until("all is told", || w.told().len() == 10).await;
    let expected = [
        "host: dial",
        "host: opened",
        "host: delivered, OwnDial",
        "host: delivered, Returned",
        "host: parked",
        "host: closing, Cleared",
        "host: closed",
        "elsewhere: dial",
        "elsewhere: the dial failed: refused",
        "elsewhere: failed, Dial",
    ];
    assert_eq!(w.told(), expected);
    sound(&pool);
}
