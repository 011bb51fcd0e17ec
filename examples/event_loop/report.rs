//! What came of it, and whether all of it is as it should be.

use std::fmt::Write as _;
use std::time::Duration;

use latebind::{CloseReason, RequestError, Source};
use latebind_testkit::Witness;

use crate::requests::{Outcome, Plan, Request};
use crate::story::Story;

/// The figures, a line for each.
pub fn table(story: &Story) -> String {
    let (events, mut table) = (&story.events, String::new());
    let counters = events.pool.stats().counters;
    let mut row = |label: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(table, "{label:<44}{value:>10}");
    };
    row("requests", &events.requests.all.len());
    row("  answered", &count(story, |outcome| matches!(outcome, Outcome::Answered(_))));
    row("  cancelled", &count(story, |outcome| *outcome == Outcome::Cancelled));
    for (error, label) in ERRORS {
        row(label, &count(story, |outcome| *outcome == Outcome::Failed(error)));
    }
    row("deliveries, each on", &events.requests.served.total());
    for (source, label) in SOURCES {
        row(label, &events.requests.served[source]);
    }
    row("dials", &counters.dials);
    row("  that failed or hung", &counters.dials_failed);
    row("connections at most", &format!("{} of {}", events.connections.peak, story.limit));
    row("  ended by the peer while parked", &events.tally.closed_while_parked);
    row("  broken under a lease", &events.tally.broken_under_a_lease);
    row("  closed after their idle timeout", &closed(story, CloseReason::IdleTimeout));
    row("  closed for another key's dial", &closed(story, CloseReason::Evicted));
    row("turns of the loop", &events.tally.turns);
    for percent in [50, 99] {
        row(&format!("wait for a connection, p{percent}"), &millis(wait(story, percent)));
    }
    table
}

const ERRORS: [(RequestError, &str); 4] = [
    (RequestError::Timeout, "  out of time"),
    (RequestError::Dial, "  failed with a refused dial"),
    (RequestError::DialTimeout, "  failed with a dial that hung"),
    (RequestError::Shutdown, "  refused at the shutdown"),
];

const SOURCES: [(Source, &str); 5] = [
    (Source::Idle, "  an idle connection"),
    (Source::Returned, "  one that another request gave back"),
    (Source::OwnDial, "  the dial started for it"),
    (Source::OtherDial, "  a dial started for another request"),
    (Source::Check, "  an idle connection that was checked"),
];

/// Every claim that the example makes; the error is the first one that does not hold.
pub fn check(story: &Story) -> Result<(), String> {
    for (token, request) in story.events.requests.all.iter().enumerate() {
        if !is_as_planned(token, request) {
            return Err(format!("request {token} ({:?}) ended so: {:?}", request.plan, request.outcomes));
        }
    }
    let (events, pool) = (&story.events, &story.events.pool);
    let tally = &events.tally;
    let owed = events.witness.iter().flat_map(Witness::owed).count();
    let claims = [
        ("no more connections than the limit", events.connections.peak <= story.limit),
        ("a pool that holds nothing needs no timer", story.was_at_rest),
        ("some connections are closed by the peer while parked", tally.closed_while_parked > 0),
        ("some connections break under a lease", tally.broken_under_a_lease > 0),
        ("some connections end by their idle timeout", closed(story, CloseReason::IdleTimeout) > 0),
        (
            "the pool counts the deliveries that we saw",
            pool.stats().counters.delivered == events.requests.served,
        ),
        ("nothing is left", pool.is_drained() && events.connections.count() == 0 && owed == 0),
        ("the end is told once", tally.drained == 1),
        ("nothing can expire after the end", pool.deadline().is_none()),
    ];
    for (claim, holds) in claims {
        if !holds {
            return Err(format!("not so: {claim} ({}; {})", pool.stats(), table(story)));
        }
    }
    for (source, label) in SOURCES {
        if events.requests.served[source] == 0 {
            return Err(format!("no request was served by{label}\n{}", table(story)));
        }
    }
    let was_cancelled = count(story, |outcome| *outcome == Outcome::Cancelled) > 0;
    let has_failed = |(error, _): &_| count(story, |outcome| *outcome == Outcome::Failed(*error)) > 0;
    if was_cancelled && ERRORS.iter().all(has_failed) {
        return Ok(());
    }
    Err(format!("some way to end was not taken by any request\n{}", table(story)))
}

/// Whether it ended once, and in a way that suits its plan; an answer is its own and no other's.
fn is_as_planned(token: usize, request: &Request) -> bool {
    let [outcome] = &request.outcomes[..] else { return false };
    match outcome {
        Outcome::Answered(answer) => {
            !matches!(request.plan, Plan::Refused | Plan::Unheard) && *answer == token.to_string()
        }
        Outcome::Cancelled => request.plan == Plan::Leaves,
        Outcome::Failed(error) => matches!(
            (request.plan, error),
            (Plan::Impatient, RequestError::Timeout)
                | (Plan::Refused, RequestError::Dial)
                | (Plan::Unheard, RequestError::DialTimeout)
                | (Plan::LastMinute, RequestError::Shutdown)
        ),
    }
}

fn count(story: &Story, is_it: impl Fn(&Outcome) -> bool) -> usize {
    story
        .events
        .requests
        .all
        .iter()
        .flat_map(|request| &request.outcomes)
        .filter(|outcome| is_it(outcome))
        .count()
}

fn closed(story: &Story, reason: CloseReason) -> u64 {
    story.events.tally.closed_by_the_pool.get(&reason).copied().unwrap_or(0)
}

/// The wait that so many percent of the deliveries did not exceed.
fn wait(story: &Story, percent: usize) -> Duration {
    let mut waits = story.events.requests.waits.clone();
    waits.sort_unstable();
    waits.get((waits.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
