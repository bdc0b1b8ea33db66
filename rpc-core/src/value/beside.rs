//! What travels beside the bytes of a message, while it is encoded or decoded: descriptors.
//!
//! Serde hands values from impl to impl, and knows no descriptors. So they take a way of their own: a table of this thread
//! that is there only while a message of a method with descriptors is made or read. In the bytes they are places in it.
use crate::wire::{DecodeLimits, Descriptor, Fds, Message};
use crate::{Encode, Error, Outcome, wire};
use serde::Deserialize;
use std::cell::RefCell;

/// This thread's message, if it is one with descriptors.
enum Table {
    None,
    /// Those that were met so far.
    Sent(Fds),
    Received(Received),
}

/// Those that came, but for those that were taken.
struct Received {
    #[cfg_attr(not(unix), expect(dead_code, reason = "no value here takes one"))]
    fds: Vec<Option<Descriptor>>,
    /// Why one was not there.
    problem: Option<String>,
}

thread_local!(static TABLE: RefCell<Table> = const { RefCell::new(Table::None) });

/// Has this thread use a table until it is dropped, also by a panic. A call within a call has its own, for that time.
struct Using(Option<Table>);

impl Using {
    fn table(table: Table) -> Self {
        Self(TABLE.try_with(|current| current.replace(table)).ok())
    }

    /// Ends it, and gives the table.
    fn end(mut self) -> Table {
        self.swap().unwrap_or(Table::None)
    }

    fn swap(&mut self) -> Option<Table> {
        let outer = self.0.take()?;
        TABLE.try_with(|current| current.replace(outer)).ok()
    }
}

impl Drop for Using {
    fn drop(&mut self) {
        self.swap();
    }
}

/// Appends the wire form of `value`, which may hold descriptors, to `out`.
///
/// # Errors
/// Those of the value.
pub(crate) fn encode(value: &dyn Encode, out: &mut Message) -> Result<(), Error> {
    let using = Using::table(Table::Sent(Fds::default()));
    let encoded = value.encode(&mut out.bytes);
    if let Table::Sent(fds) = using.end() {
        out.fds = fds;
    }
    encoded
}

/// The value that all of `bytes` are, with the descriptors beside them. Those that it does not take are closed.
///
/// # Errors
/// When they are not, or it takes a descriptor that is not there: why.
pub(crate) fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8], fds: Fds, limits: DecodeLimits) -> Result<T, String> {
    let fds = fds.into_iter().map(Some).collect();
    let using = Using::table(Table::Received(Received { fds, problem: None }));
    let decoded = wire::decode(bytes, limits);
    let problem = match using.end() {
        Table::Received(received) => received.problem,
        Table::None | Table::Sent(_) => None,
    };
    decoded.map_err(|error| problem.unwrap_or_else(|| error.to_string()))
}

/// Whether a peer that takes `fds_max` descriptors with one message takes so many.
///
/// # Errors
/// When not: why.
pub(crate) fn fits(count: usize, fds_max: u32) -> Result<(), String> {
    match fds_max {
        _ if count <= fds_max as usize => Ok(()),
        0 => Err("it holds a descriptor, and none can be passed here: only local sockets of Unix systems carry \
                  them, to a side that takes them (its `Limits::fds_max`)"
            .to_owned()),
        _ => Err(format!("it holds {count} descriptors, and the other side takes {fds_max} (its `Limits::fds_max`)")),
    }
}

/// The same for arguments of the call with this name.
///
/// # Errors
/// [`Error::Encode`].
pub(crate) fn arguments_fit(count: usize, fds_max: u32, name: impl FnOnce() -> String) -> Result<(), Error> {
    let refused = |problem| Error::Encode { method: name(), problem, outcome: Outcome::NotSent };
    fits(count, fds_max).map_err(refused)
}

/// Puts a descriptor beside the message that this thread encodes; gives its place. `None`: there is no such message.
#[cfg(unix)]
pub(super) fn put(fd: &Descriptor) -> Option<u32> {
    TABLE
        .try_with(|table| match &mut *table.borrow_mut() {
            Table::Sent(fds) => {
                let place = u32::try_from(fds.len()).ok()?;
                fds.push(fd.clone());
                Some(place)
            }
            Table::None | Table::Received(_) => None,
        })
        .ok()
        .flatten()
}

/// Takes a descriptor from beside the message that this thread decodes.
///
/// # Errors
/// When there is none at that place, or none any more: why.
#[cfg(unix)]
pub(super) fn take(place: u32) -> Result<Descriptor, String> {
    let outside = || "a descriptor can be read only from a call or its answer".to_owned();
    let taken = TABLE.try_with(|table| match &mut *table.borrow_mut() {
        Table::Received(received) => received.take(place),
        Table::None | Table::Sent(_) => Err(outside()),
    });
    taken.unwrap_or_else(|_| Err(outside()))
}

#[cfg(unix)]
impl Received {
    fn take(&mut self, place: u32) -> Result<Descriptor, String> {
        let count = self.fds.len();
        let problem = match self.fds.get_mut(place as usize) {
            Some(fd) => match fd.take() {
                Some(fd) => return Ok(fd),
                None => format!("it takes descriptor {place} twice"),
            },
            None => format!("it takes descriptor {place}, and {count} came with it"),
        };
        self.problem = Some(problem.clone());
        Err(problem)
    }
}
