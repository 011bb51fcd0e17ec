//! Any bytes are a script, and every script that the strategies make has its bytes.

use latebind_testkit::bytes::{CONFIG, MOVE, decode, encode};
use latebind_testkit::moves::{Deed, Move, Pause};
use latebind_testkit::strategies::{any_config, any_run};
use proptest::prelude::*;

fn settings() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn every_script_is_what_its_bytes_say(config in any_config(), moves in any_run(3, 40, any_config())) {
        prop_assert_eq!(decode(&encode(&config, &moves)), (config, moves));
    }

    /// What bytes say has bytes of its own, perhaps others, that say the same.
    #[test]
    fn any_bytes_are_a_script(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let (config, moves) = decode(&bytes);
        prop_assert_eq!(decode(&encode(&config, &moves)), (config, moves));
    }

    #[test]
    fn a_record_left_out_leaves_the_others_as_they_are(
        config in any_config(),
        moves in any_run(3, 40, any_config()),
        left_out in any::<prop::sample::Index>(),
    ) {
        // A move with a config is more than one record.
        let mut moves: Vec<Move> =
            moves.into_iter().filter(|step| !matches!(step.deed, Deed::Reconfigure(_))).collect();
        prop_assume!(!moves.is_empty());
        let place = left_out.index(moves.len());
        let mut bytes = encode(&config, &moves);
        bytes.drain(CONFIG + place * MOVE..CONFIG + (place + 1) * MOVE);
        moves.remove(place);
        prop_assert_eq!(decode(&bytes), (config, moves));
    }
}

#[test]
fn no_bytes_are_a_config_without_moves() {
    assert_eq!(decode(&[]).1, []);
}

#[test]
fn what_has_no_place_in_a_record_becomes_the_nearest_that_has() {
    let (config, _) = decode(&[]);
    let moves = [300, 90_000, 100_000_000]
        .map(|milliseconds| Move { pause: Pause::Millis(milliseconds), deed: Deed::Tick });
    let pauses: Vec<Pause> = decode(&encode(&config.clone().max_idle(4_000_000), &moves))
        .1
        .iter()
        .map(|step| step.pause)
        .collect();
    assert_eq!(pauses, [Pause::Millis(1000), Pause::Millis(90_000), Pause::Millis(255_000)]);
    assert_eq!(decode(&encode(&config.clone().max_idle(4_000_000), &[])).0, config.max_idle(19));
}
