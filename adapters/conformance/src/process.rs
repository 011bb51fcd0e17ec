//! What the operating system says of this process: Linux's `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use futures_channel::oneshot;

use crate::wait::PATIENCE;

/// Whether it can be asked here.
pub(crate) fn can_be_asked() -> bool {
    Path::new("/proc/self/task").exists()
}

/// What a process has: threads, without the one that counts, and open files.
pub(crate) type Holdings = (usize, usize);

fn holdings() -> Holdings {
    let entries = |path| fs::read_dir(path).expect("the process is there").count();
    (entries("/proc/self/task") - 1, entries("/proc/self/fd"))
}

/// What the process has once it has stood still for a second, as it does when workers without work have ended.
pub(crate) async fn at_rest() -> Holdings {
    elsewhere(|| {
        let mut last = holdings();
        let mut looks = 0;
        while looks < 10 {
            thread::sleep(Duration::from_millis(100));
            let now = holdings();
            looks = if now == last { looks + 1 } else { 0 };
            last = now;
        }
        last
    })
    .await
}

/// Waits until the process has no more than that; what it has then, or when patience has ended.
pub(crate) async fn back_to(least: Holdings) -> Holdings {
    elsewhere(move || {
        let begun = Instant::now();
        loop {
            let now = holdings();
            if (now.0 <= least.0 && now.1 <= least.1) || begun.elapsed() > PATIENCE {
                return now;
            }
            thread::sleep(Duration::from_millis(10));
        }
    })
    .await
}

/// How often threads of this process were woken within `span`.
pub(crate) async fn wake_ups(span: Duration) -> u64 {
    elsewhere(move || {
        // Whoever asks goes to sleep first.
        thread::sleep(Duration::from_millis(100));
        let before = sleeps();
        thread::sleep(span);
        let woken = |(thread, count): (&u32, &u64)| count - before.get(thread).unwrap_or(&0);
        sleeps().iter().map(woken).sum()
    })
    .await
}

/// Has a thread that is not counted look, while the caller does nothing but wait.
async fn elsewhere<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, seen) = oneshot::channel();
    thread::spawn(move || {
        // The caller waits for it.
        let _ = sender.send(look());
    });
    seen.await.expect("looking does not panic")
}

/// How often each thread went to sleep so far: who is woken does so once more.
fn sleeps() -> BTreeMap<u32, u64> {
    let own = fs::read_link("/proc/thread-self").expect("a thread knows itself");
    let tasks = fs::read_dir("/proc/self/task").expect("the process is there");
    let others =
        tasks.filter_map(Result::ok).filter(|task| Some(task.file_name().as_os_str()) != own.file_name());
    // A thread may end between the two looks.
    let counts = others.filter_map(|task| {
        let status = fs::read_to_string(task.path().join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        Some((task.file_name().to_str()?.parse().ok()?, line.trim().parse().ok()?))
    });
    counts.collect()
}
