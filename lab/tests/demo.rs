//! The program as its users run it.

use std::process::{Command, Output, Stdio};

fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_latebind-lab")).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Where the server saw the requests to `path` come from, in each scene that was played.
fn seen_from(shown: &str, path: &str) -> Vec<String> {
    let lines = shown.lines().filter_map(|line| line.trim_start().strip_prefix(path)?.strip_prefix(" from "));
    lines.map(|line| line.split_whitespace().next().expect("an address").to_owned()).collect()
}

/// Late binding in as many scenes: `/bar` on the connection of `/foo`, `/baz` on another.
fn assert_bound_late(shown: &str, scenes: usize) {
    let [first, second, third] = ["/foo", "/bar", "/baz"].map(|path| seen_from(shown, path));
    assert_eq!(first.len(), scenes, "{shown}");
    assert_eq!(first, second);
    for (first, third) in first.iter().zip(&third) {
        assert!(first.starts_with("127.0.0.1:"), "{first}");
        assert_ne!(first, third);
    }
    assert_eq!(third.len(), scenes);
}

fn assert_compared(shown: &str) {
    for row in ["mean", "p50", "p95", "p99", "dials made", "connections at the peak"] {
        assert!(shown.lines().any(|line| line.trim_start().starts_with(row)), "{row} in\n{shown}");
    }
}

#[test]
fn the_demo_shows_equal_addresses_and_the_comparison_and_succeeds() {
    let output = lab(&["demo"]);
    let (shown, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{shown}\n{errors}");
    assert_eq!(errors, "", "no progress bar where there is no terminal");
    assert_bound_late(&shown, 1);
    assert_compared(&shown);
}

#[test]
fn on_all_runtimes_the_demo_shows_equal_addresses_and_compares() {
    let output = lab(&["demo", "--runtime", "all"]);
    let (shown, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{shown}\n{errors}");
    assert_bound_late(&shown, 4);
    assert_compared(&shown);
    let addresses = seen_from(&shown, "/foo");
    for (name, address) in ["tokio", "async-std", "smol", "std"].into_iter().zip(&addresses) {
        assert!(shown.contains(&format!("On {name}, ")), "{name} in\n{shown}");
        let row = |line: &str| line.split_whitespace().take(4).eq([name, address, "the", "same"]);
        assert!(shown.lines().any(row), "{name} at {address} in the table of\n{shown}");
    }
}

#[test]
fn on_one_other_runtime_the_demo_shows_the_scene_and_where_to_find_the_load() {
    let output = lab(&["demo", "--runtime", "std", "--handshake-ms", "20"]);
    let (shown, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{shown}\n{errors}");
    assert_bound_late(&shown, 1);
    assert!(shown.contains("On std, "), "{shown}");
    assert!(shown.trim_end().ends_with("see `--runtime tokio`, or `all`."), "{shown}");
    assert!(!shown.contains("dials made"), "{shown}");
}

/// What cannot be shown is not shown to be true.
#[test]
fn a_demo_that_nobody_can_read_fails() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_latebind-lab"))
        .arg("demo")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(program.stdout.take());
    let output = program.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("not as it should be"), "{}", text(&output.stderr));
}

#[test]
fn a_wrong_command_line_is_refused_with_a_hint() {
    for (arguments, hint) in [
        (&["demo", "--requests", "0"][..], "--requests"),
        (&["demo", "--sed", "1"], "--seed"),
        (&["demo", "--runtime", "threads"], "async-std"),
        (&["dmo"], "demo"),
        (&[], "Usage"),
    ] {
        let output = lab(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(hint), "{arguments:?}: {}", text(&output.stderr));
    }
}
