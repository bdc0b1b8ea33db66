//! A blocking `UnixStream` and nothing else: a length, and as many bytes as a call of this framework has.
//!
//! Coalesced, what is there is written together; what has only one message at a time is the same for both.
use crate::amount::Amount;
use crate::blocking::{self, Caller};
use crate::measured::Measured;
use crate::process::ready;
use crate::rival::{Job, Rival};
use crate::runtime::Flavor;
use crate::work::{ITEM_BYTES, OUTSTANDING, Work, is_same};
use anyhow::{Result, ensure};
use std::io::{BufReader, IoSlice, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The length of what follows it.
const LENGTH_BYTES: usize = 4;

/// A length and what is asked for: what stands before the bytes of an echo.
const HEAD_BYTES: usize = LENGTH_BYTES + 1;

/// A call of this framework: a head of 12 bytes, service 1, deadline 4, method 1, number 4.
const CALL_BYTES: usize = 22;

const READ_BYTES: usize = 16 << 10;

/// What the coalescing one writes at a time.
const BATCH_BYTES: usize = 16 << 10;

/// What a message asks for.
const ADD: u8 = 0;
const ECHO: u8 = 1;
const ITEMS: u8 = 2;

/// A socket as a rival.
pub(crate) struct Raw {
    /// Whether what is there is written together.
    pub(crate) coalesced: bool,
}

impl Rival for Raw {
    fn name(&self) -> &'static str {
        if self.coalesced { "raw-coalesced" } else { "raw" }
    }

    fn cannot(&self, work: Work) -> Option<&'static str> {
        (self.coalesced && !matches!(work, Work::Outstanding | Work::Items)).then_some("as raw")
    }

    fn serve(&self, path: &Path, _flavor: Flavor) -> Result<()> {
        let listener = UnixListener::bind(path)?;
        ready();
        let coalesced = self.coalesced;
        for stream in listener.incoming() {
            let stream = stream?;
            // It ends with its client.
            std::thread::spawn(move || serve(&stream, coalesced));
        }
        Ok(())
    }

    fn run(&self, job: &Job<'_>) -> Result<Measured> {
        if self.coalesced { blocking::run::<Line<true>>(job) } else { blocking::run::<Line<false>>(job) }
    }
}

fn serve(stream: &UnixStream, coalesced: bool) -> Result<()> {
    let mut input = BufReader::with_capacity(READ_BYTES, stream);
    let mut output = Output { stream, bytes: Vec::new(), coalesced };
    let mut message = Vec::new();
    loop {
        read_message(&mut input, &mut message)?;
        match message.get(LENGTH_BYTES) {
            Some(&ADD) => output.add(&call(ADD, number(&message) + 1))?,
            Some(&ECHO) => (&*stream).write_all(&message)?,
            _ => (0..number(&message)).try_for_each(|_| output.add(&item()))?,
        }
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
}

/// Messages to be written.
struct Output<'a> {
    stream: &'a UnixStream,
    bytes: Vec<u8>,
    coalesced: bool,
}

impl Output<'_> {
    fn add(&mut self, message: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(message);
        if self.coalesced && self.bytes.len() < BATCH_BYTES { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.write_all(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }
}

/// With its length.
fn read_message(input: &mut impl Read, message: &mut Vec<u8>) -> Result<()> {
    let mut length = [0; LENGTH_BYTES];
    input.read_exact(&mut length)?;
    message.resize(LENGTH_BYTES + u32::from_le_bytes(length) as usize, 0);
    message[..LENGTH_BYTES].copy_from_slice(&length);
    Ok(input.read_exact(&mut message[LENGTH_BYTES..])?)
}

fn head(what: u8, rest_bytes: usize) -> [u8; HEAD_BYTES] {
    let mut head = [what; HEAD_BYTES];
    head[..LENGTH_BYTES].copy_from_slice(&(rest_bytes as u32 + 1).to_le_bytes());
    head
}

fn call(what: u8, number: u64) -> [u8; CALL_BYTES] {
    let mut message = [0; CALL_BYTES];
    message[..HEAD_BYTES].copy_from_slice(&head(what, CALL_BYTES - HEAD_BYTES));
    message[HEAD_BYTES..HEAD_BYTES + 8].copy_from_slice(&number.to_le_bytes());
    message
}

fn number(message: &[u8]) -> u64 {
    message.get(HEAD_BYTES..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn item() -> [u8; LENGTH_BYTES + ITEM_BYTES] {
    let mut item = [7; LENGTH_BYTES + ITEM_BYTES];
    item[..LENGTH_BYTES].copy_from_slice(&(ITEM_BYTES as u32).to_le_bytes());
    item
}

/// A connection. Threads share it by a lock for a call's whole time: a plain socket has nothing better.
struct Line<const COALESCED: bool>(Mutex<Ends>);

struct Ends {
    stream: UnixStream,
    input: BufReader<UnixStream>,
    /// The last message that came.
    message: Vec<u8>,
}

impl Ends {
    fn read(&mut self) -> Result<u64> {
        read_message(&mut self.input, &mut self.message)?;
        Ok(number(&self.message))
    }
}

impl<const COALESCED: bool> Line<COALESCED> {
    fn with<R>(&self, work: impl FnOnce(&mut Ends) -> Result<R>) -> Result<R> {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<const COALESCED: bool> Caller for Line<COALESCED> {
    fn connect(path: &Path) -> Result<Self> {
        let stream = UnixStream::connect(path)?;
        let input = BufReader::with_capacity(READ_BYTES, stream.try_clone()?);
        Ok(Self(Mutex::new(Ends { stream, input, message: Vec::new() })))
    }

    fn add(&self, number: u64) -> Result<u64> {
        self.with(|ends| {
            ends.stream.write_all(&call(ADD, number))?;
            ends.read()
        })
    }

    fn echo(&self, bytes: &[u8]) -> Result<bool> {
        self.with(|ends| {
            let head = head(ECHO, bytes.len());
            let written = ends.stream.write_vectored(&[IoSlice::new(&head), IoSlice::new(bytes)])?;
            ensure!(written >= HEAD_BYTES, "the socket took no whole head");
            ends.stream.write_all(&bytes[written - HEAD_BYTES..])?;
            ends.read()?;
            Ok(is_same(&ends.message[HEAD_BYTES..], bytes))
        })
    }

    fn items(&self, count: u64) -> Result<u64> {
        self.with(|ends| {
            ends.stream.write_all(&call(ITEMS, count))?;
            for _ in 0..count {
                ends.read()?;
                ensure!(ends.message == item(), "another item");
            }
            Ok(count)
        })
    }

    /// Sends as many as have been answered.
    fn overlapping(&self, amount: Amount) -> Result<u64> {
        self.with(|ends| {
            let stream = ends.stream.try_clone()?;
            let mut output = Output { stream: &stream, bytes: Vec::new(), coalesced: COALESCED };
            let (mut sent, mut count) = (0, 0);
            loop {
                while sent < count + OUTSTANDING as u64 {
                    output.add(&call(ADD, sent))?;
                    sent += 1;
                }
                output.flush()?;
                while count < sent {
                    ensure!(ends.read()? == count + 1, "a wrong answer");
                    count += 1;
                    if ends.input.buffer().len() < CALL_BYTES && !amount.is_done(count) {
                        break;
                    }
                }
                if count == sent {
                    return Ok(count);
                }
            }
        })
    }
}
