//! The command line of the lab.

use std::io::stdout;
use std::process::ExitCode;

use clap::Parser;
use latebind_lab::args::{Cli, Command};
use latebind_lab::{cores, demo, simulate};

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(options) => demo::run(&options, &mut stdout()).await,
        Command::Cores(options) => cores::command::run(&options, &mut stdout()),
        Command::Simulate(options) => simulate::command::run(&options, &mut stdout()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nlatebind-lab: not as it should be: {error:#}");
            ExitCode::FAILURE
        }
    }
}
