//! How long a call waits for others', and what a server costs that waits: `cargo bench -p rpc-core --bench scheduling`.
//!
//! The server is a process of its own, this program once more; clients are threads here. Nothing is pinned: what is asked is how
//! threads share all CPUs. Each figure stands beside what it should be at most, or at least, on two CPUs that nobody else
//! uses; what else runs on the machine is in the figures, so a bare socket is measured in the same minute.
//!
//! - `server`: that process, and what the system tells of it. `points`: what is measured. `report`: the table.
//!
//! Options, behind `--`: any text to pick points whose names contain it.
#[cfg(target_os = "linux")]
mod points;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod server;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: this benchmark reads /proc as Linux writes it");
}

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, driver, address] = &arguments[..]
        && flag == server::FLAG
    {
        return server::serve(driver, address);
    }
    // Without this flag of `cargo bench` it is a test: it only has to work.
    let effort = if arguments.iter().any(|argument| argument == "--bench") { 1 } else { 20 };
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let picked = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(*filter));
    let mut report = report::Report::default();
    for (name, measure) in points::ALL {
        if picked(name) {
            measure(effort, &mut report);
        }
    }
    report.print();
}
