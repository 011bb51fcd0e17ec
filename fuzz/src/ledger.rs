//! What an adapter knows of its pool, and whether that comes out even.

use latebind::{Action, ConnId, Event, Misuse, Pool, RequestId, Time};
use latebind_testkit::moves::{Role, Subjects};
use latebind_testkit::rig::Key;

use crate::drive::Books;

/// The connections and waiters by what was told and ordered. No rule is known here, but those of whoever carries
/// actions out: each request is answered once (I4), each order can be carried out (I5), and the gauges are right.
#[derive(Default)]
pub(crate) struct Ledger {
    conns: Vec<Conn>,
    waiters: Vec<RequestId>,
    conns_ever: Vec<ConnId>,
    requests_ever: Vec<RequestId>,
    is_drained: bool,
}

struct Conn {
    id: ConnId,
    phase: Phase,
    capacity: u32,
    leases: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Dialing,
    Stopping,
    Open,
    Checking,
    Closing,
}

impl Phase {
    fn is_dial(self) -> bool {
        matches!(self, Self::Dialing | Self::Stopping)
    }
}

impl Subjects for Ledger {
    fn conns(&self, role: Role) -> Vec<ConnId> {
        let fits = self.conns.iter().filter(|conn| match role {
            Role::Dial => conn.phase.is_dial(),
            Role::Leased => conn.leases > 0,
            Role::Checking => conn.phase == Phase::Checking,
            Role::Open => !conn.phase.is_dial(),
        });
        fits.map(|conn| conn.id).collect()
    }

    fn waiters(&self) -> Vec<RequestId> {
        self.waiters.clone()
    }

    fn conns_ever(&self) -> &[ConnId] {
        &self.conns_ever
    }

    fn requests_ever(&self) -> &[RequestId] {
        &self.requests_ever
    }
}

impl Books for Ledger {
    fn saw(
        &mut self,
        _: Time,
        event: Event<'_, Key>,
        result: Result<(), Misuse>,
        actions: &[Action],
        pool: &Pool<Key>,
    ) -> Result<(), String> {
        if result.is_err() {
            return if actions.is_empty() { Ok(()) } else { Err(format!("R24: refused, with {actions:?}")) };
        }
        self.report(&event);
        let answers = self.requests_ever.len();
        for action in actions {
            self.carry_out(action).map_err(|broken| format!("{broken} by {action:?}"))?;
        }
        let asked = usize::from(matches!(event, Event::Request { .. }));
        if self.requests_ever.len() - answers != asked {
            return Err("I4: a request is answered in its own step, and no other is new".to_owned());
        }
        self.compare(pool)?;
        pool.check_invariants()
    }
}

impl Ledger {
    fn report(&mut self, event: &Event<'_, Key>) {
        match *event {
            Event::Cancel { request } => self.waiters.retain(|waiter| *waiter != request),
            Event::DialDone { conn, outcome } => match outcome {
                Ok(opened) => {
                    if let Some(conn) = self.conn(conn).filter(|conn| conn.phase.is_dial()) {
                        (conn.phase, conn.capacity) = (Phase::Open, opened.capacity);
                    }
                }
                Err(_) => self.conns.retain(|other| other.id != conn || !other.phase.is_dial()),
            },
            Event::ConnClosed { conn } => self.conns.retain(|other| other.id != conn),
            Event::ConnIdle { conn } => {
                if let Some(conn) = self.conn(conn) {
                    conn.leases = conn.leases.saturating_sub(1);
                }
            }
            Event::CheckDone { conn, .. } => {
                if let Some(conn) = self.conn(conn).filter(|conn| conn.phase == Phase::Checking) {
                    conn.phase = Phase::Open;
                }
            }
            Event::Capacity { conn, capacity } => {
                if let Some(conn) = self.conn(conn) {
                    conn.capacity = capacity;
                }
            }
            _ => {}
        }
    }

    fn carry_out(&mut self, action: &Action) -> Result<(), &'static str> {
        match *action {
            Action::Deliver { request, conn, .. } => {
                self.answer(request);
                let conn = self.in_phase(conn, &[Phase::Open])?;
                conn.leases += 1;
                return if conn.leases <= conn.capacity { Ok(()) } else { Err("I5: one lease too many") };
            }
            Action::Wait { request, .. } => {
                self.answer(request);
                self.waiters.push(request);
            }
            Action::Fail { request, .. } => self.answer(request),
            Action::StartDial { conn } => {
                if self.is_drained {
                    return Err("I8: a dial after the end");
                }
                self.conns.push(Conn { id: conn, phase: Phase::Dialing, capacity: 0, leases: 0 });
                self.conns_ever.push(conn);
            }
            Action::CancelDial { conn } => self.in_phase(conn, &[Phase::Dialing])?.phase = Phase::Stopping,
            Action::Check { conn } => self.unused(conn)?.phase = Phase::Checking,
            Action::Park { conn } => _ = self.unused(conn)?,
            Action::Close { conn, .. } => {
                let conn = self.in_phase(conn, &[Phase::Open, Phase::Checking])?;
                // With its leases, if there are any: they are interrupted.
                (conn.phase, conn.leases) = (Phase::Closing, 0);
            }
            Action::Overdue { conn } if self.in_phase(conn, &[Phase::Open])?.leases == 0 => {
                return Err("R22: a lease that is none");
            }
            Action::Drained if self.is_drained || !self.conns.is_empty() => return Err("I8: not drained"),
            Action::Drained => self.is_drained = true,
            _ => {}
        }
        Ok(())
    }

    /// A waiter is answered, or a request that is new.
    fn answer(&mut self, request: RequestId) {
        match self.waiters.iter().position(|waiter| *waiter == request) {
            Some(place) => _ = self.waiters.remove(place),
            None => self.requests_ever.push(request),
        }
    }

    fn unused(&mut self, conn: ConnId) -> Result<&mut Conn, &'static str> {
        let conn = self.in_phase(conn, &[Phase::Open])?;
        if conn.leases == 0 { Ok(conn) } else { Err("I5: on lease") }
    }

    fn in_phase(&mut self, conn: ConnId, phases: &[Phase]) -> Result<&mut Conn, &'static str> {
        let found = self.conn(conn).filter(|conn| phases.contains(&conn.phase));
        found.ok_or("I5: the connection cannot be ordered to do that")
    }

    fn conn(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.iter_mut().find(|conn| conn.id == id)
    }

    fn compare(&self, pool: &Pool<Key>) -> Result<(), String> {
        let count = |fits: fn(&Conn) -> bool| self.conns.iter().filter(|conn| fits(conn)).count();
        let counted = [
            self.waiters.len(),
            count(|conn| conn.phase.is_dial()),
            count(|conn| conn.leases > 0),
            count(|conn| conn.phase == Phase::Checking),
            count(|conn| conn.phase == Phase::Closing),
            self.conns.len(),
        ];
        let stats = pool.stats();
        let told =
            [stats.waiters, stats.dialing, stats.leased, stats.checking, stats.closing, stats.connections()];
        if counted == told.map(|gauge| gauge as usize) {
            Ok(())
        } else {
            Err(format!("I2: waiters, dials, leased, under check, closing, all: {counted:?}, but {stats:?}"))
        }
    }
}
