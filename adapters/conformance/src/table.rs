//! The readme's table of scenarios and platforms: what it says, and what is so.

const README: &str = include_str!("../README.md");

/// Compares a column with what the suite knows of its platform: each scenario, and why it cannot play it.
///
/// # Errors
///
/// The first difference.
pub(crate) fn compare(platform: &str, cells: &[(&str, Option<&str>)]) -> Result<(), String> {
    let mut rows = rows();
    let heading = rows.next().unwrap_or_default();
    let place = heading.iter().position(|cell| *cell == platform);
    let place = place.ok_or_else(|| format!("there is no column {platform}"))?;
    let written: Vec<_> = rows.skip(1).map(|row| (row[0].replace(' ', "_"), row[place])).collect();
    for (number, (name, reason)) in cells.iter().enumerate() {
        let expected = ((*name).to_owned(), if reason.is_some() { "no" } else { "yes" });
        if written.get(number) != Some(&expected) {
            return Err(format!("row {number} is {:?}, but should be {expected:?}", written.get(number)));
        }
        if let Some(reason) = reason.filter(|reason| !README.contains(*reason)) {
            return Err(format!("the readme does not say: {reason}"));
        }
    }
    if written.len() == cells.len() {
        Ok(())
    } else {
        Err("the readme has rows that are no scenarios".into())
    }
}

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let lines = README.lines().skip_while(|line| !line.starts_with("| scenario |"));
    let table = lines.take_while(|line| line.starts_with('|'));
    table.map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_found() {
        assert_eq!(compare("a new one", &[]), Err("there is no column a new one".to_owned()));
        let error = compare("std, blocking", &[]).expect_err("the table has rows");
        assert!(error.contains("no scenarios"), "{error}");
        let error = compare("async-std", &[("it_flies", None)]).expect_err("it does not");
        assert!(error.contains("row 0"), "{error}");
    }
}
