//! Who is at the other end, as the kernel tells it. Facts alone: who may call is decided elsewhere.

/// Who is at the other end of a connection, as the kernel noted it when the connection was made.
///
/// Over TCP nothing is known. A policy must refuse what it does not know, and must never trust the `pid`: the process
/// may have ended, and its number may be another's by now. The `uid` is sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Peer {
    /// The user whose rights the peer had.
    pub uid: Option<u32>,
    /// The peer's group.
    pub gid: Option<u32>,
    /// The peer's process; none where the system does not tell, or where it is in a PID namespace that we cannot see.
    pub pid: Option<u32>,
}

impl Peer {
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
