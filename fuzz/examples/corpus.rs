//! Makes the seed corpus anew: runs that rigs have written down, as bytes for each target. See README.md.

use std::path::{Path, PathBuf};
use std::{env, fs};

use latebind::Config;
use latebind_fuzz::{KEYS, wild};
use latebind_testkit::{Run, bytes};
use serde_json::Value;

/// How many bytes a run's JSON may have.
const LONGEST: usize = 2500;

fn main() {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(records), Some(corpus)) = (arguments.next(), arguments.next()) else {
        panic!("usage: corpus <directory of recorded runs> <directory for the corpus>");
    };
    let mut files: Vec<PathBuf> = fs::read_dir(records)
        .expect("the directory of recorded runs")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    for file in &files {
        let json = fs::read_to_string(file).expect("a recorded run");
        let run: Run<String> = serde_json::from_str(&json).expect("a recorded run");
        let name = Path::new(file.file_stem().expect("a name"));
        let script = bytes::encode(&run.config, &run.moves(KEYS.len()));
        let config = wild::encode(&run.config);
        assert_eq!(wild::decode(&config), run.config);
        let short = shortened(serde_json::to_value(&run).expect("a run")).to_string();
        assert_eq!(serde_json::from_str::<Run<String>>(&short).expect("a run"), run);
        // Long texts hardly change in ways that matter.
        let replay = if short.len() <= LONGEST { Some(("replay", short.as_bytes())) } else { None };
        let seeds = [("events", &script[..]), ("differential", &script[..]), ("config", &config[..])];
        for (target, seed) in seeds.into_iter().chain(replay) {
            let directory = corpus.join(target);
            fs::create_dir_all(&directory).expect("a directory for the corpus");
            fs::write(directory.join(name), seed).expect("a seed");
        }
    }
    println!("{} runs", files.len());
}

/// Without what is as in the default config, which a reader adds again.
fn shortened(mut run: Value) -> Value {
    let default = serde_json::to_value(Config::default()).expect("a config");
    let shorten = |config: &mut Value| {
        config.as_object_mut().expect("a config").retain(|field, value| default[field] != *value);
    };
    shorten(&mut run["config"]);
    for step in run["steps"].as_array_mut().expect("steps") {
        if let Some(config) = step.pointer_mut("/event/Reconfigure/config") {
            shorten(config);
        }
    }
    run
}
