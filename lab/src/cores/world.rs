//! Cores that run tasks, and the lines that they fight for, in virtual time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use fastrand::Rng;

use super::designs::{Design, Desk, Lease, Report};
use super::judge::{Figures, Judge};
use super::machine::{Machine, NO_CORE};
use super::shard::OUTSIDE;
use super::trial::Course;
use super::workload::Scale;

/// What a core does for whom.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Job<A> {
    core: u32,
    purpose: Purpose,
    /// Whether it has got what its task wants.
    is_served: bool,
    act: A,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Purpose {
    Get(u32),
    GiveBack(u32, Lease),
    /// Reported beside the tasks, by whichever core hears of it.
    Report,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Happening<A> {
    /// A core takes its next task.
    Next(u32),
    /// A task that waited can go on.
    Ready(u32),
    /// A core comes to what the job needs.
    Arrives(Job<A>),
    /// The line is there.
    Enters(Job<A>, usize),
    /// The line is free again, if it had one.
    Leaves(usize),
    /// The core goes on to the next act, or the job is done.
    Goes(Job<A>, Option<A>),
}

/// Work to do for the lock's or the word's next owner, in the order of arrival: a fair lock.
struct Line<A> {
    owner: u32,
    is_busy: bool,
    queue: VecDeque<Job<A>>,
}

#[derive(Default)]
struct Core {
    ready: VecDeque<u32>,
    is_awake: bool,
}

struct Task {
    core: u32,
    key: u32,
    lease: Option<Lease>,
    asked: u64,
}

/// What is going to happen, by time and then in the order in which it was planned.
type Agenda<A> = BinaryHeap<Reverse<(u64, u64, Happening<A>)>>;

/// All of it.
pub struct World<'a, D: Design> {
    machine: &'a Machine,
    course: &'a Course,
    scale: Scale,
    design: D,
    judge: Judge,
    agenda: Agenda<D::Act>,
    planned: u64,
    random: Rng,
    cores: Vec<Core>,
    tasks: Vec<Task>,
    lines: Vec<Line<D::Act>>,
}

impl<'a, D: Design> World<'a, D> {
    /// All tasks are about to ask for their first connection.
    pub fn new(machine: &'a Machine, course: &'a Course, cores: u32, scale: Scale, design: D) -> Self {
        let line = || Line { owner: NO_CORE, is_busy: false, queue: VecDeque::new() };
        let task = |task| Task { core: task % cores, key: 0, lease: None, asked: 0 };
        let mut world = Self {
            lines: std::iter::repeat_with(line).take(design.lines()).collect(),
            cores: std::iter::repeat_with(Core::default).take(cores as usize).collect(),
            tasks: (0..scale.tasks).map(task).collect(),
            judge: Judge::new(&scale, course.warm_up, u64::from(course.cycles) * u64::from(cores)),
            random: Rng::with_seed(course.seed),
            agenda: BinaryHeap::new(),
            planned: 0,
            machine,
            course,
            scale,
            design,
        };
        for task in 0..scale.tasks {
            let at = world.random.u64(0..=course.work);
            world.plan(at, Happening::Ready(task));
        }
        world
    }

    /// Lets time pass until its end, and then until nobody asks any more and all have had their connection.
    pub fn run(mut self) -> Figures {
        while let Some(Reverse((now, _, happening))) = self.agenda.pop() {
            match happening {
                Happening::Next(core) => self.next(now, core),
                Happening::Ready(task) => self.ready(now, task),
                Happening::Arrives(job) => self.arrives(now, job),
                Happening::Enters(job, line) => self.performs(now, job, Some(line)),
                Happening::Leaves(line) => self.leaves(now, line),
                Happening::Goes(job, act) => self.goes(now, job, act),
            }
        }
        debug_assert!(self.cores.iter().all(|core| !core.is_awake && core.ready.is_empty()));
        self.judge.figures()
    }

    fn plan(&mut self, at: u64, happening: Happening<D::Act>) {
        self.planned += 1;
        self.agenda.push(Reverse((at, self.planned, happening)));
    }

    fn next(&mut self, now: u64, core: u32) {
        let Some(task) = self.cores[core as usize].ready.pop_front() else {
            self.cores[core as usize].is_awake = false;
            return;
        };
        let of_task = &mut self.tasks[task as usize];
        let (before, purpose, act) = match of_task.lease {
            Some(lease) => {
                let work = self.random.u64(self.course.work / 2..=self.course.work * 3 / 2);
                (work, Purpose::GiveBack(task, lease), self.design.give_back(core, lease))
            }
            None if self.judge.is_over() => return self.next(now, core),
            None => {
                of_task.key = self.random.u32(0..self.scale.keys);
                of_task.asked = now;
                (0, Purpose::Get(task), self.design.get(core, task, of_task.key))
            }
        };
        self.plan(
            now + before + self.machine.run(OUTSIDE),
            Happening::Arrives(Job { core, purpose, is_served: false, act }),
        );
    }

