//! What a server tells, as a person reads it: a line about the server, a row a method that was called, a row a call that runs.
use super::amount::{bytes, rate, time};
use super::figures::word;
use crate::style::{HEADING, Style};
use crate::table::Table;
use rpc_core::schema::escaped;
use rpc_core::{Incidents, MethodStats, Stats};
use std::time::Duration;

/// What is to be shown, and what was so long before.
pub(super) struct Report<'a> {
    stats: &'a Stats,
    since: Option<Since<'a>>,
}

/// What calls are counted from, for a rate.
struct Since<'a> {
    /// None: the server has been started anew, and had none.
    before: Option<&'a Stats>,
    time: Duration,
}

impl<'a> Report<'a> {
    pub(super) fn of(stats: &'a Stats, before: Option<(&'a Stats, Duration)>) -> Self {
        let since = before.map(|(before, time)| match before.instance == stats.instance {
            true => Since { before: Some(before), time },
            false => Since { before: None, time: stats.uptime },
        });
        Self { stats, since }
    }

    /// All of it. The heads of the tables are painted.
    pub(super) fn text(&self, style: Style) -> String {
        let mut text = self.server() + "\n" + &self.struck() + &self.nameless() + "\n" + &self.methods(style);
        if !self.stats.running.is_empty() {
            text += &format!("\n{}", painted(&self.running(), style));
        }
        let hidden = self.stats.running_total.saturating_sub(self.stats.running.len() as u64);
        if hidden > 0 {
            text += &format!("and {hidden} more that run\n");
        }
        text
    }

    fn server(&self) -> String {
        let Stats { pid, uptime, state, threads, connections, .. } = self.stats;
        let (state, uptime) = (word(*state), time(*uptime));
        let rpc_core::ConnectionStats { open, opened, refused, .. } = *connections;
        format!(
            "{state} for {uptime}, process {pid}, {}; {} open, {opened} taken, {refused} refused",
            counted(u64::from(*threads), "thread"),
            counted(open, "connection"),
        )
    }

    /// Which limits have struck how often, if any has.
    fn struck(&self) -> String {
        let Incidents { refused, handshakes, stalled, slow_readers, abusive, accept_failures, .. } =
            self.stats.incidents;
        let kinds = [
            (refused, "connections over the limit"),
            (handshakes, "without hello"),
            (stalled, "stalled"),
            (slow_readers, "slow to read"),
            (abusive, "abusive"),
            (accept_failures, "kept waiting for a descriptor"),
        ];
        let struck = kinds.into_iter().filter(|(count, _)| *count > 0);
        let struck: Vec<_> = struck.map(|(count, kind)| format!("{count} {kind}")).collect();
        if struck.is_empty() { String::new() } else { format!("limits have struck: {}\n", struck.join(", ")) }
    }

    /// How many calls were refused that no row can tell of, if there were any.
    fn nameless(&self) -> String {
        match self.stats.refused {
            0 => String::new(),
            count => format!("{} refused: no such method, or over the limit\n", counted(count, "call")),
        }
    }

    fn methods(&self, style: Style) -> String {
        let called = self.stats.methods.iter().enumerate().filter(|(_, method)| method.calls > 0 || method.refused > 0);
        let called: Vec<_> = called.collect();
        let left_out = match self.stats.methods.len().saturating_sub(called.len()) {
            0 => String::new(),
            1 => "1 method has not been called\n".to_owned(),
            count => format!("{count} methods have not been called\n"),
        };
        let table = if called.is_empty() { String::new() } else { painted(&self.table(&called), style) };
        table + &left_out
    }

    fn table(&self, called: &[(usize, &MethodStats)]) -> Table {
        let watched = self.since.is_some();
        let head = ["METHOD", "CALLS", "CALLS/S", "REFUSED", "FAILED", "CANCELLED", "MEAN", "MAX", "TIME", "IN", "OUT"];
        let items = ["ITEMS IN", "ITEMS OUT"];
        let head: Vec<_> = head.into_iter().chain(items).filter(|name| watched || *name != "CALLS/S").collect();
        let mut table = Table::new(&head);
        for &(place, method) in called {
            let mut row = vec![escaped(&format!("{}.{}", method.service, method.method)), method.calls.to_string()];
            row.extend(self.rate(place, method));
            row.extend([method.refused, method.failed, method.cancelled].map(|count| count.to_string()));
            row.extend(times(method));
            row.extend([bytes(method.bytes_in), bytes(method.bytes_out)]);
            row.extend([method.items_in, method.items_out].map(|count| count.to_string()));
            table.row(row);
        }
        table
    }

    /// Of one server the methods are always the same ones.
    fn rate(&self, place: usize, method: &MethodStats) -> Option<String> {
        let Since { before, time } = self.since.as_ref()?;
        let before = before.and_then(|before| before.methods.get(place)).map_or(0, |before| before.calls);
        Some(rate(method.calls.saturating_sub(before), *time))
    }

    fn running(&self) -> Table {
        let mut table = Table::new(&["RUNNING", "CALL", "AGE", "PID", "UID"]);
        for call in &self.stats.running {
            let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
            table.row(vec![
                escaped(&format!("{}.{}", call.service, call.method)),
                call.id.to_string(),
                time(call.age),
                number(call.pid),
                number(call.uid),
            ]);
        }
        table
    }
}

