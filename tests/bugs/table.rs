//! docs/BUGS.md against the sources: each bug has its tests, and each test its bug.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where scripts of the core are, and tests of the driver.
const FOLDERS: [&str; 2] = ["tests/bugs", "adapters/tokio/tests"];

/// One line of the table.
struct Row {
    number: u32,
    reference: String,
    what: String,
    /// By folder, then by name.
    tests: Vec<(&'static str, String)>,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("../../docs/BUGS.md").lines().filter(|line| line.starts_with("| B"));
    lines.map(row).collect()
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [number, reference, what, core, driver] = cells[..] else { panic!("five cells: {line}") };
    let names = |folder, cell: &str| -> Vec<(&'static str, String)> {
        let names = cell.split(',').map(|name| name.trim().trim_matches('`')).filter(|name| !name.is_empty());
        names.map(|name| (folder, name.to_owned())).collect()
    };
    Row {
        number: number[1..].parse().expect("a number"),
        reference: reference.to_owned(),
        what: what.to_owned(),
        tests: [names(FOLDERS[0], core), names(FOLDERS[1], driver)].concat(),
    }
}

fn source(path: &Path) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands above a test in the file, without an empty line between; `None` if the file has no such test, or one
/// that is not run.
fn preamble(source: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let is_it = |line: &&str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ")
            .and_then(|line| line.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with("()"))
    };
    let at = lines.iter().position(is_it)?;
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("///"));
    let above: Vec<&str> = above.copied().collect();
    let is_run = above.iter().any(|line| *line == "#[test]" || line.starts_with("#[tokio::test"))
        && !above.iter().any(|line| line.starts_with("#[ignore") || line.starts_with("#[cfg"));
    let comment = above.iter().rev().filter_map(|line| line.strip_prefix("///")).map(str::trim);
    is_run.then(|| comment.collect::<Vec<_>>().join(" "))
}

/// The number in the name of a test that was written for a bug.
fn number_of(name: &str) -> Option<u32> {
    name.strip_prefix('b')?.split_once('_')?.0.parse().ok()
}

#[test]
fn each_bug_has_a_row_and_each_row_tells_what_went_wrong() {
    let numbers: Vec<u32> = rows().iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=115).step_by(2).collect::<Vec<_>>());
    for row in rows() {
        assert!(!row.reference.is_empty() && row.what.ends_with('.'), "B{:02}", row.number);
        let is_script = |(folder, name): &(&str, String)| {
            *folder == FOLDERS[0]
                && name.split_once("::").and_then(|(_, name)| number_of(name)) == Some(row.number)
        };
        assert!(row.tests.iter().any(is_script), "B{:02} has no script", row.number);
    }
}

#[test]
fn each_test_of_the_table_is_there_and_cites_its_bug() {
    for row in rows() {
        for (folder, path) in row.tests {
            let (file, name) = path.split_once("::").expect("a file and a function");
            let source = source(&Path::new(folder).join(file).with_extension("rs"));
            let comment = preamble(&source, name).unwrap_or_else(|| panic!("no test {path} in {folder}"));
            if let Some(number) = number_of(name) {
                assert_eq!(number, row.number, "{path}");
                assert!(comment.contains(&row.reference), "{path} does not cite {}", row.reference);
            }
        }
    }
}

#[test]
fn each_test_that_was_written_for_a_bug_is_in_the_table() {
    let listed: BTreeSet<String> =
        rows().into_iter().flat_map(|row| row.tests).map(|(_, path)| path).collect();
    for (folder, root, prefix) in [
        ("tests/bugs", "tests/bugs.rs", ""),
        ("adapters/tokio/tests/bugs", "adapters/tokio/tests/bugs.rs", "bugs/"),
    ] {
        let root = source(Path::new(root));
        for entry in fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("a folder") {
            let path = entry.expect("readable").path();
            let module = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
            assert!(root.contains(&format!("mod {module};")), "{folder}/{module}.rs is not compiled");
            let source = source(&path);
            let functions =
                source.split("fn ").skip(1).filter_map(|rest| rest.split_once('(')).map(|(name, _)| name);
            for name in functions.filter(|name| number_of(name).is_some()) {
                let path = format!("{prefix}{module}::{name}");
                assert!(listed.contains(&path), "{path} is not in docs/BUGS.md");
            }
        }
    }
}