    fn ready(&mut self, now: u64, task: u32) {
        let of_task = &self.tasks[task as usize];
        let core = &mut self.cores[of_task.core as usize];
        if of_task.lease.is_some() {
            self.judge.served(now, now - of_task.asked);
        }
        core.ready.push_back(task);
        if !core.is_awake {
            core.is_awake = true;
            let core = of_task.core;
            self.plan(now, Happening::Next(core));
        }
    }

    fn arrives(&mut self, now: u64, job: Job<D::Act>) {
        match self.design.place(job.act) {
            None => self.performs(now, job, None),
            Some(line) if self.lines[line].is_busy => self.lines[line].queue.push_back(job),
            Some(line) => self.fetches(now, job, line),
        }
    }

    fn fetches(&mut self, now: u64, job: Job<D::Act>, line: usize) {
        let of_line = &mut self.lines[line];
        let lines = if self.design.is_word(line) { 1 } else { 1 + self.machine.lines };
        let cost = self.machine.atomic + lines * self.machine.transfer(of_line.owner, job.core);
        (of_line.is_busy, of_line.owner) = (true, job.core);
        self.plan(now + cost, Happening::Enters(job, line));
    }

    fn performs(&mut self, now: u64, mut job: Job<D::Act>, line: Option<usize>) {
        let mut desk = Desk::new(now, job.core, self.machine, &mut self.judge);
        let next = self.design.perform(job.act, &mut desk);
        let Desk { mut spent, deliveries, dials, closes, .. } = desk;
        if let Some(line) = line.filter(|line| self.design.is_word(*line)) {
            // Who finds a word busy tries again, after pauses that double: so often does its line move for nothing.
            let failed = u64::from(self.lines[line].queue.len().checked_ilog2().map_or(0, |log| log + 1));
            spent += failed * self.machine.transfer(job.core, job.core ^ 1);
        }
        let end = now + spent;
        if let Some(line) = line {
            self.plan(end, Happening::Leaves(line));
        }
        let mut after = end;
        for (task, lease) in deliveries {
            self.tasks[task as usize].lease = Some(lease);
            if job.purpose == Purpose::Get(task) {
                job.is_served = true;
            } else {
                after += self.wakes(after, job.core, task);
            }
        }
        self.plan(after, Happening::Goes(job, next));
        for lease in dials {
            self.plan(end + self.course.dial, Happening::Arrives(self.report(lease, Report::Dialed)));
        }
        for lease in closes {
            self.plan(end, Happening::Arrives(self.report(lease, Report::Closed)));
        }
    }

    fn report(&self, lease: Lease, report: Report) -> Job<D::Act> {
        let core = (lease.shard as usize + lease.conn.index()) % self.cores.len();
        Job {
            core: core as u32,
            purpose: Purpose::Report,
            is_served: false,
            act: self.design.report(lease, report),
        }
    }

    /// Puts the task into its core's queue; what that costs the waking core.
    fn wakes(&mut self, now: u64, waker: u32, task: u32) -> u64 {
        let home = self.tasks[task as usize].core;
        if home == waker {
            self.plan(now, Happening::Ready(task));
            return 0;
        }
        let (cost, latency) = if self.cores[home as usize].is_awake {
            (self.machine.wake, 0)
        } else {
            (self.machine.wake + self.machine.unpark, self.machine.sleepy)
        };
        self.plan(now + cost + latency, Happening::Ready(task));
        cost
    }

    fn leaves(&mut self, now: u64, line: usize) {
        self.lines[line].is_busy = false;
        if let Some(job) = self.lines[line].queue.pop_front() {
            self.fetches(now, job, line);
        }
    }

    fn goes(&mut self, now: u64, job: Job<D::Act>, act: Option<D::Act>) {
        match (act, job.purpose) {
            (Some(act), _) => self.arrives(now, Job { act, ..job }),
            (None, Purpose::Report) => {}
            (None, Purpose::Get(task)) => {
                if job.is_served {
                    self.goes_on(now, task);
                }
                self.next(now, job.core);
            }
            (None, Purpose::GiveBack(task, _)) => {
                self.tasks[task as usize].lease = None;
                self.judge.cycled(now, task);
                self.goes_on(now, task);
                self.next(now, job.core);
            }
        }
    }

    /// At the end of its core's queue: nobody keeps the core.
    fn goes_on(&mut self, now: u64, task: u32) {
        let of_task = &self.tasks[task as usize];
        if of_task.lease.is_some() {
            self.judge.served(now, now - of_task.asked);
        }
        self.cores[of_task.core as usize].ready.push_back(task);
    }
}
