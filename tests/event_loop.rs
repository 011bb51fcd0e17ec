//! The example of an event loop runs, and checks itself.
//!
//! `cargo test` builds it; if this test is built alone, `cargo build --example event_loop` comes before.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The example, which cargo puts beside the folder of the tests.
fn example() -> Command {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test.ancestors().nth(2).expect("the folder of the build");
    let mut path: PathBuf = folder.join("examples/event_loop");
    path.set_extension(std::env::consts::EXE_EXTENSION);
    assert!(path.exists(), "{} is not built: `cargo build --example event_loop`", path.display());
    Command::new(path)
}

/// What it prints, if it is content with itself.
fn run(arguments: &[&str]) -> String {
    let output = example().args(arguments).output().expect("the example starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).expect("a text")
}

/// The number in the row of that label.
fn figure(table: &str, label: &str) -> u64 {
    let row = table.lines().find(|line| line.trim_start().starts_with(label));
    let value = row.and_then(|row| row.rsplit("  ").next()).expect(label);
    value.trim().parse().expect(label)
}

#[test]
fn some_hundred_requests_are_bound_late_through_a_handful_of_connections() {
    let table = run(&[]);
    let late =
        figure(&table, "one that another request gave back") + figure(&table, "a dial started for another");
    assert!(late > figure(&table, "the dial started for it"), "{table}");
    let ends =
        ["answered", "cancelled", "out of time", "failed with a refused", "failed with a dial", "refused at"];
    let ended: u64 = ends.iter().map(|label| figure(&table, label)).sum();
    assert_eq!(ended, figure(&table, "requests"), "{table}");
}

#[test]
fn each_step_of_its_pool_is_the_models() {
    run(&["--witness", "--requests", "100", "--connections", "4"]);
}

#[test]
fn its_server_ends_with_its_parent() {
    let mut server = example().arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let addresses = BufReader::new(server.stdout.take().unwrap()).lines().take(3);
    assert_eq!(addresses.map(Result::unwrap).filter(|line| line.starts_with("127.0.0.1:")).count(), 3);
    // What happens to the pipe when the parent goes, however it goes.
    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
}

#[test]
fn nonsense_on_its_command_line_is_refused() {
    for wrong in [&["--requests", "1"][..], &["--connections"], &["--connections", "many"], &["loop"]] {
        let output = example().args(wrong).output().unwrap();
        assert!(!output.status.success() && !output.stderr.is_empty(), "{wrong:?}");
    }
    assert!(run(&["--help"]).contains("Usage: event_loop"));
}
