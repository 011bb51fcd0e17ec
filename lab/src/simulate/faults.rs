//! What can go wrong in a world.

use super::draw::Draw;
use super::labels::labelled;

labelled! {
    /// A kind of fault, or of bad luck.
    pub enum Fault {
        DialHangs = "dials that hang",
        DialRefused = "dials refused",
        DialFatal = "dials refused for good",
        StoppedDialSucceeds = "stopped dials that succeed",
        LateReport = "reports that come very late",
        CheckHangs = "checks that hang",
        CheckFails = "checks that fail",
        PeerCloses = "parked connections closed by the peer",
        HalfClosed = "half-closed connections, found later",
        Goaway = "GOAWAY",
        CapacityChanges = "changes of capacity",
        CapacityZero = "capacity 0 for a while",
        Outage = "outages of a host",
        Breaks = "connections that break in use",
        Panics = "users that panic",
        Leaks = "leases held for very long",
        SlowClose = "closes that take long",
        LateTick = "late ticks",
        ClockBack = "clocks that go backwards",
        Misuse = "misuse on purpose",
        StaleReport = "reports of what has ended",
    }
}

/// How often each kind strikes, in a thousand; 0: not in this world.
#[derive(Clone, Debug)]
pub struct Faults([u32; Fault::ALL.len()]);

impl Faults {
    /// A world in which all goes well.
    pub const NONE: Self = Self([0; Fault::ALL.len()]);

    /// Half of the kinds, each in a measure of its own.
    pub fn draw(draw: &mut Draw) -> Self {
        let mut faults = Self::NONE;
        for rate in &mut faults.0 {
            if draw.chance(500) {
                *rate = draw.scale(5, 300) as u32;
            }
        }
        faults
    }

    /// How often it strikes, in a thousand.
    pub fn rate(&self, fault: Fault) -> u32 {
        self.0[fault as usize]
    }
}
