//! Which servers a client may call: what its program says, and what is made of it before anything is sent.
use super::Connect;
use crate::net::{Address, ConnectError, ConnectProblem, Stream};
#[cfg(feature = "token")]
use crate::token::Token;

impl Connect {
    /// Trusts a server of this user, too, by number. Said several times, each of them.
    ///
    /// On a local socket a client talks to servers of its own user and of root alone: anybody might have listened there
    /// first. So root, too, must name the user whose server it calls.
    ///
    /// Does nothing on Windows, and over TCP, where nothing is known of the server's user.
    ///
    /// ```no_run
    /// use rpc_core::Connect;
    ///
    /// let connection = Connect::new("/run/kv/kv.sock").allow_user(998).connect()?;
    /// # Ok::<(), rpc_core::Error>(())
    /// ```
    ///
    /// Of any other server [`connect`](Self::connect) says [`ConnectProblem::Stranger`], before anything is sent.
    pub fn allow_user(mut self, uid: u32) -> Self {
        self.trust.allow_user(uid);
        self
    }

    /// Trusts every server, whoever runs it: for what anybody may read, and nobody relies on.
    pub fn allow_anyone(mut self) -> Self {
        self.trust.allow_anyone();
        self
    }

    /// The secret that this client and its server know: see [`Token`](crate::Token). Over TCP a server must then ask for it, and prove
    /// that it knows it, before any call is sent. On local sockets it is used only if the server asks.
    ///
    /// ```no_run
    /// use rpc_core::{Connect, Token};
    ///
    /// let token = Token::from_file("kv.token")?;
    /// let connection = Connect::new("tcp:kv.example.net:7000").token(token).connect()?;
    /// # Ok::<(), rpc_core::Error>(())
    /// ```
    ///
    /// Of a server that does not prove it [`connect`](Self::connect) says [`ConnectProblem::Unproven`].
    #[cfg(feature = "token")]
    pub fn token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }

    /// Whether the server that was found may be called.
    pub(super) fn check_server(&self, address: &Address, stream: &Stream) -> Result<(), ConnectError> {
        let peer = stream.peer();
        if self.trust.covers(stream, &peer) {
            return Ok(());
        }
        let problem = ConnectProblem::Stranger { uid: peer.uid };
        Err(ConnectError { address: address.clone(), problem })
    }
}
