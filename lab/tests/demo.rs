//! The program as its users run it.

use std::process::{Command, Output, Stdio};

fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_latebind-lab")).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_demo_shows_equal_addresses_and_the_comparison_and_succeeds() {
    let output = lab(&["demo"]);
    let (shown, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{shown}\n{errors}");
    assert_eq!(errors, "", "no progress bar where there is no terminal");

    let seen_from = |path: &str| {
        let line = shown.lines().find_map(|line| line.trim_start().strip_prefix(path)).expect(path);
        line.split_whitespace().next().expect("an address").to_owned()
    };
    assert!(seen_from("/foo from").starts_with("127.0.0.1:"));
    assert_eq!(seen_from("/foo from"), seen_from("/bar from"));
    assert_ne!(seen_from("/foo from"), seen_from("/baz from"));
    for row in ["mean", "p50", "p95", "p99", "dials made", "connections at the peak"] {
        assert!(shown.lines().any(|line| line.trim_start().starts_with(row)), "{row} in\n{shown}");
    }
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
        (&["dmo"], "demo"),
        (&[], "Usage"),
    ] {
        let output = lab(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(hint), "{arguments:?}: {}", text(&output.stderr));
    }
}
