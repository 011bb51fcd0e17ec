//! The bare core in an event loop: one thread, no futures, no locks, and real sockets.
//!
//! `cargo run --example event_loop` sends some hundred requests at once through a handful of connections, and lets
//! happen to them what happens to connections: dials that are refused or hang, servers that close what is idle or
//! break what is in use, users who lose patience or leave. Then it tells what came of it, and checks it.
//!
//! Read it in this order; `docs/WRITE-YOUR-OWN-ADAPTER.md` walks through it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `event_loop.rs` | the adapter: waits, tells the pool what happened, carries out what it says |
//! | `connections.rs`, `socket.rs` | the connections behind the pool's ids; non-blocking sockets that speak in lines |
//! | `requests.rs` | the users: who asked for what, and what became of it |
//! | `story.rs`, `report.rs` | what happens, and whether all of it was as it should be |
//! | `server.rs`, `options.rs` | the other side, a process of its own; the command line |
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "an adapter has the clock, the sockets and the processes that the core must not have"
)]
#![expect(unreachable_pub, reason = "a program has no outside")]

mod connections;
mod event_loop;
mod options;
mod report;
mod requests;
mod server;
mod socket;
mod story;

use std::process::ExitCode;

use options::Command;

fn main() -> ExitCode {
    let result = match options::parse(std::env::args().skip(1)) {
        Ok(Command::Run(options)) => story::run(&options).map(|story| print!("{}", report::table(&story))),
        Ok(Command::Serve) => server::serve(),
        Ok(Command::Help) => {
            print!("{}", options::HELP);
            Ok(())
        }
        Err(message) => Err(message.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("event_loop: {error}");
            ExitCode::FAILURE
        }
    }
}
