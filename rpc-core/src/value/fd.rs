//! Descriptors as values.
use super::{Value, beside};
use crate::schema::{Schema, Type, TypeId, Types};
use crate::wire::Descriptor;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// A file descriptor that travels with its message: an open file, a pipe, a socket, shared memory.
///
/// It may be an argument or an answer, or stand anywhere inside of one. The receiver gets a descriptor of its own for the
/// same open file, as after dup(2): position and status flags are shared. It is closed with the last clone of this.
///
/// It travels over local sockets of Unix systems, and to a handler in this process. Elsewhere, over TCP, a call with one
/// is [not sent](crate::Outcome::NotSent), and an answer with one is [an error](crate::Error::NoReply). No more than the
/// other side's [`Limits::fds_max`](crate::Limits::fds_max) go with one message. Items of streams carry none.
///
/// The system passes no more when as many of one user's descriptors are on their way, sent and not read, as a process may have
/// open (unix(7)): then an answer is [an error](crate::Error::NoReply), too, and a call is [not sent](crate::Error::System).
///
/// What comes from another program may be anything: a file that is never ready, or a directory. Look before you trust it.
///
/// ```
/// use rpc_core::{Connection, Context, Fd, Service};
/// use std::fs::File;
/// use std::io::{Seek, Write, read_to_string};
///
/// #[derive(Service)]
/// enum Export {
///     /// Writes everything into this file.
///     #[rpc(returns = ())]
///     Dump { into: Fd },
/// }
///
/// struct Store;
/// impl ExportHandler for Store {
///     fn dump(&self, _cx: &Context, into: Fd) {
///         let mut file = File::from(into.into_owned().expect("a descriptor to spare"));
///         file.write_all(b"everything").expect("a file that can be written");
///     }
/// }
///
/// let mut file = tempfile::tempfile()?;
/// let export = Export::client(Connection::local(Export::serve(Store)));
/// export.dump(file.try_clone()?.into())?;
/// file.rewind()?;
/// assert_eq!(read_to_string(file)?, "everything");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fd(Descriptor);

impl Fd {
    /// The descriptor, to be a `File`, a `UnixStream` or anything else from then on.
    ///
    /// # Errors
    /// What the system says if a clone of this still holds it, and it cannot be duplicated: too many are open.
    pub fn into_owned(self) -> io::Result<OwnedFd> {
        Arc::try_unwrap(self.0).or_else(|shared| shared.try_clone())
    }
}

impl<F: Into<OwnedFd>> From<F> for Fd {
    fn from(fd: F) -> Self {
        Self(Arc::new(fd.into()))
    }
}

impl AsFd for Fd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Schema for Fd {
    fn describe(types: &mut Types) -> TypeId {
        types.add(Type::Fd)
    }
}

impl Value for Fd {}

impl Serialize for Fd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let outside =
            || ser::Error::custom("a descriptor travels only in a call or its answer, and in no item of a stream");
        beside::put(&self.0).ok_or_else(outside)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        beside::take(u32::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encode;
    use crate::wire::{DecodeLimits, Fds, Message};
    use std::fs::File;

    const LIMITS: DecodeLimits = DecodeLimits { memory_bytes_max: 1 << 20 };

    fn fd() -> Fd {
        File::open("/dev/null").unwrap().into()
    }

    fn decode<T: Value>(bytes: &[u8], fds: Fds) -> Result<T, String> {
        beside::decode(bytes, fds, LIMITS)
    }

    #[test]
    fn the_same_ones_come_back_in_their_places() {
        let (a, b, mut message) = (fd(), fd(), Message::default());
        beside::encode(&(vec![a.clone(), b.clone()], Some(a.clone())), &mut message).unwrap();
        assert_eq!((message.bytes.as_slice(), message.fds.len()), (&[2, 0, 1, 1, 2][..], 3));
        let (all, one) = decode::<(Vec<Fd>, Option<Fd>)>(&message.bytes, message.fds).unwrap();
        assert!(Arc::ptr_eq(&all[1].0, &b.0) && Arc::ptr_eq(&one.unwrap().0, &a.0));
    }

    #[test]
    fn each_place_is_taken_once_and_must_be_there() {
        let came = || -> Fds { [fd().0].into_iter().collect() };
        assert_eq!(decode::<Fd>(&[1], came()).unwrap_err(), "it takes descriptor 1, and 1 came with it");
        assert_eq!(decode::<Fd>(&[0], Fds::default()).unwrap_err(), "it takes descriptor 0, and 0 came with it");
        assert_eq!(decode::<Vec<Fd>>(&[2, 0, 0], came()).unwrap_err(), "it takes descriptor 0 twice");
        assert_eq!(decode::<u8>(&[0], came()), Ok(0), "what is not taken is closed");
    }

    /// Serializing one for anything else than a call is an error in words, also for those who try it within a call.
    #[test]
    fn elsewhere_it_is_an_error() {
        struct Nested(Fd);
        impl Serialize for Nested {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut inner = Message::default();
                beside::encode(&self.0, &mut inner).unwrap();
                assert_eq!(inner.fds.len(), 1);
                (&self.0, inner.bytes).serialize(serializer)
            }
        }
        let words = serde_json::to_string(&fd()).unwrap_err().to_string();
        assert!(words.contains("only in a call or its answer"), "{words}");
        assert!(serde_json::from_str::<Fd>("0").unwrap_err().to_string().contains("only from a call"));
        assert!(fd().encode(&mut Vec::new()).is_err());
        let mut message = Message::default();
        beside::encode(&Nested(fd()), &mut message).unwrap();
        assert_eq!(message.fds.len(), 1, "the inner message has its own");
    }

    #[test]
    fn a_panic_leaves_no_table() {
        struct Panics;
        impl Encode for Panics {
            fn encode(&self, _: &mut Vec<u8>) -> Result<(), crate::Error> {
                std::panic::resume_unwind(Box::new("on purpose"))
            }
        }
        let encode = || beside::encode(&Panics, &mut Message::default());
        assert!(std::panic::catch_unwind(encode).is_err());
        assert!(fd().encode(&mut Vec::new()).is_err());
    }
}
