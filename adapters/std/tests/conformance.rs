//! What every adapter does, on plain threads: by calls that block, and with threads as the runtime of futures.

mod plain;

use latebind_conformance::{Async, Suite, block_on};
use latebind_std::Threads;
use plain::Plain;

/// Why a platform cannot play some scenarios.
const NO_STOP: &str = "a call that blocks cannot be stopped";
const NO_CALLING_OFF: &str = "a thread that waits cannot be called off";
const NO_WATCH: &str = "a parked connection is not watched";
const BORROWED: &str = "a thread that waits borrows a handle of its pool";
const UNCOUNTED: &str = "its pools bring their own threads, which the process counts";

const BLOCKING_CANNOT: &[(&str, &str)] = &[
    ("a_waiter_may_become_more_urgent", NO_CALLING_OFF),
    ("a_waiter_that_is_dropped_leaves_nothing_but_its_dial", NO_CALLING_OFF),
    ("a_waiter_in_a_task_that_is_called_off_leaves_the_queue", NO_CALLING_OFF),
    ("the_dial_of_a_dropped_waiter_serves_the_next_request", NO_CALLING_OFF),
    ("what_was_delivered_to_a_dropped_request_goes_to_the_next_waiter", NO_CALLING_OFF),
    ("what_was_delivered_to_a_dropped_request_is_parked_if_nobody_waits", NO_CALLING_OFF),
    ("a_failure_that_nobody_picks_up_is_dropped", NO_CALLING_OFF),
    ("among_many_waiters_those_that_are_dropped_leave_and_no_others", NO_CALLING_OFF),
    ("a_check_that_passes_without_a_waiter_parks_the_connection", NO_CALLING_OFF),
    ("a_crowd_of_which_many_give_up", NO_CALLING_OFF),
    ("a_surplus_dial_is_stopped_if_the_config_says_so", NO_STOP),
    ("a_dial_that_takes_too_long_is_dropped", NO_STOP),
    ("a_check_that_takes_too_long_is_dropped", NO_STOP),
    ("a_recycling_that_hangs_is_dropped_when_the_pool_is_cleared", NO_STOP),
    ("a_dial_that_hangs_is_dropped", NO_STOP),
    ("the_last_handle_goes_while_a_dial_hangs", NO_STOP),
    ("the_last_handle_goes_while_a_check_hangs", NO_STOP),
    ("the_last_handle_goes_while_a_connection_is_recycled", NO_STOP),
    ("what_a_dropped_request_was_fetching_from_a_busy_watch_is_parked_again", NO_WATCH),
    ("a_parked_connection_that_its_peer_closes_is_removed_then", NO_WATCH),
    ("a_watched_connection_serves_as_any_other", NO_WATCH),
    ("what_its_peer_closed_on_lease_is_removed_when_it_is_parked", NO_WATCH),
    ("a_watch_that_panics_costs_its_connection_only", NO_WATCH),
    ("the_slot_of_what_its_peer_closed_serves_another_key", NO_WATCH),
    ("the_last_handle_goes_while_requests_wait", BORROWED),
    ("the_last_handle_goes_while_a_connection_is_delivered", BORROWED),
    ("the_last_handle_goes_in_a_backoff", BORROWED),
    ("an_idle_pool_causes_no_wake_up", UNCOUNTED),
    ("there_is_one_timer_for_everything_and_none_for_nothing", UNCOUNTED),
];

fn main() {
    Suite::new()
        .documented()
        .on_but("std, blocking", BLOCKING_CANNOT, |scenario| block_on(scenario(Plain)))
        .on("std, futures", |scenario| block_on(scenario(Async::with_threads(Threads::default()))))
        .main();
}
