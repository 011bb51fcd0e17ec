//! The machine: what instructions, cache lines and wake-ups cost. All times in nanoseconds.

use clap::Args;

/// Costs of the machine; the defaults are those of a server with two sockets of 32 cores each, and more of them.
///
/// Where they come from is in docs/MANY-CORES.md.
#[derive(Args, Clone, Debug)]
pub struct Machine {
    /// Cores of a socket
    #[arg(long, default_value_t = 32, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub socket: u32,

    /// A cache line that another core of the socket has written. Ice Lake Xeon: 51 ns, Cascade Lake: 47, Graviton3: 46,
    /// EPYC: 23 to 115 (medians of github.com/nviennot/core-to-core-latency)
    #[arg(long, default_value_t = 50, value_name = "NS")]
    pub near: u64,

    /// The same from another socket. Ice Lake Xeon: 108 ns, Cascade Lake: 134, EPYC: 197 (same source)
    #[arg(long, default_value_t = 110, value_name = "NS")]
    pub far: u64,

    /// Cache lines of the pool's state that follow a lock to another core, one after the other. Chosen so that two
    /// cores on one lock lose as much as was measured
    #[arg(long, default_value_t = 3, value_name = "COUNT")]
    pub lines: u64,

    /// An atomic read-modify-write of a line that is there already: about 20 clock cycles on x86
    #[arg(long, default_value_t = 6, value_name = "NS")]
    pub atomic: u64,

    /// Instructions in a microsecond: a get and drop is 1,390 of them, and takes 192 ns in one thread with the atomics of its
    /// two locks
    #[arg(long, default_value_t = 8_000, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub speed: u64,

    /// What it costs to put a task of another core in its queue: two lines that move
    #[arg(long, default_value_t = 100, value_name = "NS")]
    pub wake: u64,

    /// What it costs the waking core, beside that, if the other one sleeps: a futex call
    #[arg(long, default_value_t = 1_000, value_name = "NS")]
    pub unpark: u64,

    /// Until a sleeping core runs after it was woken
    #[arg(long, default_value_t = 5_000, value_name = "NS")]
    pub sleepy: u64,
}

/// Nobody has written the line so far.
pub const NO_CORE: u32 = u32::MAX;

impl Machine {
    /// How long so many instructions take.
    pub fn run(&self, instructions: u64) -> u64 {
        instructions * 1_000 / self.speed
    }

    /// Until a line that `from` wrote last is at `to`.
    pub fn transfer(&self, from: u32, to: u32) -> u64 {
        match from {
            NO_CORE => 0,
            _ if from == to => 0,
            _ if from / self.socket == to / self.socket => self.near,
            _ => self.far,
        }
    }
}

/// A word that all cores read, and whose line is fetched anew only after it was written: a summary, or the state of a gate.
#[derive(Clone, Debug)]
pub struct Word {
    version: u64,
    writer: u32,
    seen: Vec<u64>,
}

impl Word {
    /// Read by so many cores.
    pub fn new(cores: u32) -> Self {
        Self { version: 0, writer: NO_CORE, seen: vec![0; cores as usize] }
    }

    /// What it costs the core to read it.
    pub fn read(&mut self, core: u32, machine: &Machine) -> u64 {
        let seen = &mut self.seen[core as usize];
        if *seen == self.version {
            return 0;
        }
        *seen = self.version;
        machine.transfer(self.writer, core)
    }

    /// What it costs the core to change it, by one atomic instruction.
    pub fn write(&mut self, core: u32, machine: &Machine) -> u64 {
        let cost = machine.atomic + machine.transfer(self.writer, core);
        self.version += 1;
        self.writer = core;
        self.seen[core as usize] = self.version;
        cost
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Machine, NO_CORE, Word};

    #[derive(Parser)]
    struct Told {
        #[command(flatten)]
        machine: Machine,
    }

    fn machine() -> Machine {
        Told::parse_from(["test", "--near", "50", "--far", "110", "--socket", "4", "--atomic", "6"]).machine
    }

    #[test]
    fn a_line_costs_what_its_way_is_long() {
        let machine = machine();
        let costs = [NO_CORE, 1, 3, 4].map(|from| machine.transfer(from, 1));
        assert_eq!(costs, [0, 0, 50, 110]);
    }

    #[test]
    fn a_word_is_fetched_once_after_each_change() {
        let (machine, mut word) = (machine(), Word::new(8));
        assert_eq!(word.read(0, &machine), 0, "nobody has written it");
        assert_eq!(word.write(0, &machine), 6);
        assert_eq!([word.read(0, &machine), word.read(1, &machine), word.read(1, &machine)], [0, 50, 0]);
        assert_eq!(word.write(5, &machine), 6 + 110);
        assert_eq!(word.read(1, &machine), 110);
    }
}
