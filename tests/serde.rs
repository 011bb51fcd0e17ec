//! A run can be written down and replayed.
#![cfg(feature = "serde")]

use std::num::NonZeroU32;

use latebind::{
    Action, Actions, Config, ConnId, DialFailure, Opened, OwnedEvent, Pool, Priority, Stats, Time,
};
use serde_json::{from_str, json, to_string, to_value};

type Step = (Time, OwnedEvent<String>, Vec<Action>);

/// Feeds the events to a new pool, and returns them with what it answered.
fn play(config: &Config, events: impl IntoIterator<Item = (Time, OwnedEvent<String>)>) -> (Vec<Step>, Stats) {
    let mut pool = Pool::new(config.clone()).unwrap();
    let mut actions = Actions::new();
    let steps = events.into_iter().map(|(now, event)| {
        pool.handle(now, event.as_event(), &mut actions).unwrap();
        (now, event, actions.drain().collect())
    });
    (steps.collect(), pool.stats())
}

#[test]
fn a_run_that_was_written_down_replays_to_the_same_actions() {
    let config = Config::default().max_connections(3);
    let conn = ConnId::from_parts(0, 1).unwrap();
    let key = || "a".to_owned();
    let request =
        |token| OwnedEvent::Request { key: key(), token, priority: Priority::HIGHEST, deadline: None };
    let events = [
        (Time(0), request(1)),
        (Time(5), OwnedEvent::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) }),
        (Time(6), request(2)),
        (Time(6), OwnedEvent::LimitDials { key: key(), max_dials: NonZeroU32::new(1) }),
        (Time(7), OwnedEvent::Reconfigure { config: config.clone().max_uses(1) }),
        (Time(9), OwnedEvent::ConnIdle { conn }),
        (Time(9), OwnedEvent::Shutdown),
    ];
    let (recorded, stats) = play(&config, events);
    let (config, steps): (Config, Vec<Step>) = from_str(&to_string(&(config, &recorded)).unwrap()).unwrap();
    let (replayed, replayed_stats) = play(&config, steps.into_iter().map(|(now, event, _)| (now, event)));
    assert_eq!(recorded, replayed);
    assert_eq!(stats, replayed_stats);
    let stats_again: Stats = from_str(&to_string(&stats).unwrap()).unwrap();
    assert_eq!(stats, stats_again);
}

#[test]
fn a_config_may_leave_fields_out_but_not_name_unknown_ones() {
    let config: Config = from_str(r#"{ "max_idle": 7, "dial_failure": "FailAll" }"#).unwrap();
    let expected = {
        let mut config = Config::default().max_idle(7);
        config.dial_failure = DialFailure::FailAll;
        config
    };
    assert_eq!(config, expected);
    let error = from_str::<Config>(r#"{ "max_idel": 7 }"#).unwrap_err();
    assert!(error.to_string().contains("max_idel"), "{error}");
}

#[test]
fn what_no_pool_could_say_is_refused_when_it_is_read() {
    let request = OwnedEvent::Request { key: (), token: 1, priority: Priority::LOWEST, deadline: None };
    let mut written = to_value(&request).unwrap();
    assert_eq!(written["Request"]["priority"], json!(0));
    written["Request"]["priority"] = json!(8);
    let error = serde_json::from_value::<OwnedEvent<()>>(written).unwrap_err();
    assert!(error.to_string().contains("from 0 to 7, not 8"), "{error}");
    let limit = r#"{ "LimitDials": { "key": null, "max_dials": 0 } }"#;
    assert!(from_str::<OwnedEvent<()>>(limit).is_err());
    assert!(from_str::<OwnedEvent<()>>(&limit.replace('0', "1")).is_ok());
    assert!(from_str::<ConnId>(r#"{ "index": 0, "generation": 0 }"#).is_err());
}
