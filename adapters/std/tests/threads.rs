//! What is special about plain threads: how many there are, and that those that hang hold up nobody else.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use latebind_std::{ConnectError, Error, Manager, Pool, Priority, Runtime, Source, Threads};

/// Long beyond anything that goes well.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each dial tells the test of itself, and ends when the test says.
struct Held {
    dials: Mutex<Sender<Dial>>,
}

/// A dial that hangs until it is sent something, or dropped.
struct Dial {
    thread: String,
    end: Sender<()>,
}

impl Dial {
    fn ends(self) {
        self.end.send(()).expect("the dial hangs");
    }
}

fn held() -> (Held, Receiver<Dial>) {
    let (dials, dialed) = channel();
    (Held { dials: Mutex::new(dials) }, dialed)
}

impl Manager for Held {
    type Key = ();
    type Connection = ();
    type Error = &'static str;

    fn connect(&self, (): &()) -> Result<(), &'static str> {
        let thread = thread::current().name().unwrap_or_default().to_owned();
        let (end, ended) = channel();
        self.dials.lock().unwrap().send(Dial { thread, end }).unwrap();
        ended.recv().map_err(|_| "hung up")
    }
}

fn workers(count: usize) -> Threads {
    Threads::new(NonZeroUsize::new(count).unwrap())
}

#[test]
fn there_are_no_more_workers_than_allowed_and_their_work_waits_for_them() {
    let (manager, dialed) = held();
    let pool = Pool::builder(manager).runtime(workers(2)).build().unwrap();
    pool.preconnect(&(), 3);
    let [first, second] = [(); 2].map(|()| dialed.recv_timeout(PATIENCE).unwrap());
    assert_eq!((pool.stats().dialing, first.thread.as_str()), (3, "latebind-worker"));
    assert!(dialed.try_recv().is_err(), "both workers are busy");
    second.ends();
    let third = dialed.recv_timeout(PATIENCE).unwrap();
    first.ends();
    third.ends();
    until(|| pool.stats().idle == 3);
    pool.shutdown();
}

#[test]
fn who_hangs_in_a_dial_keeps_no_request_from_its_timeout() {
    let (manager, dialed) = held();
    let pool = Pool::builder(manager).runtime(workers(1)).dial_timeout(None).build().unwrap();
    let error = pool.get_timeout(&(), Duration::from_millis(20)).unwrap_err();
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    let dial = dialed.recv_timeout(PATIENCE).unwrap();
    dial.ends();
    until(|| pool.stats().idle == 1);
    assert_eq!(pool.get_timeout(&(), PATIENCE).unwrap().source(), Source::Idle);
    assert_eq!(pool.stats().counters.dials, 1);
}

#[test]
fn a_dial_that_takes_too_long_keeps_its_place_until_it_returns() {
    let (manager, dialed) = held();
    let pool =
        Pool::builder(manager).max_connections(1).dial_timeout(Duration::from_millis(20)).build().unwrap();
    let error = pool.get_timeout(&(), PATIENCE).unwrap_err();
    assert!(matches!(error, Error::Dial(ConnectError::TimedOut(_))), "{error:?}");
    let dial = dialed.recv_timeout(PATIENCE).unwrap();
    assert_eq!((pool.stats().dialing, pool.stats().idle), (1, 0));
    // Late, but not wasted.
    dial.ends();
    until(|| pool.stats().idle == 1);
    assert_eq!(pool.get_timeout(&(), PATIENCE).unwrap().source(), Source::Idle);
    pool.check_invariants().unwrap();
}

