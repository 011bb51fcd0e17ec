//! What a pool tells: to observers, and through the features `metrics` and `tracing`.

mod support;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use latebind_tokio::{Builder, CloseReason, Notice, Pool};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit,
};
use support::{Net, Peer, config, net, served, sound, until, waits};
use tracing::field::{Field, Visit};
use tracing::span;

const SECOND: Duration = Duration::from_secs(1);

/// On a paused clock: a dial of one second, a wait of two, a failure, an idle close.
async fn scene(builder: Builder<Net>, mut peer: Peer) {
    let config = config().max_connections_per_key(1).idle_timeout(10 * SECOND).request_timeout(None);
    let pool = builder.config(config.dial_timeout(5 * SECOND)).build().expect("a sound config, on a runtime");
    let mut get = pool.get(&"host");
    waits(&mut get);
    let dial = peer.dial().await;
    tokio::time::sleep(SECOND).await;
    dial.connect();
    let lease = get.await.expect("served");
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    let mut gives_up = pool.get(&"host");
    waits(&mut gives_up);
    tokio::time::sleep(2 * SECOND).await;
    drop(gives_up);
    drop(lease);
    drop(served(&mut waiter));
    let mut unlucky = pool.get(&"elsewhere");
    waits(&mut unlucky);
    peer.dial().await.fail("refused");
    unlucky.await.expect_err("refused");
    let mut hanging = pool.get(&"elsewhere");
    waits(&mut hanging);
    let _dial = peer.dial().await;
    hanging.await.expect_err("it took too long");
    until("the hanging dial has stopped", || pool.stats().dialing == 0).await;
    tokio::time::sleep(10 * SECOND).await;
    until("the idle one is closed", || pool.stats().connections() == 0).await;
    sound(&pool);
}

/// Runs it on this thread, so that what is set for the thread applies to all of it.
fn run(scene: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(scene);
}

#[test]
fn observers_are_told_what_happens_in_its_order() {
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let log = Arc::clone(&heard);
    run(async move {
        let (net, peer) = net();
        let observed = Pool::builder(net).observe(|_, _| panic!("contained")).observe(move |key, notice| {
            let text = match notice {
                Notice::Delivered { source, waited, .. } => format!("{source:?} after {}", waited.as_secs()),
                Notice::Failed { error, waited } => format!("failed: {error:?} after {}", waited.as_secs()),
                Notice::Cancelled { waited } => format!("cancelled after {}", waited.as_secs()),
                Notice::DialStarted { .. } => "dial".to_owned(),
                Notice::DialOpened { took, .. } => format!("opened in {}", took.as_secs()),
                Notice::DialFailed { error: Some(error), .. } => error.to_string(),
                Notice::DialFailed { error: None, .. } => "stopped".to_owned(),
                Notice::Parked { .. } => "parked".to_owned(),
                Notice::Closing { reason: CloseReason::IdleTimeout, .. } => "idle for too long".to_owned(),
                Notice::Closed { .. } => "closed".to_owned(),
                other => format!("{other:?}"),
            };
            log.lock().expect("no panic").push(format!("{key}: {text}"));
        });
        scene(observed, peer).await;
    });
    let expected = [
        "host: dial",
        "host: opened in 1",
        "host: OwnDial after 1",
        "host: cancelled after 2",
        "host: Returned after 2",
        "host: parked",
        "elsewhere: dial",
        "elsewhere: the dial failed: refused",
        "elsewhere: failed: Dial after 0",
        "elsewhere: dial",
        "elsewhere: failed: DialTimeout after 5",
        "elsewhere: the dial took longer than 5s",
        "host: idle for too long",
        "host: closed",
    ];
    assert_eq!(*heard.lock().expect("no panic"), expected);
}

/// What was recorded: the sum of each metric, by name and labels.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<BTreeMap<String, f64>>>);

struct Cell(Recorder, String);

