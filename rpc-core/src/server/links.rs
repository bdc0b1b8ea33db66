//! The links of a server: who is admitted, and how a link ends.
#[cfg(target_os = "linux")]
use super::engine::Driver;
use super::engine::{Engine, lock};
use super::incidents::Incident;
use super::link::{Detached, Kept, Link, ReadSide};
use super::stats::ConnectionStats;
use super::users::{User, Users};
use crate::net::{Origin, Received, Stream, Wait};
use crate::proto::Session;
use crate::service::Cancel;
use crate::wire::Refusal;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

/// A refused peer's bytes that are read and thrown away, so that closing does not throw away what it is told.
const DISCARD_BYTES_MAX: usize = 1 << 20;

/// Links by place.
#[derive(Debug, Default)]
pub(super) struct Links {
    all: Vec<Option<Arc<Link>>>,
    free: Vec<usize>,
    open: usize,
    users: Users,
    /// Since the start.
    opened: u64,
    refused: u64,
}

impl Links {
    /// As others see it.
    pub(super) fn told(&self) -> ConnectionStats {
        ConnectionStats { open: self.open as u64, opened: self.opened, refused: self.refused }
    }
}

impl Engine {
    /// A connection has come. `None`: it was turned away; without a word, where the system has no random bytes.
    pub(super) fn admit(self: &Arc<Self>, stream: Stream) -> Option<Arc<Link>> {
        self.limits().socket_bytes.into_iter().for_each(|bytes| stream.limit_buffers(bytes));
        let session = self.admission.session(&stream).ok()?;
        let peer = stream.peer();
        let allowed = self.admission.allows(&stream, &peer);
        let origin = Origin::of(&stream, &peer);
        let mut links = lock(&self.links);
        let user = links.users.of(origin, self);
        if let Some(refusal) = self.turns_away(&links, &user, allowed) {
            links.refused += 1;
            drop(links);
            let mut out = Vec::new();
            let mut session = Session::<()>::new(false);
            session.refuse(&refusal, &mut out);
            let _ = stream.send(&out);
            close_gently(&stream);
            return None;
        }
        let place = links.free.pop().unwrap_or(links.all.len());
        let link = Arc::new(Link::new(stream, peer, user, place, session));
        let added = self.add_link(&mut links, &link);
        drop(links);
        added.then(|| self.await_greeting(&link));
        added.then_some(link)
    }

    /// Whether it has a connection.
    pub(super) fn has_links(&self) -> bool {
        lock(&self.links).open > 0
    }

    /// A connection that this side has made, and whose handshake is done.
    pub(super) fn adopt(
        self: &Arc<Self>,
        stream: Stream,
        session: Session<Detached>,
        rest: Vec<u8>,
    ) -> Option<Arc<Link>> {
        let peer = stream.peer();
        let mut links = lock(&self.links);
        let link = Arc::new(Link::new(stream, peer, User::of(self), links.all.len(), session));
        link.read().kept = Kept::new(rest, None);
        self.add_link(&mut links, &link).then_some(link)
    }

    /// False: it cannot be watched.
    fn add_link(&self, links: &mut Links, link: &Arc<Link>) -> bool {
        #[cfg(target_os = "linux")]
        if let Driver::Set(set) = &self.driver
            && set.add(link.stream(), link.place).is_err()
        {
            links.free.push(link.place);
            return false;
        }
        match links.all.get_mut(link.place) {
            Some(free) => *free = Some(link.clone()),
            None => links.all.push(Some(link.clone())),
        }
        links.open += 1;
        links.opened += 1;
        link.user.connections.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Asked under the lock that a drain takes to find all links: one that is not turned away is told goodbye.
    fn turns_away(&self, links: &Links, user: &User, allowed: bool) -> Option<Refusal> {
        if !allowed {
            return Some(Refusal::NotAllowed);
        }
        if self.draining.load(Ordering::Acquire) {
            return Some(Refusal::ShuttingDown);
        }
        let limits = self.limits();
        let all = links.open >= limits.connections_max;
        let own = user.connections.load(Ordering::Relaxed) >= limits.user_connections_max;
        (all || own).then(|| {
            self.incidents.count(Incident::Refused);
            Refusal::Overloaded
        })
    }

    #[cfg(target_os = "linux")]
    pub(super) fn link(&self, place: usize) -> Option<Arc<Link>> {
        lock(&self.links).all.get(place).cloned().flatten()
    }

    pub(super) fn all_links(&self) -> Vec<Arc<Link>> {
        lock(&self.links).all.iter().flatten().cloned().collect()
    }

    /// Ends a link: its handlers are told, its socket is shut, its place is free.
    pub(super) fn close(&self, link: &Link) {
        self.close_read(link, link.read());
        let _ = link.stream().shutdown_both();
    }

    /// The same for a peer that was refused: what it was told is not thrown away.
    pub(super) fn close_gently(&self, link: &Link) {
        self.close_read(link, link.read());
        close_gently(link.stream());
    }

    /// Ends a link, and tells its peer why, if that listens.
    pub(super) fn turn_away(&self, link: &Link, why: &Refusal) {
        let mut out = Vec::new();
        let mut read = link.read();
        read.session.refuse(why, &mut out);
        // Under the lock that whatever a session says is queued under: in the order in which it is said.
        link.push(&out, None);
        drop(read);
        link.flush(None);
        self.close_gently(link);
    }

    fn close_read(&self, link: &Link, mut read: MutexGuard<'_, ReadSide>) {
        if std::mem::replace(&mut read.closed, true) {
            return;
        }
        read.kept = None;
        read.arrivals.clear();
        let running: Vec<_> = read.session.in_flight().map(|call| call.cancel.clone()).collect();
        drop(read);
        // First the flags: whoever wakes finds them set. And without a lock, because a waker may be a user's code.
        running.iter().for_each(Cancel::set);
        link.close_send();
        #[cfg(target_os = "linux")]
        if let Driver::Set(set) = &self.driver {
            set.remove(link.stream());
        }
        self.greeted(link);
        self.forget_line(link);
        link.user.connections.fetch_sub(1, Ordering::Relaxed);
        let mut links = lock(&self.links);
        if let Some(place) = links.all.get_mut(link.place) {
            *place = None;
            links.free.push(link.place);
            links.open = links.open.saturating_sub(1);
        }
        drop(links);
        self.ended();
        self.end_if_alone();
    }
}

/// Closes so that what was sent arrives: unread bytes of the peer would turn the close into a reset.
fn close_gently(stream: &Stream) {
    let _ = stream.shutdown_write();
    let mut discarded = Vec::new();
    while let Ok(Received::Bytes(_)) = stream.recv(&mut discarded, Wait::No) {
        if discarded.len() > DISCARD_BYTES_MAX {
            return;
        }
    }
}
