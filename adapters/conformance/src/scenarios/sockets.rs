//! Real sockets: what the pool drops is closed.

use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};

use latebind_driver::Config;

use crate::Platform;
use crate::wait::until;
use crate::world::World;

scenarios! {
    the_peer_sees_the_end_of_every_socket,
}

async fn the_peer_sees_the_end_of_every_socket<P: Platform>(w: &mut World<P>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("it is bound");
    let pool = w.pool(Config::default());
    let (mut leases, mut sockets) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let asked = w.ask(&pool, "host").await;
        let socket = TcpStream::connect(address).expect("the listener is there");
        w.dial().await.connect_by(socket);
        leases.push(asked.served().await);
        let (socket, _) = listener.accept().expect("it was connected");
        socket.set_nonblocking(true).expect("a socket");
        sockets.push(socket);
    }
    // Three parked, one discarded, one on lease beyond the pool's end.
    drop(leases.drain(..3));
    leases.pop().expect("two are left").discard();
    let is_open = |socket: &mut TcpStream| match socket.read(&mut [0]) {
        Ok(0) => false,
        Err(error) if error.kind() == ErrorKind::WouldBlock => true,
        other => panic!("nothing was sent: {other:?}"),
    };
    until("the discarded one is closed", || !is_open(&mut sockets[4])).await;
    assert!(sockets[..4].iter_mut().all(is_open), "the others are not");
    drop(pool);
    until("those that were parked are closed", || !sockets[..3].iter_mut().any(is_open)).await;
    assert!(is_open(&mut sockets[3]), "a lease keeps its own");
    drop(leases);
    until("the last one is closed", || !is_open(&mut sockets[3])).await;
}
