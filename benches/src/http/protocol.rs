//! What the command and its processes tell each other: one line of JSON each way.
//!
//! `benches/go/main.go` knows the same words.

use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What is spoken on the connections.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Protocol {
    /// HTTP/1.1 over TCP.
    Http1,
    /// HTTP/2 over TLS, agreed on by ALPN: the client learns of it with its first connection.
    Http2,
    /// HTTP/2 over TCP, known beforehand.
    H2c,
}

/// One measurement, by a client that is made for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) url: String,
    /// The one that the client trusts, in PEM.
    pub(crate) certificate: String,
    pub(crate) protocol: Protocol,
    pub(crate) callers: u32,
    /// Added to every connect.
    pub(crate) connect_delay_ms: u64,
    /// How many connections there may be at most.
    pub(crate) limit: Option<u32>,
    /// How many requests there may be at once, for clients that cannot limit their connections: as many as those carry.
    pub(crate) permits: Option<u32>,
    pub(crate) load: Load,
}

impl Order {
    pub(crate) fn connect_delay(&self) -> Duration {
        Duration::from_millis(self.connect_delay_ms)
    }
}

/// What the callers do: each sends a request, reads the answer's body to its end, and sends the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Load {
    /// For so long; those requests count that begin after the warm-up.
    Steady { warm_up_ms: u64, measure_ms: u64 },
    /// So many bursts, each with a new client; in each, all callers begin at once.
    Bursts { count: u32, requests_per_caller: u32 },
}

/// What came of an [`Order`].
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// How long the requests that count took, all together; the time of all bursts.
    pub(crate) elapsed_ns: u64,
    /// Of each request that counts and did not fail.
    pub(crate) latencies_ns: Vec<u64>,
    /// All that were sent, with those of the warm-up.
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) first_error: Option<String>,
    /// Why it cannot be measured with this client.
    pub(crate) not_available: Option<String>,
}

/// The first line that the server says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Listening {
    pub(crate) plain_port: u16,
    pub(crate) tls_port: u16,
    /// Where a connection of HTTP/2 takes few streams at once.
    pub(crate) few_plain_port: u16,
    pub(crate) few_tls_port: u16,
    /// In PEM.
    pub(crate) certificate: String,
}

/// What the server says of its connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Census {
    pub(crate) accepted: u64,
    pub(crate) open: u64,
    /// The most that were open at once since it was asked last.
    pub(crate) peak: u64,
}

impl Listening {
    /// Where a request goes; each connection takes `renew_after` of them, if that is said, and few at once if they
    /// shall be `scarce`.
    pub(crate) fn url(&self, protocol: Protocol, renew_after: Option<u32>, scarce: bool) -> String {
        let (scheme, port) = match (protocol, scarce) {
            (Protocol::Http1 | Protocol::H2c, false) => ("http", self.plain_port),
            (Protocol::Http1 | Protocol::H2c, true) => ("http", self.few_plain_port),
            (Protocol::Http2, false) => ("https", self.tls_port),
            (Protocol::Http2, true) => ("https", self.few_tls_port),
        };
        match renew_after {
            None => format!("{scheme}://127.0.0.1:{port}/"),
            Some(requests) => format!("{scheme}://127.0.0.1:{port}/renew/{requests}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Go program reads these very words.
    #[test]
    fn an_order_is_written_as_go_reads_it() {
        let order = Order {
            url: "http://127.0.0.1:1/".into(),
            certificate: String::new(),
            protocol: Protocol::Http1,
            callers: 64,
            connect_delay_ms: 50,
            limit: None,
            permits: Some(8),
            load: Load::Bursts { count: 3, requests_per_caller: 4 },
        };
        let written = serde_json::to_value(&order).unwrap();
        let expected = serde_json::json!({
            "url": "http://127.0.0.1:1/",
            "certificate": "",
            "protocol": "http1",
            "callers": 64,
            "connect_delay_ms": 50,
            "limit": null,
            "permits": 8,
            "load": { "bursts": { "count": 3, "requests_per_caller": 4 } },
        });
        assert_eq!(written, expected);
    }
}
