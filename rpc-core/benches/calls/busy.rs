//! Processes that keep CPUs busy, as neighbours do.
use super::child::{FLAG, Process, pin};
use std::hint::spin_loop;
use std::io::Read;

/// What such a process is, where another one is a server or a client.
pub(crate) const SIDE: &str = "busy";

/// One that keeps this CPU busy until it is dropped.
pub(crate) fn start(cpu: usize) -> Process {
    let mut process = Process::start(&[], &[FLAG, SIDE, &cpu.to_string()].map(str::to_owned));
    assert_eq!(process.line(), "busy", "of a busy loop");
    process
}

/// Its life, which ends at the latest when the benchmark's does.
pub(crate) fn run(cpu: usize) {
    pin(cpu);
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    println!("busy");
    loop {
        spin_loop();
    }
}
