//! What is written down: a call's number, and how it ended. Files that are only appended to, by one write a record: what a
//! process has written outlives it.
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Tell a process its role: where the ledger is, where to write, and who it is.
pub(crate) const ADDRESS: &str = "KILLS_ADDRESS";
pub(crate) const LOG: &str = "KILLS_LOG";
pub(crate) const CLIENT: &str = "KILLS_CLIENT";

/// Each lane of a client does one kind of call.
pub(crate) const LANES: u8 = 5;

/// On the clock that all processes of the machine share, in nanoseconds.
pub(crate) fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Numbers that follow each other become numbers that do not (the end of splitmix64).
pub(crate) fn scatter(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A call's own number: no other call has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Nonce(pub(crate) u64);

impl Nonce {
    /// The calls of a lane are counted from 0.
    pub(crate) fn new(client: u16, lane: u8, call: u64) -> Self {
        Self(u64::from(client) << 48 | u64::from(lane) << 40 | call)
    }

    pub(crate) fn lane(self) -> u8 {
        (self.0 >> 40) as u8
    }

    pub(crate) fn call(self) -> u64 {
        self.0 & ((1 << 40) - 1)
    }

    /// How many items it has, where it has some.
    pub(crate) fn items(self) -> u64 {
        scatter(self.0) % 512
    }
}

/// How a call ended, for its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Ok,
    NotSent,
    Refused,
    Unknown,
    /// It failed, and had begun: some of its items had come.
    Executed,
}

const ENDINGS: [Ending; 5] = [Ending::Ok, Ending::NotSent, Ending::Refused, Ending::Unknown, Ending::Executed];

/// The end of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) nonce: Nonce,
    pub(crate) at: u64,
    pub(crate) ending: Ending,
}

/// A file of records.
#[derive(Debug, Clone)]
pub(crate) struct Log(PathBuf);

impl Log {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn append(&self) -> Appender {
        Appender(OpenOptions::new().append(true).create(true).open(&self.0).unwrap())
    }

    /// The calls that ran.
    pub(crate) fn executed(&self) -> Vec<Nonce> {
        self.words::<1>().map(|[nonce]| Nonce(nonce)).collect()
    }

    /// The calls that ended.
    pub(crate) fn ended(&self) -> Vec<Ended> {
        self.words::<3>()
            .map(|[nonce, at, ending]| Ended { nonce: Nonce(nonce), at, ending: ENDINGS[ending as usize] })
            .collect()
    }

    fn words<const COUNT: usize>(&self) -> impl Iterator<Item = [u64; COUNT]> {
        let bytes = std::fs::read(&self.0).unwrap();
        let words: Vec<_> = bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
        assert!(
            bytes.len().is_multiple_of(8 * COUNT),
            "a write was torn: {} bytes in {}",
            bytes.len(),
            self.0.display()
        );
        (0..words.len() / COUNT).map(move |at| std::array::from_fn(|part| words[at * COUNT + part]))
    }
}

/// Writes records, from any thread.
#[derive(Debug)]
pub(crate) struct Appender(File);

impl Appender {
    pub(crate) fn executed(&self, nonce: Nonce) {
        self.write(&nonce.0.to_le_bytes());
    }

    pub(crate) fn ended(&self, nonce: Nonce, ending: Ending) {
        let words = [nonce.0, now(), ENDINGS.iter().position(|known| *known == ending).unwrap() as u64];
        self.write(&words.map(u64::to_le_bytes).concat());
    }

    fn write(&self, record: &[u8]) {
        assert_eq!((&self.0).write(record).unwrap(), record.len());
    }
}
