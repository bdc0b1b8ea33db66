//! Whom what a connection takes is charged to.
use super::{Peer, Stream};
use std::net::{IpAddr, Ipv6Addr};

/// Who shares what one may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// A user of this machine.
    User(u32),
    /// Another machine, or this one over TCP. Of an IPv6 address the first half: the rest is its owner's to choose (RFC 4291, 2.5.4).
    Address(IpAddr),
    /// Nobody knows: all of these are one.
    Unknown,
}

impl Origin {
    /// Of a stream and its peer, as far as the system tells.
    pub(crate) fn of(stream: &Stream, peer: &Peer) -> Self {
        match (peer.uid, stream.peer_address()) {
            (Some(uid), _) => Self::User(uid),
            (None, Some(address)) => Self::Address(network(address)),
            (None, None) => Self::Unknown,
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_one_origin() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("10.0.0.1"), "10.0.0.1");
        assert_eq!(network("::ffff:10.0.0.1"), "10.0.0.1");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::1"), "::1");
    }
}
