//! Plain threads as a platform of the suite.

use std::thread;

use futures_util::future::BoxFuture;
use latebind_conformance::{Conn, Counts, Key, Net, NetError, Platform, Reply, Setup, Wish, block_on};
use latebind_driver::{Capacity, DialError, Manager as _};
use latebind_std::{Blocking, Manager, Pool, Threads};

/// Pools, managers and requests as plain threads have them.
pub(crate) struct Plain;

impl Platform for Plain {
    type Runtime = Threads;
    type Manager = Blocking<BlockingNet>;

    fn pool(&self, net: Net, setup: Setup) -> latebind_driver::Pool<Self::Manager, Threads> {
        let pool: Pool<BlockingNet> = setup.build(Pool::builder(BlockingNet(net)));
        (*pool).clone()
    }

    fn ask(&self, pool: latebind_driver::Pool<Self::Manager, Threads>, wish: Wish, reply: Reply<Self>) {
        let pool = Pool::from(pool);
        thread::spawn(move || {
            let request = pool.request(&wish.key).priority(wish.priority);
            let answer = match wish.timeout {
                Some(timeout) => request.timeout(timeout).wait(),
                None => request.wait(),
            };
            drop(pool);
            reply.give(answer);
        });
    }

    fn task(&self, work: BoxFuture<'static, ()>) {
        thread::spawn(|| block_on(work));
    }

    fn crowd(&self) -> usize {
        1000
    }

    fn counts(&self) -> Option<&Counts> {
        None
    }
}

/// The network by calls that block.
pub(crate) struct BlockingNet(Net);

impl Manager for BlockingNet {
    type Key = Key;
    type Connection = Conn;
    type Error = NetError;

    fn connect(&self, key: &Key) -> Result<Conn, NetError> {
        block_on(self.0.connect(key))
    }

    fn capacity(&self, connection: &Conn) -> Capacity<Conn> {
        self.0.capacity(connection)
    }

    fn is_reusable(&self, connection: &mut Conn) -> bool {
        self.0.is_reusable(connection)
    }

    fn check(&self, connection: &mut Conn) -> bool {
        block_on(self.0.check(connection))
    }

    fn recycles(&self) -> bool {
        self.0.recycles()
    }

    fn recycle(&self, connection: &mut Conn) -> Result<(), NetError> {
        block_on(self.0.recycle(connection))
    }

    fn close(&self, connection: Conn) {
        block_on(self.0.close(connection));
    }

    fn classify(&self, error: &NetError) -> DialError {
        self.0.classify(error)
    }
}