impl Cell {
    fn add(&self, value: f64) {
        *self.0.0.lock().expect("no panic").entry(self.1.clone()).or_default() += value;
    }
}

impl CounterFn for Cell {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn increment(&self, value: u64) {
        self.add(value as f64);
    }

    fn absolute(&self, _: u64) {}
}

impl HistogramFn for Cell {
    fn record(&self, value: f64) {
        self.add(value);
    }
}

impl Recorder {
    fn cell(&self, key: &Key) -> Arc<Cell> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Cell(self.clone(), format!("{} {}", key.name(), labels.join(" "))))
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.cell(key))
    }
}

#[test]
fn metrics_are_recorded_under_the_names_in_the_docs() {
    let recorder = Recorder::default();
    metrics::with_local_recorder(&recorder, || {
        run(async {
            let (net, peer) = net();
            scene(Pool::builder(net).metrics("db"), peer).await;
        });
    });
    let sums = recorder.0.lock().expect("no panic");
    let whole: Vec<_> = sums.iter().map(|(name, value)| format!("{name}: {value:.1}")).collect();
    let expected = [
        "latebind_cancels_total pool=db: 1.0",
        "latebind_closed_total pool=db: 1.0",
        "latebind_closings_total pool=db reason=idle_timeout: 1.0",
        "latebind_deliveries_total pool=db source=own_dial: 1.0",
        "latebind_deliveries_total pool=db source=returned: 1.0",
        "latebind_dial_seconds pool=db outcome=failed: 5.0",
        "latebind_dial_seconds pool=db outcome=opened: 1.0",
        "latebind_dials_total pool=db outcome=failed: 2.0",
        "latebind_dials_total pool=db outcome=opened: 1.0",
        "latebind_failures_total pool=db reason=dial: 1.0",
        "latebind_failures_total pool=db reason=dial_timeout: 1.0",
        "latebind_parks_total pool=db: 1.0",
        "latebind_wait_seconds pool=db outcome=cancelled: 2.0",
        "latebind_wait_seconds pool=db outcome=delivered: 3.0",
        "latebind_wait_seconds pool=db outcome=failed: 5.0",
    ];
    assert_eq!(whole, expected);
}

/// Writes down each event: its level, message, and what else it carries.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            // Those that are the same in each run.
            "pool" | "key" | "error" | "source" | "reason" => {
                let _ = write!(self.fields, " {}={value:?}", field.name());
            }
            _ => {}
        }
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "latebind"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let text = format!("{} {}:{}", event.metadata().level(), line.message, line.fields);
        self.0.lock().expect("no panic").push(text);
    }
}

#[test]
fn events_are_traced_under_the_names_in_the_docs() {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        run(async {
            let (net, peer) = net();
            scene(Pool::builder(net).tracing("db"), peer).await;
        });
    });
    let expected = [
        r#"DEBUG dial started: pool="db" key="host""#,
        r#"DEBUG dial opened: pool="db" key="host""#,
        r#"TRACE delivered: pool="db" key="host" source=OwnDial"#,
        r#"DEBUG request cancelled: pool="db" key="host""#,
        r#"TRACE delivered: pool="db" key="host" source=Returned"#,
        r#"TRACE parked: pool="db" key="host""#,
        r#"DEBUG dial started: pool="db" key="elsewhere""#,
        r#"WARN dial failed: pool="db" key="elsewhere" error=the dial failed: refused"#,
        r#"DEBUG request failed: pool="db" key="elsewhere" error=Dial"#,
        r#"DEBUG dial started: pool="db" key="elsewhere""#,
        r#"DEBUG request failed: pool="db" key="elsewhere" error=DialTimeout"#,
        r#"WARN dial failed: pool="db" key="elsewhere" error=the dial took longer than 5s"#,
        r#"DEBUG closing: pool="db" key="host" reason=IdleTimeout"#,
        r#"DEBUG closed: pool="db" key="host""#,
    ];
    assert_eq!(*log.0.lock().expect("no panic"), expected);
}
