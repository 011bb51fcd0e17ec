//! The words of the public interface: what they say, and how they are shown.

use std::time::Duration;

use latebind::{
    Action, Actions, Config, ConnId, Event, Misuse, NoSuchPriority, OwnedEvent, Pool, Priority, RequestId,
    Source, Stats, Time,
};

fn told(events: &[OwnedEvent<&'static str>]) -> (Pool<&'static str>, Actions) {
    let mut pool = Pool::new(Config::default()).unwrap();
    let mut actions = Actions::new();
    for event in events {
        pool.handle(Time::ZERO, event.as_event(), &mut actions).unwrap();
    }
    (pool, actions)
}

fn request(token: u64) -> OwnedEvent<&'static str> {
    OwnedEvent::Request { key: "a", token, priority: Priority::default(), deadline: None }
}

#[test]
fn actions_are_read_as_a_slice_in_a_loop_and_drained() {
    let (_, mut actions) = told(&[request(7)]);
    let mut looped = Vec::new();
    for action in &actions {
        looped.push(*action);
    }
    assert_eq!(looped, *actions);
    assert_eq!(looped.len(), 2);
    assert_eq!(format!("{actions:?}"), format!("{looped:?}"));
    assert!(actions.drain().eq(looped));
    assert!(actions.is_empty());
}

#[test]
fn handle_appends_and_what_is_cleared_is_gone() {
    let (_, mut actions) = told(&[request(1), request(2)]);
    assert_eq!(actions.len(), 4);
    actions.clear();
    assert!(actions.is_empty());
}

#[test]
fn what_was_taken_out_leaves_no_trace_even_if_it_was_not_looked_at() {
    let (_, first) = told(&[request(1)]);
    let (mut pool, mut used) = told(&[request(0), request(0)]);
    let _ = used.drain().next();
    assert_eq!((used.len(), &used), (0, &Actions::new()));
    pool.handle(Time::ZERO, request(1).as_event(), &mut used).unwrap();
    assert_ne!(used, first, "another request and another dial");
    let (_, fresh) = told(&[request(0), request(0), request(1)]);
    assert_eq!((&used[..], format!("{used:?}")), (&fresh[4..], format!("{:?}", &fresh[4..])));
    used.clear();
    assert_eq!((used.clone(), used), Default::default());
}

#[test]
fn priorities_are_levels_from_0_to_7() {
    for level in 0..8 {
        let priority = Priority::new(level).unwrap();
        assert_eq!(
            (priority.level(), u8::from(priority), Priority::try_from(level)),
            (level, level, Ok(priority))
        );
        assert_eq!(format!("{priority:?}"), format!("Priority({level})"));
    }
    assert_eq!((Priority::LOWEST.level(), Priority::default().level(), Priority::HIGHEST.level()), (0, 3, 7));
    assert_eq!(Priority::new(8), None);
    assert_eq!(Priority::try_from(9), Err(NoSuchPriority(9)));
    assert_eq!(NoSuchPriority(9).to_string(), "priorities are levels from 0 to 7, not 9");
}

#[test]
fn a_refusal_names_the_culprit() {
    let conn = ConnId::from_parts(4, 2).unwrap();
    let request = RequestId::from_parts(5, 1).unwrap();
    let texts = [
        (Misuse::UnknownConnection(conn), "connection c4.2 was never issued"),
        (Misuse::UnknownRequest(request), "request r5.1 was never issued"),
        (Misuse::NotLeased(conn), "c4.2 was given back, but is not on lease"),
        (Misuse::NotChecking(conn), "c4.2 was reported as checked, but is not under check"),
        (Misuse::NotDialing(conn), "c4.2 was reported as dialed, but is open already"),
        (Misuse::StillDialing(conn), "c4.2 is still being dialed"),
    ];
    for (misuse, text) in texts {
        assert!(misuse.to_string().contains(text), "{misuse}");
    }
    let contradiction = Pool::<()>::new(Config::default().max_uses(0)).unwrap_err();
    let text = Misuse::Config(contradiction).to_string();
    assert!(text.contains("the new config was refused") && text.contains("max_uses"), "{text}");
}

#[test]
fn ids_show_their_parts_and_never_have_generation_0() {
    let conn = ConnId::from_parts(4, 2).unwrap();
    assert_eq!((conn.index(), conn.generation(), conn.to_string()), (4, 2, "c4.2".to_owned()));
    assert_eq!(ConnId::from_parts(4, 0), None);
    assert_eq!(RequestId::from_parts(4, 0), None);
}

#[test]
fn times_saturate_at_never() {
    let second = Duration::from_secs(1);
    assert_eq!(Time::from_origin(second), Time(1_000_000_000));
    assert_eq!(Time(5).after(second).since(Time(5)), second);
    assert_eq!(Time(5).since(Time(6)), Duration::ZERO);
    assert_eq!(Time(5).after(Duration::MAX), Time::NEVER);
    assert_eq!(Time::NEVER.after(second), Time::NEVER);
}

#[test]
fn stats_add_up_and_read_as_a_sentence() {
    let stats = |change: fn(&mut Stats)| {
        let mut stats = Stats::default();
        (stats.waiters, stats.dialing, stats.leased, stats.idle, stats.closing) = (3, 1, 2, 4, 8);
        change(&mut stats);
        stats
    };
    let plain = stats(|_| ());
    assert_eq!(plain.connections(), 15);
    assert_eq!(plain.to_string(), "3 waiters; 15 connections: 1 dialing, 2 leased, 4 idle, 8 closing");
    let checked = stats(|stats| stats.checking = 16);
    assert_eq!(checked.connections(), 31);
    assert!(checked.to_string().ends_with("8 closing, 16 under check"), "{checked}");
    let dormant = stats(|stats| stats.dormant = 32);
    assert_eq!(dormant.connections(), 47);
    assert!(dormant.to_string().ends_with("8 closing, 32 without capacity"), "{dormant}");
}

#[test]
fn deliveries_are_counted_by_source() {
    let (mut pool, mut actions) = told(&[request(1)]);
    let Some(Action::StartDial { conn }) = actions.drain().next_back() else { panic!("no dial") };
    let dialed = Event::DialDone { conn, outcome: Ok(latebind::Opened::EXCLUSIVE) };
    pool.handle(Time::ZERO, dialed, &mut actions).unwrap();
    pool.handle(Time::ZERO, Event::ConnIdle { conn }, &mut actions).unwrap();
    for token in [2, 3] {
        pool.handle(Time::ZERO, request(token).as_event(), &mut actions).unwrap();
        pool.handle(Time::ZERO, Event::ConnIdle { conn }, &mut actions).unwrap();
    }
    let delivered = pool.stats().counters.delivered;
    assert_eq!((delivered.total(), delivered[Source::OwnDial], delivered[Source::Idle]), (3, 1, 2));
    let counted: Vec<_> = delivered.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counted, [(Source::Idle, 2), (Source::OwnDial, 1)]);
    let mut more = delivered;
    more[Source::Shared] += 5;
    assert_eq!((more[Source::Shared], more.total()), (5, 8));
}
