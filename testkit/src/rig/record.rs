//! Runs of rigs, written down.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::{env, fs, thread};

use super::Rig;

/// The variable that names the directory.
const DIRECTORY: &str = "LATEBIND_RECORD";

/// With the feature `serde`, and only if the variable `LATEBIND_RECORD` names a directory, a rig leaves its
/// [`run`](Rig::run) there as JSON, named after the test: seeds for a fuzzer.
impl Drop for Rig {
    fn drop(&mut self) {
        let Some(directory) = env::var_os(DIRECTORY).map(PathBuf::from) else { return };
        if thread::panicking() || self.run.steps.is_empty() {
            return;
        }
        let json = serde_json::to_string(&self.run).expect("a run can be written down");
        // The same run twice is one file.
        let mut hasher = DefaultHasher::new();
        json.hash(&mut hasher);
        let test = thread::current().name().unwrap_or("run").replace("::", "-");
        let file = directory.join(format!("{test}-{:016x}.json", hasher.finish()));
        fs::write(&file, json).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}
