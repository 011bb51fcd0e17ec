//! What is measured.

use std::fmt;

use super::protocol::{Listening, Load, Order, Protocol};
use super::server::FEW_STREAMS;

/// One row of the comparison: the same order for every client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) protocol: Protocol,
    pub(crate) callers: u32,
    pub(crate) scene: Scene,
    /// Whether each connect takes `SLOW_MS` longer.
    pub(crate) is_slow: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Scene {
    /// All connections are there.
    Steady,
    /// The server retires each connection after `RENEW_AFTER` requests, so that connects never end.
    Renewed,
    /// A new client, and all callers at once.
    Cold,
    /// `SCARCE` connections at most, for however many callers; of HTTP/2, with few streams each.
    Scarce,
}

/// What a slow connect takes longer: a far-away host.
const SLOW_MS: u64 = 50;

const RENEW_AFTER: u32 = 100;

const SCARCE: u32 = 8;

/// How long one round of one client takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pace {
    pub(crate) measure_ms: u64,
    pub(crate) bursts: u32,
}

/// Requests of each caller in a burst: the first one, and those that find connections.
const REQUESTS_IN_BURST: u32 = 4;

/// Long enough for every caller to have a connection, also where a connect is slow, or hundreds of them shake hands.
const fn warm_up_ms(callers: u32) -> u64 {
    if callers > 64 { 1200 } else { 300 }
}

/// All of them, in the order of the table.
pub(crate) fn all() -> Vec<Scenario> {
    let mut all = Vec::new();
    for protocol in [Protocol::Http1, Protocol::Http2, Protocol::H2c] {
        let mut add = |callers: &[u32], scene, is_slow| {
            all.extend(callers.iter().map(|&callers| Scenario { protocol, callers, scene, is_slow }));
        };
        // A slow connect would be no part of it.
        add(&[1, 64, 512], Scene::Steady, false);
        for is_slow in [false, true] {
            add(&[1, 64, 512], Scene::Renewed, is_slow);
            add(&[1, 64, 512], Scene::Cold, is_slow);
            // One caller is scarcer than any slots.
            add(&[64, 512], Scene::Scarce, is_slow);
        }
    }
    all.sort_by_key(|scenario| (scenario.protocol, scenario.scene));
    all
}

impl Scenario {
    pub(crate) fn order(self, server: &Listening, pace: Pace) -> Order {
        let renew_after = match self.scene {
            Scene::Renewed => Some(RENEW_AFTER),
            // Scarce and slow: the slots have to be dialed anew now and then.
            Scene::Scarce if self.is_slow => Some(RENEW_AFTER),
            _ => None,
        };
        let is_scarce = self.scene == Scene::Scarce;
        let streams = if self.protocol == Protocol::Http1 { 1 } else { FEW_STREAMS };
        Order {
            url: server.url(self.protocol, renew_after, is_scarce),
            certificate: server.certificate.clone(),
            protocol: self.protocol,
            callers: self.callers,
            connect_delay_ms: if self.is_slow { SLOW_MS } else { 0 },
            limit: is_scarce.then_some(SCARCE),
            permits: is_scarce.then_some(SCARCE * streams),
            load: match self.scene {
                Scene::Cold => Load::Bursts { count: pace.bursts, requests_per_caller: REQUESTS_IN_BURST },
                _ => Load::Steady { warm_up_ms: warm_up_ms(self.callers), measure_ms: pace.measure_ms },
            },
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Http1 => "HTTP/1.1",
            Protocol::Http2 => "HTTP/2",
            Protocol::H2c => "h2c",
        };
        let scene = match self.scene {
            Scene::Steady => "steady",
            Scene::Renewed => "renewed",
            Scene::Cold => "cold",
            Scene::Scarce if self.protocol == Protocol::Http1 => "8 slots",
            Scene::Scarce => "8x4 slots",
        };
        let callers = if self.callers == 1 { "caller" } else { "callers" };
        let slow = if self.is_slow { ", slow connect" } else { "" };
        write!(f, "{protocol}, {} {callers}, {scene}{slow}", self.callers)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_scenario_is_named_once_and_ordered_as_named() {
        let names: HashSet<String> = all().iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), all().len());
        let server = Listening {
            plain_port: 1,
            tls_port: 2,
            few_plain_port: 3,
            few_tls_port: 4,
            certificate: String::new(),
        };
        let pace = Pace { measure_ms: 10, bursts: 3 };
        for scenario in all() {
            let (name, order) = (scenario.to_string(), scenario.order(&server, pace));
            assert_eq!(name.contains("slow connect"), order.connect_delay_ms == SLOW_MS, "{name}");
            assert_eq!(name.contains("cold"), matches!(order.load, Load::Bursts { count: 3, .. }), "{name}");
            let (is_scarce, has_streams) = (name.contains(" slots"), !name.starts_with("HTTP/1.1"));
            assert_eq!((is_scarce, is_scarce), (order.limit == Some(8), order.permits.is_some()), "{name}");
            let origin = match (name.starts_with("HTTP/2"), is_scarce) {
                (false, false) => "http://127.0.0.1:1/",
                (true, false) => "https://127.0.0.1:2/",
                (false, true) => "http://127.0.0.1:3/",
                (true, true) => "https://127.0.0.1:4/",
            };
            assert!(order.url.starts_with(origin), "{name}");
            assert_eq!(name.contains("8x4 slots"), is_scarce && has_streams, "{name}");
            assert!(
                order.permits.is_none_or(|permits| permits == if has_streams { 32 } else { 8 }),
                "{name}"
            );
            assert!(name.contains(&format!(" {} caller", order.callers)), "{name}");
        }
    }
}