#[test]
fn the_more_urgent_thread_is_served_first() {
    let (manager, dialed) = held();
    let pool = Arc::new(Pool::builder(manager).max_connections(1).build().unwrap());
    pool.preconnect(&(), 1);
    dialed.recv_timeout(PATIENCE).unwrap().ends();
    let lease = pool.get(&()).unwrap();
    let (served, order) = channel();
    let waiters: Vec<_> = [Priority::default(), Priority::HIGHEST]
        .into_iter()
        .enumerate()
        .map(|(already, priority)| {
            let (pool, served) = (Arc::clone(&pool), served.clone());
            until({
                let pool = Arc::clone(&pool);
                move || pool.stats().waiters as usize == already
            });
            thread::spawn(move || {
                let lease = pool.request(&()).priority(priority).timeout(PATIENCE).wait().unwrap();
                served.send((priority, lease.source())).unwrap();
            })
        })
        .collect();
    until(|| pool.stats().waiters == 2);
    drop(lease);
    for expected in [Priority::HIGHEST, Priority::default()] {
        assert_eq!(order.recv_timeout(PATIENCE).unwrap(), (expected, Source::Returned));
    }
    for waiter in waiters {
        waiter.join().unwrap();
    }
}

/// A manager without errors, whose connections ask for another one.
struct Nested;

impl Manager for Nested {
    type Key = u8;
    type Connection = u8;
    type Error = Infallible;

    fn connect(&self, key: &u8) -> Result<u8, Infallible> {
        Ok(*key)
    }
}

/// An observer runs on whatever thread things happen, and may block on another pool.
#[test]
fn a_request_may_be_made_in_the_midst_of_another() {
    let (tell, told) = channel::<u8>();
    let tell = Mutex::new(tell);
    let inner = Pool::builder(Nested).build().unwrap();
    let outer = Pool::builder(Nested)
        .observe(move |key, _| {
            let lease = inner.get_timeout(key, PATIENCE).unwrap();
            tell.lock().unwrap().send(*lease).unwrap();
        })
        .build()
        .unwrap();
    assert_eq!(*outer.get_timeout(&7, PATIENCE).unwrap(), 7);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(7));
}

#[test]
fn a_pool_can_share_its_threads() {
    let (manager, dialed) = held();
    let threads = workers(1);
    let pool = Pool::builder(manager).runtime(threads.clone()).build().unwrap();
    let other = Pool::builder(Nested).runtime(threads.clone()).build().unwrap();
    pool.preconnect(&(), 1);
    let dial = dialed.recv_timeout(PATIENCE).unwrap();
    other.preconnect(&1, 1);
    assert_eq!(
        other.get_timeout(&1, Duration::from_millis(20)).err().map(|e| e.to_string().is_empty()),
        Some(false)
    );
    dial.ends();
    assert_eq!(*other.get_timeout(&1, PATIENCE).unwrap(), 1);
    drop(pool);
    let (done, is_done) = channel();
    threads.spawn(async move { done.send(()).unwrap() });
    assert_eq!(is_done.recv_timeout(PATIENCE), Ok(()), "the threads outlive the pool");
}

fn until(mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain");
        thread::yield_now();
    }
}

/// Cleans up behind each lease, and hangs in dials as a test says.
struct Tidy(Held);

impl Manager for Tidy {
    type Key = u8;
    type Connection = ();
    type Error = &'static str;

    fn connect(&self, key: &u8) -> Result<(), &'static str> {
        if *key == 0 { Ok(()) } else { self.0.connect(&()) }
    }

    fn recycles(&self) -> bool {
        true
    }
}

#[test]
fn dials_that_hang_keep_no_connection_from_coming_back() {
    let (manager, dialed) = held();
    let pool = Pool::builder(Tidy(manager)).runtime(workers(1)).build().unwrap();
    let lease = pool.get_timeout(&0, PATIENCE).unwrap();
    pool.preconnect(&1, 1);
    let dial = dialed.recv_timeout(PATIENCE).unwrap();
    drop(lease);
    until(|| pool.key_stats(&0).idle == 1);
    assert_eq!(pool.get_timeout(&0, PATIENCE).unwrap().source(), Source::Idle);
    assert_eq!(pool.stats().dialing, 1);
    dial.ends();
    until(|| pool.stats().idle == 2);
}
