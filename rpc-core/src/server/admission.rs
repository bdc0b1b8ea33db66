//! Who may connect to a server: what its program says, and what is decided of it at accept, before a byte of the peer's is
//! looked at.
use super::Server;
use crate::net::{ListenOptions, Stream};
use crate::proto::{Session, Trial};
use crate::service::drop_payload;
use crate::token::{Token, nonce};
use crate::trust::Trust;
use crate::{Error, Peer};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Who may write to a socket file may connect. Its credentials are checked then, so the file may let everybody in.
const MODE_WIDE: u32 = 0o666;

/// A program's own check of its callers.
type Check = Box<dyn Fn(&Peer) -> bool + Send + Sync>;

impl Server {
    /// Serves this user, too, by number. Said several times, each of them.
    ///
    /// A server on local sockets serves its own user and root, whoever else can reach the socket: the kernel tells who
    /// connects, and everybody else is refused before anything that he sent is looked at. With this, or one of the next two, the
    /// socket file's mode is 0666 instead of 0600, because the mode no longer decides.
    ///
    /// Others must also be able to reach the file: give it a path, such as `/run/kv/kv.sock`. A name's socket is in a directory
    /// that is its user's alone, and stays so. A Linux abstract socket has no mode, and the kernel's word is all there is.
    ///
    /// Does nothing on Windows, where a pipe's access list decides, and over TCP, where nothing is known of callers.
    ///
    /// ```no_run
    /// # fn example(server: rpc_core::Server) -> Result<(), rpc_core::Error> {
    /// // Its own user, root, the users 998 and 999, and the members of group 27.
    /// server.allow_user(998).allow_user(999).allow_group(27).listen("/run/kv/kv.sock")?.run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_user(mut self, uid: u32) -> Self {
        self.admission.trust.allow_user(uid);
        self
    }

    /// Serves this group, too, by number: processes whose effective group it is, and users whom the system's group database
    /// lists as its members. The database is read once, when the server starts to listen, so a new member is served after its
    /// next start. If it cannot be read, [`listen`](Self::listen) fails. Otherwise as [`allow_user`](Self::allow_user).
    pub fn allow_group(mut self, gid: u32) -> Self {
        self.admission.trust.allow_group(gid);
        self
    }

    /// Serves every user of this machine. Otherwise as [`allow_user`](Self::allow_user).
    pub fn allow_anyone(mut self) -> Self {
        self.admission.trust.allow_anyone();
        self
    }

    /// Asks this of each connection, too, and refuses those of which it says no; over TCP the [`Peer`] is unknown. Whoever is
    /// refused learns nothing at all: not what is served, and not what it would take. What is asked of each call is
    /// [`Handler::guard`](crate::Handler::guard).
    ///
    /// It runs on the thread that accepts, so it must not wait. If it panics, that is a no. Never decide by the `pid`.
    ///
    /// ```no_run
    /// # fn example(server: rpc_core::Server) -> Result<(), rpc_core::Error> {
    /// // Everybody but the overflow user, who may be anybody of another user namespace.
    /// let server = server.allow_anyone().authorize(|peer| peer.uid != Some(65534));
    /// server.listen("/run/kv/kv.sock")?.run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn authorize(mut self, check: impl Fn(&Peer) -> bool + Send + Sync + 'static) -> Self {
        self.admission.check = Some(Box::new(check));
        self
    }

    /// Asks clients that come over TCP for this secret, and proves to them that it knows it, too: see [`Token`](crate::Token). With
    /// it the server may listen beyond loopback (`tcp:0.0.0.0:7000`), and without it does not start there. On local sockets the kernel
    /// tells who calls, and nothing more is asked.
    ///
    /// **TCP traffic is not encrypted**, with a token or without.
    ///
    /// ```no_run
    /// # fn example(server: rpc_core::Server) -> Result<(), rpc_core::Error> {
    /// use rpc_core::Token;
    ///
    /// let server = server.token(Token::from_file("/etc/kv.token")?);
    /// server.listen("tcp:0.0.0.0:7000")?.run()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "token")]
    pub fn token(mut self, token: Token) -> Self {
        self.admission.token = Some(token);
        self
    }
}

/// Who may connect.
#[derive(Default)]
pub(super) struct Admission {
    pub(super) trust: Trust,
    pub(super) check: Option<Check>,
    /// What clients must know over TCP.
    pub(super) token: Option<Token>,
}

impl Admission {
    /// As it is needed to admit: with the members of groups.
    ///
    /// # Errors
    /// [`Error::System`] when they cannot be looked up.
    pub(super) fn ready(self) -> Result<Self, Error> {
        Ok(Self { trust: self.trust.with_members()?, ..self })
    }

    /// How to listen, so that those who may connect can.
    pub(super) fn listen_options(&self) -> ListenOptions {
        let default = ListenOptions::default();
        let mode = if self.trust.is_wide() { MODE_WIDE } else { default.mode };
        ListenOptions { mode, allow_remote: self.token.is_some(), ..default }
    }

    /// Whether this peer may connect. A check that panics has not said yes.
    pub(super) fn allows(&self, stream: &Stream, peer: &Peer) -> bool {
        self.trust.covers(stream, peer) && self.check.as_ref().is_none_or(|check| agrees(check, peer))
    }

    /// How a conversation with this peer begins. A local socket's peer is known already.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub(super) fn session<C>(&self, stream: &Stream) -> io::Result<Session<C>> {
        match self.token.clone().filter(|_| !stream.is_local()) {
            Some(token) => Ok(Session::on_trial(Trial::new(token, nonce()?))),
            None => Ok(Session::new(stream.carries_fds())),
        }
    }
}

fn agrees(check: &Check, peer: &Peer) -> bool {
    catch_unwind(AssertUnwindSafe(|| check(peer))).unwrap_or_else(|payload| {
        drop_payload(payload);
        false
    })
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").field("trust", &self.trust).finish_non_exhaustive()
    }
}
