//! What happens: many requests at once, a calm, and an end in the middle of things.

use std::collections::VecDeque;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use latebind::{Config, OwnedEvent, Time};

use crate::event_loop::EventLoop;
use crate::options::Options;
use crate::report;
use crate::requests::Plan;
use crate::server::Server;

/// Nobody listens on the first of all ports, and nobody is given it by chance.
const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// A defect could make it wait for ever.
const GIVE_UP_AFTER: Duration = Duration::from_secs(60);

/// The loop, its limit, and what is still to come.
pub struct Story {
    pub events: EventLoop,
    pub limit: usize,
    /// Who leaves when, in this order.
    leaving: VecDeque<(Time, u64)>,
    /// Whether the pool needed no timer when nothing was left.
    pub was_at_rest: bool,
}

/// From the first request to the end of the pool.
pub fn run(options: &Options) -> Result<Story, Box<dyn Error>> {
    let server = Server::start()?;
    let config = Config::default()
        .max_connections(options.connections)
        .max_connections_per_key(options.connections.div_ceil(2))
        .request_timeout(Duration::from_secs(60))
        // So long that a machine which stalls for a moment is not taken for a server that does.
        .dial_timeout(Duration::from_secs(5))
        .check_after_idle(Duration::from_millis(50))
        .idle_timeout(Duration::from_secs(4))
        .lease_warn_after(Duration::from_secs(30));
    let mut story = Story {
        events: EventLoop::new(config, options.has_witness)?,
        limit: options.connections as usize,
        leaving: VecDeque::new(),
        was_at_rest: false,
    };
    story.rush(&server, options.requests)?;
    story.calm(&server)?;
    story.end(&server)?;
    server.stop()?;
    report::check(&story)?;
    Ok(story)
}

impl Story {
    /// All at once, through a handful of connections.
    fn rush(&mut self, server: &Server, requests: u32) -> Result<(), Box<dyn Error>> {
        for place in 0..requests {
            let good = if place % 2 == 0 { server.steady } else { server.closing };
            match place % 25 {
                0 => self.ask(Plan::Impatient, good, Some(Duration::from_millis(1)))?,
                1 => self.ask_and_leave(good, Duration::from_millis(2))?,
                7 => self.ask(Plan::Breaks, good, None)?,
                12 => self.ask(Plan::Refused, NOBODY, None)?,
                18 if place < 50 => self.ask(Plan::Unheard, server.mute, None)?,
                _ => self.ask(Plan::Plain, good, None)?,
            }
        }
        self.until_all_are_answered()
    }

    /// One after the other, and then nobody: what is idle ends, by its peer or by its time.
    fn calm(&mut self, server: &Server) -> Result<(), Box<dyn Error>> {
        for _ in 0..5 {
            self.ask(Plan::Plain, server.steady, None)?;
            self.until_all_are_answered()?;
        }
        self.ask(Plan::Plain, server.closing, None)?;
        self.until_all_are_answered()?;
        while self.events.pool.key_stats(&server.closing).is_some() {
            self.turn()?;
        }
        // Alone, and with nothing to come back: it has to wait for its own dial.
        self.ask(Plan::Plain, server.closing, None)?;
        self.until_all_are_answered()?;
        // By now, what is parked is old enough to be checked first.
        self.ask(Plan::Plain, server.steady, None)?;
        self.until_all_are_answered()?;
        while self.events.pool.stats().connections() > 0 {
            self.turn()?;
        }
        self.was_at_rest = self.events.pool.deadline().is_none();
        Ok(())
    }

    /// A shutdown when some requests have a connection, and others wait.
    fn end(&mut self, server: &Server) -> Result<(), Box<dyn Error>> {
        let before = self.events.requests.served.total();
        for _ in 0..2 * self.limit {
            self.ask(Plan::LastMinute, server.steady, None)?;
            self.ask(Plan::LastMinute, server.closing, None)?;
        }
        while self.events.requests.served.total() == before {
            self.turn()?;
        }
        self.events.tell(OwnedEvent::Shutdown)?;
        while !self.events.pool.is_drained() {
            self.turn()?;
        }
        Ok(())
    }

    fn ask(&mut self, plan: Plan, key: SocketAddr, patience: Option<Duration>) -> Result<(), Box<dyn Error>> {
        let (_, request) = self.events.requests.ask(plan, key, self.events.now, patience);
        self.events.tell(request)
    }

    fn ask_and_leave(&mut self, key: SocketAddr, after: Duration) -> Result<(), Box<dyn Error>> {
        let (token, request) = self.events.requests.ask(Plan::Leaves, key, self.events.now, None);
        self.leaving.push_back((self.events.now.after(after), token));
        self.events.tell(request)
    }

    /// A turn of the loop; and those leave whose time has come.
    fn turn(&mut self) -> Result<(), Box<dyn Error>> {
        let give_up_at = Time::from_origin(GIVE_UP_AFTER);
        let next_leaves_at = self.leaving.front().map_or(give_up_at, |(time, _)| *time);
        self.events.turn(Some(next_leaves_at.min(give_up_at)))?;
        if self.events.now >= give_up_at {
            return Err(format!("it hangs: {}", self.events.pool.stats()).into());
        }
        while let Some(&(time, token)) = self.leaving.front()
            && time <= self.events.now
        {
            self.leaving.pop_front();
            if let Some(cancel) = self.events.requests.leave(token) {
                self.events.tell(cancel)?;
            }
        }
        Ok(())
    }

    fn until_all_are_answered(&mut self) -> Result<(), Box<dyn Error>> {
        while self.events.requests.unanswered() > 0 {
            self.turn()?;
        }
        Ok(())
    }
}
