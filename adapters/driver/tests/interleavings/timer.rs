//! The one timer (A6): armed anew while it goes to sleep, turned off and on.

use latebind_driver::Error;

use crate::world::{ModelGet, World, explore, poll_once, span, spawn, timeless, waiter};

fn has_timed_out(get: &mut ModelGet) -> bool {
    matches!(poll_once(get), Some(Err(Error::Timeout(_))))
}

#[test]
fn a_deadline_moves_to_earlier_while_the_timer_goes_to_sleep() {
    explore("a deadline moves to earlier while the timer goes to sleep", &["told in time"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let mut late = pool.get_owned(()).timeout(span(100));
        assert!(poll_once(&mut late).is_none());
        let asker = spawn({
            let pool = pool.clone();
            move || {
                let mut soon = pool.get_owned(()).timeout(span(10));
                assert!(poll_once(&mut soon).is_none());
                soon
            }
        });
        world.runtime.run();
        let mut soon = asker.join().expect("it waits");
        world.runtime.run();
        world.runtime.advance(10);
        world.runtime.run();
        assert!(has_timed_out(&mut soon), "the timer slept too long");
        world.runtime.advance(90);
        world.runtime.run();
        assert!(has_timed_out(&mut late), "the timer slept too long");
        drop(lease);
        world.end(pool);
        "told in time"
    });
}

#[test]
fn two_deadlines_move_to_earlier_while_the_timer_goes_to_sleep() {
    explore("two deadlines move to earlier while the timer goes to sleep", &["told in time"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let mut late = pool.get_owned(()).timeout(span(100));
        assert!(poll_once(&mut late).is_none());
        let ask = |ticks| {
            let pool = pool.clone();
            move || {
                let mut get = pool.get_owned(()).timeout(span(ticks));
                assert!(poll_once(&mut get).is_none());
                get
            }
        };
        let askers = [spawn(ask(10)), spawn(ask(50))];
        world.runtime.run();
        let [mut first, mut second] = askers.map(|asker| asker.join().expect("it waits"));
        for (get, ticks) in [(&mut first, 10), (&mut second, 40), (&mut late, 50)] {
            world.runtime.run();
            world.runtime.advance(ticks);
            world.runtime.run();
            assert!(has_timed_out(get), "the timer slept too long");
        }
        drop(lease);
        world.end(pool);
        "told in time"
    });
}

#[test]
fn the_timer_is_turned_off_while_a_deadline_comes() {
    explore("the timer is turned off while a deadline comes", &["told in time"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let mut early = pool.get_owned(()).timeout(span(10));
        assert!(poll_once(&mut early).is_none());
        world.runtime.run();
        world.runtime.advance(10);
        let asker = spawn({
            let pool = pool.clone();
            move || {
                let mut get = pool.get_owned(()).timeout(span(10));
                assert!(poll_once(&mut get).is_none());
                get
            }
        });
        world.runtime.run();
        let mut get = asker.join().expect("it waits");
        assert!(has_timed_out(&mut early), "the timer slept too long");
        world.runtime.run();
        world.runtime.advance(10);
        world.runtime.run();
        assert!(has_timed_out(&mut get), "nobody turned the timer on again");
        assert_eq!(world.runtime.tasks(), 0, "nothing can expire any more: no timer");
        drop(lease);
        world.end(pool);
        "told in time"
    });
}

#[test]
fn the_pool_ends_while_the_timer_goes_to_sleep() {
    explore("the pool ends while the timer goes to sleep", &["no timer is left"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless().request_timeout(span(100)));
        let get = waiter(&pool);
        let leaver = spawn(move || drop(get));
        let other = spawn(move || drop(pool));
        world.runtime.run();
        other.join().expect("it drops");
        leaver.join().expect("it drops");
        world.nothing_is_left();
        "no timer is left"
    });
}

#[test]
fn the_timer_ticks_while_the_pool_ends() {
    explore("the timer ticks while the pool ends", &["no timer is left"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless().idle_timeout(span(10)));
        drop(world.lease(&pool));
        world.runtime.run();
        let clock = spawn({
            let world = world.clone();
            move || {
                world.runtime.advance(10);
                world.runtime.run();
            }
        });
        drop(pool);
        clock.join().expect("time passes");
        world.nothing_is_left();
        "no timer is left"
    });
}
