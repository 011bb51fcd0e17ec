//! A process that answers each line with a line.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Ends when this is dropped.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Ok(Self { child, input, output })
    }

    /// Tells it something, and reads what it says to that.
    pub(crate) fn ask<A: DeserializeOwned>(&mut self, question: &impl Serialize) -> io::Result<A> {
        let mut line = serde_json::to_vec(question)?;
        line.push(b'\n');
        self.input.write_all(&line)?;
        self.listen()
    }

    /// Reads what it says next.
    ///
    /// # Errors
    ///
    /// It has ended, or says something else.
    pub(crate) fn listen<A: DeserializeOwned>(&mut self) -> io::Result<A> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(io::Error::other("a process has ended before it has answered"));
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// How much processor time it has used, in nanoseconds; `None` where Linux's `/proc` is not there.
    pub(crate) fn processor_ns(&self) -> Option<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        ticks(&stat).map(|ticks| ticks * NANOSECONDS_PER_TICK)
    }
}

/// The unit of `/proc`: Linux tells user space of 100 ticks a second, whatever it counts with.
const NANOSECONDS_PER_TICK: u64 = 10_000_000;

/// User's and system's time, of a `stat` file: the name in it may have spaces and parentheses.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_whatever_name() {
        let stat = "17 (a) b) S 1 2 3 4 5 6 7 8 9 10 40 2 0 0 20 0 1 0";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("17 (a"), None);
    }

    #[test]
    fn a_process_answers_until_it_has_ended() {
        let mut process = Process::start(Command::new("head").args(["-n", "1"])).unwrap();
        assert_eq!(process.ask::<u32>(&7).unwrap(), 7);
        assert!(process.listen::<u32>().is_err());
    }
}
