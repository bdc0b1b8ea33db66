//! Who is at the other end, as the kernel tells it. Facts alone: who may call is decided elsewhere.

/// Who is at the other end of a connection, as the kernel noted it when the connection was made.
///
/// Over TCP nothing is known, and a policy must refuse what it does not know.
///
/// **Authorise by `uid` and `gid`, never by `pid`.** The process may have ended, and its number may be another's by now;
/// or it may run another program by now, or have handed the connection to another process. A number is for logs; who wants to
/// watch or signal the process takes [`Context::pidfd`](crate::Context::pidfd).
///
/// A user of another user namespace who has no number here shows as 65534 (`/proc/sys/kernel/overflowuid`), like all
/// others of that kind: see user_namespaces(7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Peer {
    /// The user whose rights the peer had.
    pub uid: Option<u32>,
    /// The peer's effective group. Its supplementary groups are not known.
    pub gid: Option<u32>,
    /// The peer's process; none where the system does not tell, or where it is in a PID namespace that we cannot see.
    pub pid: Option<u32>,
}

/// The same in half the room, for whoever keeps many. No user and no group has the number `u32::MAX` (chown(2)), and no
/// process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackedPeer([u32; 3]);

impl PackedPeer {
    const UNKNOWN: u32 = u32::MAX;

    /// Of the same peer.
    pub(crate) fn new(peer: Peer) -> Self {
        Self([peer.uid, peer.gid, peer.pid].map(|number| number.unwrap_or(Self::UNKNOWN)))
    }

    /// All that was known.
    pub(crate) fn peer(self) -> Peer {
        let [uid, gid, pid] = self.0.map(|number| (number != Self::UNKNOWN).then_some(number));
        Peer { uid, gid, pid }
    }
}

impl Peer {
    /// The process at the other end of a local socket, as a descriptor that stays its own: SO_PEERPIDFD of Linux 6.5,
    /// see unix(7). None where the system has none, or the process has ended.
    #[cfg(target_os = "linux")]
    pub(crate) fn pidfd_of(socket: impl std::os::fd::AsFd) -> Option<std::os::fd::OwnedFd> {
        nix::sys::socket::getsockopt(&socket, nix::sys::socket::sockopt::PeerPidfd).ok()
    }

    /// No such thing here.
    #[cfg(all(unix, not(target_os = "linux")))]
    pub(crate) fn pidfd_of(_socket: impl std::os::fd::AsFd) -> Option<std::os::fd::OwnedFd> {
        None
    }

    /// What the kernel says about the peer of a local socket; nothing where it says nothing.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn of_socket(socket: impl std::os::fd::AsFd) -> Self {
        use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

        // SO_PEERCRED, see unix(7). nix and not rustix: only nix takes the pid 0 of a process in another PID namespace.
        let Ok(credentials) = getsockopt(&socket, PeerCredentials) else { return Self::default() };
        let pid = u32::try_from(credentials.pid()).ok().filter(|&pid| pid != 0);
        Self { uid: Some(credentials.uid()), gid: Some(credentials.gid()), pid }
    }

    /// What the kernel says about the peer of a local socket; nothing where it says nothing.
    #[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "dragonfly"))]
    pub(crate) fn of_socket(socket: impl std::os::fd::AsFd) -> Self {
        use nix::sys::socket::{getsockopt, sockopt};

        // LOCAL_PEERCRED, see unix(4). The first group is the effective one.
        let Ok(credentials) = getsockopt(&socket, sockopt::LocalPeerCred) else { return Self::default() };
        #[cfg(target_vendor = "apple")]
        let pid = getsockopt(&socket, sockopt::LocalPeerPid).ok().and_then(|pid| u32::try_from(pid).ok());
        #[cfg(not(target_vendor = "apple"))]
        let pid = None;
        Self {
            uid: Some(credentials.uid()),
            gid: credentials.groups().first().copied(),
            pid: pid.filter(|&pid| pid != 0),
        }
    }

    /// A system that we know no way to ask.
    #[cfg(all(
        unix,
        not(any(
            target_os = "linux",
            target_os = "android",
            target_vendor = "apple",
            target_os = "freebsd",
            target_os = "dragonfly"
        ))
    ))]
    pub(crate) fn of_socket(_socket: impl std::os::fd::AsFd) -> Self {
        Self::default()
    }
}
