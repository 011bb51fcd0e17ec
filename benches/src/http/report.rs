//! What is shown in the end.

use std::fs::File;
use std::io;
use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::figures::{Ratio, Round, Verdict, compare, float, median};
use super::scenario::Scenario;
use super::{Measured, OWN, Options};

/// A row for each scenario and client; the own client's ends with the comparison.
pub(crate) fn table(measured: &[(Scenario, Vec<Measured>)]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header([
        "scenario",
        "client",
        "req/s",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "CPU µs/req",
        "conns",
        "at once",
        "errors",
        "verdict",
    ]);
    for column in table.column_iter_mut().skip(2).take(8) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for (scenario, clients) in measured {
        for (place, client) in clients.iter().enumerate() {
            let name = if place == 0 { scenario.to_string() } else { String::new() };
            let mut row = vec![name, client.client.to_owned()];
            row.extend(figures(client));
            row.push(note(client, clients));
            table.add_row(row);
        }
    }
    table
}

fn figures(client: &Measured) -> Vec<String> {
    if client.rounds.is_empty() {
        return vec!["n/a".to_owned(); 8];
    }
    let of = |figure: fn(&Round) -> f64| median(client.rounds.iter().map(figure));
    let processor = of(|round| round.processor_us.unwrap_or(f64::NAN));
    vec![
        format!("{:.0}", of(|round| round.requests_per_second)),
        format!("{:.3}", of(|round| round.p50_ms)),
        format!("{:.3}", of(|round| round.p99_ms)),
        format!("{:.3}", of(|round| round.p999_ms)),
        if processor.is_nan() { "-".to_owned() } else { format!("{processor:.1}") },
        format!("{:.0}", of(|round| float(round.connections.made))),
        format!("{:.0}", of(|round| float(round.connections.peak))),
        client.rounds.iter().map(|round| round.errors).sum::<u64>().to_string(),
    ]
}

fn note(client: &Measured, clients: &[Measured]) -> String {
    if let Some(why) = client.not_available.as_ref().or(client.first_error.as_ref()) {
        return why.clone();
    }
    if client.client != OWN {
        return String::new();
    }
    let verdict = Comparison::new(clients);
    let mut words = Vec::new();
    for (name, Ratio { times, verdict }) in verdict.named() {
        let verdict = match verdict {
            Verdict::Ahead => "ahead",
            Verdict::Even => "even",
            Verdict::Behind => "BEHIND",
        };
        words.push(format!("{name} {times:.2}x {verdict}"));
    }
    words.join(", ")
}

/// The own client against the best of the others, figure by figure.
#[derive(Serialize)]
pub(super) struct Comparison {
    requests_per_second: Option<Ratio>,
    p99: Option<Ratio>,
}

impl Comparison {
    pub(super) fn new(clients: &[Measured]) -> Self {
        let own = clients.iter().find(|client| client.client == OWN).map_or(&[][..], |own| &own.rounds);
        let others: Vec<&[Round]> = clients
            .iter()
            .filter(|client| client.client != OWN && !client.rounds.is_empty())
            .map(|client| &client.rounds[..])
            .collect();
        Self {
            requests_per_second: compare(own, &others, true, |round| round.requests_per_second),
            p99: compare(own, &others, false, |round| round.p99_ms),
        }
    }

    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, Ratio)> {
        let all = [("req/s", self.requests_per_second), ("p99", self.p99)];
        all.into_iter().filter_map(|(name, ratio)| Some((name, ratio?)))
    }
}

/// What a reader has to know of the table.
pub(crate) fn legend(options: &Options, rounds: u32, go: &str) -> String {
    let threads = options.threads;
    format!(
        "medians of {rounds} interleaved rounds; {threads} threads for the server and for each client; {go}\n\
         Absolute times mean nothing on a shared machine: compare within one scenario of this table only.\n\
         verdict: latebind-hyper against the best of the others in that figure, round by round; above 1x is better, \
         within 5 % is even.\n\
         Server and client share the processors, and the server's part is the same for all; CPU is the client's alone.\n\
         steady: connections are there; renewed: the server retires each after 100 requests; cold: new clients, \
         4 requests of each caller; slow connect: 50 ms more; 8 slots: a limit of connections, of 4 streams each with \
         HTTP/2 (8x4), and a semaphore of as many requests around clients that have none (with a slow connect, renewed \
         as well).\n\
         conns: connections made; at once: the most that were open at the same time.\n\
         HTTP/2: over TLS, agreed on by ALPN; h2c: over TCP, known beforehand."
    )
}

#[derive(Serialize)]
struct Written<'a> {
    scenario: String,
    clients: Vec<WrittenClient<'a>>,
    comparison: Comparison,
}

#[derive(Serialize)]
struct WrittenClient<'a> {
    client: &'a str,
    rounds: &'a [Round],
    first_error: Option<&'a str>,
    not_available: Option<&'a str>,
}

/// Writes down every round.
pub(crate) fn write(file: &Path, measured: &[(Scenario, Vec<Measured>)]) -> io::Result<()> {
    let written: Vec<Written<'_>> = measured
        .iter()
        .map(|(scenario, clients)| Written {
            scenario: scenario.to_string(),
            clients: clients.iter().map(written).collect(),
            comparison: Comparison::new(clients),
        })
        .collect();
    Ok(serde_json::to_writer_pretty(File::create(file)?, &written)?)
}

fn written(client: &Measured) -> WrittenClient<'_> {
    WrittenClient {
        client: client.client,
        rounds: &client.rounds,
        first_error: client.first_error.as_deref(),
        not_available: client.not_available.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::figures::Connections;
    use crate::http::protocol::Protocol;
    use crate::http::scenario::Scene;

    fn measured(client: &'static str, rates: &[f64]) -> Measured {
        let round = |&requests_per_second: &f64| Round {
            requests_per_second,
            p50_ms: 1.0,
            p99_ms: 1000.0 / requests_per_second,
            p999_ms: 3.0,
            processor_us: Some(4.0),
            connections: Connections { made: 5, peak: 2 },
            errors: 1,
        };
        Measured { client, rounds: rates.iter().map(round).collect(), first_error: None, not_available: None }
    }

    #[test]
    fn the_table_tells_medians_and_who_is_behind() {
        let scenario =
            Scenario { protocol: Protocol::Http1, callers: 64, scene: Scene::Scarce, is_slow: false };
        let mut absent = measured("c", &[]);
        absent.not_available = Some("not here".into());
        let clients =
            vec![measured(OWN, &[100.0, 80.0, 120.0]), measured("b", &[200.0, 160.0, 240.0]), absent];
        let table = table(&[(scenario, clients)]).to_string();
        let rows: Vec<&str> = table.lines().collect();
        let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let own = cells(rows[2]);
        assert_eq!(
            own[1..11],
            ["HTTP/1.1, 64 callers, 8 slots", OWN, "100", "1.000", "10.000", "3.000", "4.0", "5", "2", "3"]
        );
        assert_eq!(own[11], "req/s 0.50x BEHIND, p99 0.50x BEHIND");
        let absent = cells(rows[4]);
        assert_eq!((absent[3].as_str(), absent[11].as_str()), ("n/a", "not here"));
    }
}
