//! Peers that have connected and have not said hello: few, and not for long.
//!
//! Silence costs a peer nothing, and a place here costs a descriptor. So the places are few, and a new peer never finds them
//! taken: the oldest silent one goes, of the user that has most. Whoever fills the places only loses his own.
use super::engine::{Engine, lock};
use super::incidents::Incident;
use super::link::Link;
use crate::proto::clamp;
use crate::wire::Refusal;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Who has just connected may not have come to say hello: hundreds of honest clients that start together on a busy machine
/// take their time.
const GRACE: Duration = Duration::from_secs(2);

/// With so many times too many, that counts no more.
const CROWD: usize = 8;

/// How many of a user's are looked at, whether they are silent. Those that are not are about to be served.
const TRIES: usize = 8;

/// Those that have not said hello, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Greetings(VecDeque<Greeting>);

#[derive(Debug)]
struct Greeting {
    link: Arc<Link>,
    came: Instant,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "a thread minds the time of its own peer"))]
    until: Instant,
}

impl Greetings {
    /// Until when the first of them may take.
    #[cfg(target_os = "linux")]
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.front().map(|greeting| greeting.until)
    }

    /// Whose time is over.
    #[cfg(target_os = "linux")]
    fn late(&self, now: Instant) -> Option<Arc<Link>> {
        self.0.front().filter(|greeting| greeting.until <= now).map(|greeting| greeting.link.clone())
    }

    /// Who goes if there are too many: of the user that has most, the oldest. None: he said something that has not been looked
    /// at, or came after that.
    fn victim(&self, before: Instant) -> Option<Arc<Link>> {
        let of_his_user = |greeting: &Greeting| greeting.link.user.greetings.load(Ordering::Relaxed);
        let most = self.0.iter().map(of_his_user).max()?;
        let mut his = self.0.iter().filter(|greeting| of_his_user(greeting) == most).take(TRIES);
        his.find(|greeting| greeting.came <= before && is_silent(&greeting.link)).map(|greeting| greeting.link.clone())
    }

    fn push(&mut self, link: &Arc<Link>, came: Instant, until: Instant) {
        link.user.greetings.fetch_add(1, Ordering::Relaxed);
        self.0.push_back(Greeting { link: link.clone(), came, until });
    }

    fn remove(&mut self, link: &Link) {
        if let Some(at) = self.0.iter().position(|greeting| std::ptr::eq(&*greeting.link, link)) {
            link.user.greetings.fetch_sub(1, Ordering::Relaxed);
            self.0.remove(at);
        }
    }
}

impl Engine {
    /// A peer has connected, and has to say hello.
    pub(super) fn await_greeting(&self, link: &Arc<Link>) {
        let (now, most) = (Instant::now(), self.limits().handshakes_max);
        let victim = {
            let mut greetings = lock(&self.greetings);
            let crowd = greetings.0.len() >= most.saturating_mul(CROWD);
            let before = if crowd { now } else { now.checked_sub(GRACE).unwrap_or(now) };
            let victim = (greetings.0.len() >= most).then(|| greetings.victim(before)).flatten();
            greetings.push(link, now, now + clamp(self.limits().handshake_time_max));
            victim
        };
        // Another worker may have served it already, and have found nothing to take off the list.
        if link.read().closed || has_greeted(link) {
            self.greeted(link);
        }
        if let Some(victim) = victim {
            self.incidents.count(Incident::Handshake);
            self.turn_away(&victim, &Refusal::Overloaded);
        }
    }

    /// It has, or it is gone.
    pub(super) fn greeted(&self, link: &Link) {
        lock(&self.greetings).remove(link);
    }

    /// Closes those whose time is over.
    #[cfg(target_os = "linux")]
    pub(super) fn close_late_greetings(&self, now: Instant) {
        loop {
            let late = lock(&self.greetings).late(now);
            let Some(link) = late else { return };
            if !has_greeted(&link) {
                self.incidents.count(Incident::Handshake);
                self.close(&link);
            }
            self.greeted(&link);
        }
    }
}

/// Whether nothing has come that was not looked at.
fn is_silent(link: &Link) -> bool {
    !has_greeted(link) && link.is_silent()
}

/// It stays on the list until what came with its hello is dealt with.
fn has_greeted(link: &Link) -> bool {
    link.read().session.is_open()
}
