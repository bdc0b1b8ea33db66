//! Whom a side talks to over local sockets: its own user and root, unless it was told of more. Both sides ask: a server
//! at accept, and a client before it sends anything, because a squatter may have listened first.
use crate::Peer;
#[cfg(unix)]
use crate::net::group_members;
use crate::{Error, net::Stream};

/// Which users are at the other end of a local socket, if this side is to talk to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trust {
    anyone: bool,
    users: Vec<u32>,
    groups: Vec<u32>,
}

impl Trust {
    /// Every user.
    pub(crate) fn allow_anyone(&mut self) {
        self.anyone = true;
    }

    /// This user, too.
    pub(crate) fn allow_user(&mut self, uid: u32) {
        self.users.push(uid);
    }

    /// This group, too.
    pub(crate) fn allow_group(&mut self, gid: u32) {
        self.groups.push(gid);
    }

    /// Whether others than this side's own user and root may be there.
    pub(crate) fn is_wide(&self) -> bool {
        *self != Self::default()
    }

    /// With the members of its groups, which are looked up here and never again: a lookup may go over a network, and must
    /// not hold up whoever accepts.
    ///
    /// # Errors
    /// [`Error::System`] when the group database cannot be read.
    pub(crate) fn with_members(self) -> Result<Self, Error> {
        #[cfg(unix)]
        {
            let mut trust = self;
            for &gid in &trust.groups {
                let doing = || format!("looking up the members of group {gid}");
                trust.users.extend(group_members(gid).map_err(|error| Error::system(&doing(), &error))?);
            }
            Ok(trust)
        }
        #[cfg(not(unix))]
        Ok(self)
    }

    /// Whether this side talks to this peer, which is at the other end. A TCP socket has no users: it is not decided here.
    pub(crate) fn covers(&self, stream: &Stream, peer: &Peer) -> bool {
        // A named pipe's own access list has decided already.
        !stream.is_local() || cfg!(not(unix)) || self.covers_peer(peer, own_uid())
    }

    fn covers_peer(&self, peer: &Peer, own: Option<u32>) -> bool {
        let user = peer.uid.is_some_and(|uid| uid == 0 || Some(uid) == own || self.users.contains(&uid));
        self.anyone || user || peer.gid.is_some_and(|gid| self.groups.contains(&gid))
    }
}

#[cfg(unix)]
fn own_uid() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn own_uid() -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Option<u32> = Some(1000);

    fn peer(uid: u32, gid: u32) -> Peer {
        Peer { uid: Some(uid), gid: Some(gid), pid: Some(1) }
    }

    #[test]
    fn the_own_user_and_root() {
        let trust = Trust::default();
        assert!(!trust.is_wide());
        for (uid, covered) in [(1000, true), (0, true), (1001, false), (65534, false)] {
            assert_eq!(trust.covers_peer(&peer(uid, uid), OWN), covered, "user {uid}");
        }
        assert!(!trust.covers_peer(&peer(1001, 0), OWN), "root's group is not root");
        assert!(!trust.covers_peer(&Peer { pid: Some(1), ..Peer::default() }, None), "nobody knows who");
        assert!(trust.covers_peer(&peer(0, 0), None));
    }

    #[test]
    fn users_and_groups_that_are_named() {
        let mut trust = Trust::default();
        trust.allow_user(1001);
        trust.allow_group(27);
        assert!(trust.is_wide());
        assert!(trust.covers_peer(&peer(1001, 5), OWN) && trust.covers_peer(&peer(1002, 27), OWN));
        assert!(!trust.covers_peer(&peer(27, 1001), OWN), "a user is no group, and a group no user");
    }

    #[test]
    fn anyone_may_be_nobody_that_is_known() {
        let mut trust = Trust::default();
        trust.allow_anyone();
        assert!(trust.is_wide() && trust.covers_peer(&Peer::default(), OWN));
    }

    /// Root's group has no members of its own on most systems; that it is looked up without an error is what counts.
    #[cfg(unix)]
    #[test]
    fn a_group_without_an_entry_has_no_members() {
        let mut trust = Trust::default();
        trust.allow_group(3_999_999_999);
        assert_eq!(trust.clone().with_members().unwrap(), trust);
    }
}
