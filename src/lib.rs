//! A connection pool whose logic is a pure state machine, with **socket late binding**.
//!
//! A request that finds no idle connection starts a dial, and then takes whichever comes first: a dial
//! that finishes, anybody's, or a connection that another request gives back. The dial that was not needed
//! in the end goes to the next waiter or is parked.
//!
//! This crate is the core: it takes [`Event`]s with the current [`Time`] and answers with [`Action`]s. It
//! does no I/O, reads no clock, spawns nothing and calls nobody back, so it runs anywhere, and any run of it
//! is a list of events that can be generated, shrunk and replayed. Adapter crates (`latebind-tokio`) carry
//! the actions out; use one of them unless you bring your own runtime;
//! `docs/WRITE-YOUR-OWN-ADAPTER.md` builds one, step by step.
//!
//! # The loop of an adapter
//!
//! Wait for I/O, or until [`Pool::deadline`]; read the clock once; tell the pool; do what it says. Here the
//! network is a queue that makes every dial succeed, and the only user gives its connection back at once:
//!
//! ```
//! use std::{collections::VecDeque, time::Instant};
//! use latebind::{Action, Actions, Config, Event, Opened, Pool, Priority, Time};
//!
//! let (origin, mut actions) = (Instant::now(), Actions::new());
//! let mut pool = Pool::new(Config::default())?;
//! let request = Event::Request { key: &"db:5432", token: 7, priority: Priority::default(), deadline: None };
//! let mut events = VecDeque::from([request]);
//! let mut answered = None;
//!
//! while let Some(event) = events.pop_front() {
//!     pool.handle(Time::from_origin(origin.elapsed()), event, &mut actions)?;
//!     for action in actions.drain() {
//!         match action {
//!             Action::StartDial { conn } => {
//!                 println!("connecting to {:?}", pool.key(conn));
//!                 events.push_back(Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) });
//!             }
//!             Action::Deliver { token, conn, source, .. } => {
//!                 answered = Some((token, source)); // wake the requester `token`; it uses `conn`, then:
//!                 events.push_back(Event::ConnIdle { conn });
//!             }
//!             Action::Close { conn, .. } => events.push_back(Event::ConnClosed { conn }),
//!             Action::Fail { token, error, .. } => panic!("tell the requester {token} of {error:?}"),
//!             Action::CancelDial { .. } => { /* stop connecting if you can; `DialDone` follows anyhow */ }
//!             Action::Wait { .. } | Action::Park { .. } | Action::Drained => {}
//!             _ => {}
//!         }
//!     }
//! }
//! assert_eq!(answered, Some((7, latebind::Source::OwnDial)));
//! assert_eq!(pool.stats().idle, 1);
//! assert!(pool.deadline().is_some(), "a timer for the idle timeout is all that is left");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What holds, always
//!
//! - Whatever becomes available for a key goes to its first waiter in the same step; no wake-up can be
//!   lost, and no newcomer cuts in ([`Binding`], [`Priority`]).
//! - Dials start by deficit: only for waiters that no dial in progress can still serve, and then at once,
//!   limits permitting ([`Config`]).
//! - A cancelled request leaves nothing behind, and its dial lives on for the next ([`Event::Cancel`]).
//! - A failed dial concerns only those who were there when it started, and nobody as long as other dials
//!   cover all that wait ([`DialFailure`]).
//! - Limits count what is there: dialing, open, closing. A slot is free when its end was reported, not when
//!   it was asked for.
//! - Same config, same events: same actions. No sequence of events panics; what cannot be true is a
//!   [`Misuse`] that changes nothing.
//! - Every event costs O(1) plus what it emits and what falls due, and in the steady state nothing is
//!   allocated.
//!
//! The [`guide`] shows them one by one, with an example of each: checks of idle connections, backup dials,
//! floors, clearing and pausing, too.
//!
//! The numbers R1 to R25 and I1 to I10 in these pages are those of the rules and invariants in
//! `docs/RULES.md`.
//!
//! # What it does not do
//!
//! It holds no connections, only their ids; it does not resolve names, speak protocols, retry requests or
//! balance load over several hosts of one key.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[doc = include_str!("../docs/GUIDE.md")]
pub mod guide {}

mod action;
mod config;
mod event;
mod id;
mod machine;
mod names;
mod pool;
mod stats;
mod structure;
mod time;

pub use action::{Action, Actions, CloseReason, RequestError, Source};
pub use config::{Binding, Config, ConfigError, DialFailure, IdleOrder, Newcomers, Surplus};
pub use event::{DialError, Event, EventOf, Misuse, NoSuchPriority, Opened, OwnedEvent, Priority, Waiters};
pub use id::{ConnId, RequestId};
pub use pool::Pool;
pub use stats::{Counters, Deliveries, Stats};
pub use time::Time;