/// The mean, the longest, and all together; nothing where nothing has run.
fn times(method: &MethodStats) -> [String; 3] {
    let timed: u64 = method.times.iter().fold(0, |sum, times| sum.saturating_add(*times));
    if timed == 0 {
        return ["-"; 3].map(str::to_owned);
    }
    let mean = method.time_total.as_nanos() / u128::from(timed);
    let mean = Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX));
    [mean, method.time_max, method.time_total].map(time)
}

fn painted(table: &Table, style: Style) -> String {
    let text = table.to_string();
    match text.split_once('\n') {
        Some((head, rows)) => format!("{}\n{rows}", style.paint(HEADING, head)),
        None => text,
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { is_terminal: false, has_colors: false };

    fn stats(calls: u64) -> Stats {
        let mut stats = Stats::default();
        (stats.pid, stats.threads, stats.uptime) = (7, 1, Duration::from_secs(61));
        (stats.connections.open, stats.connections.opened) = (2, 3);
        let mut method = MethodStats::default();
        (method.service, method.method, method.calls) = ("Kv".to_owned(), "a\u{1b}b".to_owned(), calls);
        (method.refused, method.failed, method.cancelled, method.items_in, method.items_out) = (1, 2, 3, 4, 5);
        (method.bytes_in, method.bytes_out, method.times) = (10, 2048, vec![0, 4]);
        (method.time_total, method.time_max) = (Duration::from_micros(8), Duration::from_micros(5));
        stats.methods = vec![method];
        stats
    }

    #[test]
    fn a_row_a_method() {
        let text = "serving for 1 min 1 s, process 7, 1 thread; 2 connections open, 3 taken, 0 refused\n\
                    \n\
                    METHOD       CALLS  REFUSED  FAILED  CANCELLED  MEAN     MAX      TIME     IN    OUT       ITEMS IN  ITEMS OUT\n\
                    Kv.a\\u{1b}b  4      1        2       3          2.00 us  5.00 us  8.00 us  10 B  2.00 KiB  4         5\n";
        assert_eq!(Report::of(&stats(4), None).text(PLAIN), text);
    }

    #[test]
    fn watched_calls_have_a_rate() {
        let (before, now) = (stats(4), stats(10));
        let text = Report::of(&now, Some((&before, Duration::from_secs(2)))).text(PLAIN);
        let rows: Vec<Vec<_>> = text.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!((rows[0][2], rows[1][2]), ("CALLS/S", "3.00"), "{text}");
    }

    /// The new one has had three calls in the two seconds of its life, however many the old one had.
    #[test]
    fn a_server_that_was_started_anew() {
        let (before, mut now) = (stats(40), stats(3));
        (now.instance, now.uptime) = (before.instance + 1, Duration::from_secs(2));
        let text = Report::of(&now, Some((&before, Duration::from_secs(100)))).text(PLAIN);
        let row: Vec<_> = text.lines().nth(3).unwrap().split_whitespace().collect();
        assert_eq!(row[1..3], ["3", "1.50"], "{text}");
    }

    #[test]
    fn limits_that_have_struck() {
        let mut stats = stats(4);
        (stats.incidents.stalled, stats.incidents.abusive, stats.refused) = (2, 1, 1);
        let text = Report::of(&stats, None).text(PLAIN);
        let lines: Vec<_> = text.lines().skip(1).take(3).collect();
        let told =
            ["limits have struck: 2 stalled, 1 abusive", "1 call refused: no such method, or over the limit", ""];
        assert_eq!(lines, told);
    }

    #[test]
    fn methods_that_never_ran() {
        let mut stats = stats(0);
        stats.methods[0].times = vec![0; 9];
        let text = Report::of(&stats, None).text(PLAIN);
        assert!(text.contains("  -     -    -     "), "refused, so there is no time: {text}");
        stats.methods[0].refused = 0;
        let text = Report::of(&stats, None).text(PLAIN);
        assert!(text.ends_with("\n\n1 method has not been called\n"), "{text}");
    }

    #[test]
    fn calls_that_run_have_rows_of_their_own() {
        let mut stats = stats(0);
        let mut call = rpc_core::RunningCall::default();
        (call.id, call.method, call.age, call.pid) = (9, "get".to_owned(), Duration::from_secs(2), Some(8));
        (stats.running, stats.running_total) = (vec![call], 3);
        let text = Report::of(&stats, None).text(PLAIN);
        let told = "\nRUNNING  CALL  AGE     PID  UID\n.get     9     2.00 s  8    -\nand 2 more that run\n";
        assert!(text.ends_with(told), "{text}");
    }
}
