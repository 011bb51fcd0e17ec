//! `docs/WRITE-YOUR-OWN-ADAPTER.md` shows code that runs, and leaves nothing out.

use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../docs/WRITE-YOUR-OWN-ADAPTER.md");

/// Where quotations may come from.
const QUOTED: [&str; 3] = ["examples/event_loop", "adapters/async-std/src", "adapters/async-std/tests"];

/// The lines of a text, whatever their indentation.
fn unindented(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

/// The lines of each block of Rust.
fn quotations() -> Vec<Vec<&'static str>> {
    let blocks = PAGE.split("```rust\n").skip(1);
    blocks.map(|rest| unindented(rest.split("```").next().expect("what comes first"))).collect()
}

fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries =
        QUOTED.iter().flat_map(|folder| fs::read_dir(root.join(folder)).expect("a folder of sources"));
    let files = entries.map(|entry| entry.expect("a file").path());
    files.map(|file: PathBuf| fs::read_to_string(file).expect("a source")).collect()
}

/// The variants of a public enum, as its source declares them: one more, and the page must speak of it.
fn variants(source: &'static str, declaration: &str) -> Vec<&'static str> {
    let (_, body) = source.split_once(declaration).expect("the declaration");
    let lines = body.lines().take_while(|line| *line != "}");
    let names = lines
        .filter_map(|line| line.strip_prefix("    "))
        .map(|line| line.split(|letter: char| !letter.is_alphanumeric()).next().expect("what comes first"));
    names.filter(|name| name.starts_with(char::is_uppercase)).collect()
}

/// The names that begin the rows of the table with that head.
fn rows(head: &str) -> Vec<&'static str> {
    let lines = PAGE.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.split('`').nth(1).expect("a name in each row")).collect()
}

#[test]
fn every_quotation_stands_in_the_sources_word_for_word() {
    let sources = sources();
    let sources: Vec<_> = sources.iter().map(|source| unindented(source)).collect();
    let quotations = quotations();
    assert!(quotations.len() > 10, "the page shows its code");
    for quotation in quotations {
        let is_quoted =
            sources.iter().any(|source| source.windows(quotation.len()).any(|part| part == quotation));
        assert!(is_quoted, "this stands in no source:\n{}", quotation.join("\n"));
    }
}

#[test]
fn every_action_and_every_event_has_its_row() {
    let actions = variants(include_str!("../src/action.rs"), "pub enum Action {");
    assert_eq!(rows("| action | what to do"), actions);
    let events = variants(include_str!("../src/event.rs"), "pub enum EventOf<Key, Conf> {");
    assert_eq!(rows("| event | who tells it"), events);
    assert!(actions.len() >= 10 && events.len() >= 17);
}

#[test]
fn its_links_lead_somewhere() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let links: Vec<_> = PAGE.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 2, "{links:?}");
    for link in links {
        assert!(docs.join(link).exists(), "{link}");
    }
}
