//! All connections of a server in one epoll set, level-triggered. (epoll(7), eventfd(2))
use super::link::Interest;
use crate::net::{ListeningSocket, Stream};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Who is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    Link(usize),
    Listener(usize),
    /// Somebody called [`Set::kick`].
    Kick,
}

/// The token of the eventfd; listeners count down from it.
const KICK: u64 = u64::MAX;

/// Tokens from here on are listeners.
const LISTENERS: u64 = 1 << 63;

/// How many events one wait brings. The rest comes with the next.
const EVENTS_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Set {
    epoll: OwnedFd,
    kick: OwnedFd,
    /// How often it was waited for.
    #[cfg(test)]
    pub(super) waits: std::sync::atomic::AtomicUsize,
}

impl Set {
    pub(super) fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let kick = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Edge-triggered: every write is an event, and nobody needs to read it.
        epoll::add(&epoll, &kick, EventData::new_u64(KICK), EventFlags::IN | EventFlags::ET)?;
        Ok(Self {
            epoll,
            kick,
            #[cfg(test)]
            waits: Default::default(),
        })
    }

    pub(super) fn add(&self, stream: &Stream, place: usize) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, stream, EventData::new_u64(place as u64), flags(Interest::READ))?)
    }

    pub(super) fn watch(&self, stream: &Stream, place: usize, interest: Interest) {
        // It can fail for a link that is being closed, which then needs no watching.
        let _ = epoll::modify(&self.epoll, stream, EventData::new_u64(place as u64), flags(interest));
    }

    pub(super) fn remove(&self, stream: &Stream) {
        let _ = epoll::delete(&self.epoll, stream);
    }

    pub(super) fn add_listener(&self, listener: &ListeningSocket, place: usize) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, listener, EventData::new_u64(LISTENERS + place as u64), EventFlags::IN)?)
    }

    pub(super) fn watch_listener(&self, listener: &ListeningSocket, place: usize, on: bool) {
        let flags = if on { EventFlags::IN } else { EventFlags::empty() };
        let _ = epoll::modify(&self.epoll, listener, EventData::new_u64(LISTENERS + place as u64), flags);
    }

    pub(super) fn remove_listener(&self, listener: &ListeningSocket) {
        let _ = epoll::delete(&self.epoll, listener);
    }

    /// Wakes whoever waits.
    pub(super) fn kick(&self) {
        // It fails when the counter is full: then it has been kicked often enough.
        let _ = rustix::io::write(&self.kick, &1u64.to_ne_bytes());
    }

    /// Waits until somebody is ready; `events` is a buffer that is used again.
    pub(super) fn wait(&self, events: &mut Vec<Event>, timeout: Option<Duration>) -> io::Result<()> {
        events.clear();
        events.reserve(EVENTS_MAX);
        let timeout = timeout.map(|timeout| Timespec::try_from(timeout).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 }));
        #[cfg(test)]
        self.waits.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        match epoll::wait(&self.epoll, spare_capacity(events), timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whom an event is about.
pub(super) fn ready(event: &Event) -> Ready {
    match event.data.u64() {
        KICK => Ready::Kick,
        listener if listener >= LISTENERS => Ready::Listener((listener - LISTENERS) as usize),
        link => Ready::Link(link as usize),
    }
}

fn flags(interest: Interest) -> EventFlags {
    let mut flags = EventFlags::empty();
    flags.set(EventFlags::IN, interest.read);
    flags.set(EventFlags::OUT, interest.write);
    // An end is reported whatever is asked for (epoll_ctl(2)): level-triggered, it would be reported for ever.
    flags.set(EventFlags::ET, flags.is_empty());
    flags
}
