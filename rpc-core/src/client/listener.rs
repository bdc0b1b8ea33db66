//! Who listens at an address, whether or not it answers.
use super::Connect;
use crate::net::{self, Address};
use crate::proto::clamp;
use crate::{Error, Peer};
use std::time::Instant;

impl Connect {
    /// Who listens there, as the kernel noted it then: it also tells of a server that is frozen. Connects, says nothing, and closes.
    /// Nothing is known over TCP.
    ///
    /// ```no_run
    /// # use rpc_core::Connect;
    /// if let Some(pid) = Connect::new("kv").listener()?.pid {
    ///     println!("kill {pid}");
    /// }
    /// # Ok::<(), rpc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Address`] and [`Error::Connect`]; the latter also when so many wait to be accepted that no more may.
    pub fn listener(&self) -> Result<Peer, Error> {
        let address: Address = self.address.parse()?;
        Ok(net::connect(&address, Instant::now() + clamp(self.timeout))?.peer())
    }
}
