//! The wire by hand, as `PROTOCOL.md` has it and not as the crate does it: for peers that are not ours, and for golden bytes.
use serde::{Deserialize, Serialize};
use std::io::{Error, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

pub(crate) const PREFACE: [u8; 8] = [0x8f, b'R', b'P', b'C', 1, 0, 0, 0];

pub(crate) const VOID: u8 = 0;
pub(crate) const HELLO: u8 = 1;
pub(crate) const WELCOME: u8 = 2;
pub(crate) const REFUSE: u8 = 3;
pub(crate) const OPEN: u8 = 4;
pub(crate) const OPENED: u8 = 5;
pub(crate) const CALL: u8 = 6;
pub(crate) const REPLY: u8 = 7;
pub(crate) const FAULT: u8 = 8;
pub(crate) const CANCEL: u8 = 9;
pub(crate) const GOODBYE: u8 = 10;
pub(crate) const PING: u8 = 11;
pub(crate) const PONG: u8 = 12;
pub(crate) const CHALLENGE: u8 = 13;
pub(crate) const PROOF: u8 = 14;
pub(crate) const PROVEN: u8 = 15;
pub(crate) const ITEMS: u8 = 16;
pub(crate) const CREDIT: u8 = 17;
pub(crate) const INPUT: u8 = 18;
pub(crate) const INPUT_END: u8 = 19;
pub(crate) const INPUT_CREDIT: u8 = 20;
pub(crate) const INPUT_STOP: u8 = 21;

/// What comes must come within this time: the watchdog of every test that reads.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) call: u32,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    Version { ours: u16, theirs: u16 },
    Malformed(String),
    NotAllowed,
    ShuttingDown,
    Overloaded,
    TokenMissing,
    WrongToken,
    Cut(String),
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    UnknownService,
    UnknownMethod,
    Malformed(String),
    RequestTooLarge { size: u64, limit: u64 },
    ReplyTooLarge { size: u64, limit: u64 },
    Overloaded,
    Deadline,
    Panicked,
    NoReply(String),
    NotAllowed(String),
    ShuttingDown,
    Late,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) frame_bytes_max: u32,
    pub(crate) calls_max: u32,
    pub(crate) window_bytes: u32,
    pub(crate) fds_max: u32,
    pub(crate) service: Option<(String, u64)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Welcome {
    pub(crate) instance: u64,
    pub(crate) frame_bytes_max: u32,
    pub(crate) calls_max: u32,
    pub(crate) window_bytes: u32,
    pub(crate) fds_max: u32,
    pub(crate) service: Option<Opened>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Opened {
    Here { service: u32, schema: Option<Vec<u8>> },
    Unknown { services: Vec<String> },
}

pub(crate) fn bytes_of<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).unwrap()
}

/// A frame whose head claims `length` bytes, whatever follows.
pub(crate) fn head(length: u32, kind: u8, call: u32) -> Vec<u8> {
    [&length.to_le_bytes()[..], &[kind, 0, 0, 0xff], &call.to_le_bytes()].concat()
}

pub(crate) fn frame(kind: u8, call: u32, body: &[u8]) -> Vec<u8> {
    [head(body.len() as u32, kind, call), body.to_vec()].concat()
}

/// Preface and hello of a client that wants this service.
pub(crate) fn hello(service: Option<(&str, u64)>) -> Vec<u8> {
    hello_taking(service, 0)
}

/// Of a client that takes so many descriptors with one answer.
pub(crate) fn hello_taking(service: Option<(&str, u64)>, fds_max: u32) -> Vec<u8> {
    let service = service.map(|(name, fingerprint)| (name.to_owned(), fingerprint));
    let hello = Hello { frame_bytes_max: 4 << 20, calls_max: 0, window_bytes: 0, fds_max, service };
    [PREFACE.to_vec(), frame(HELLO, 0, &bytes_of(&hello))].concat()
}

/// A call of the first service that was opened, without a deadline. `args`: the tuple of the arguments.
pub(crate) fn call<T: Serialize>(id: u32, method: u32, args: &T) -> Vec<u8> {
    call_bytes(id, method, &bytes_of(args))
}

pub(crate) fn call_bytes(id: u32, method: u32, args: &[u8]) -> Vec<u8> {
    frame(CALL, id, &[bytes_of(&(0u32, 0u64, method)), args.to_vec()].concat())
}

/// A socket, local or TCP, with nothing of ours around it.
#[derive(Debug)]
pub(crate) enum Raw {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Raw {
    /// Connects to an address as a server prints it.
    pub(crate) fn to(address: &str) -> Self {
        let raw = match address.strip_prefix("tcp:") {
            Some(address) => Raw::Tcp(TcpStream::connect(address).unwrap()),
            None => Raw::Unix(UnixStream::connect(address).unwrap()),
        };
        raw.limit(PATIENCE);
        raw
    }

    /// Connects over TCP, as if from another machine of the loopback's.
    #[cfg(target_os = "linux")]
    pub(crate) fn from(source: [u8; 4], address: &str) -> Self {
        use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
        let target: std::net::SocketAddr = address.strip_prefix("tcp:").unwrap().parse().unwrap();
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &std::net::SocketAddr::from((source, 0))).unwrap();
        connect(&socket, &target).unwrap();
        let raw = Raw::Tcp(socket.into());
        raw.limit(PATIENCE);
        raw
    }

    pub(crate) fn limit(&self, patience: Duration) {
        match self {
            Raw::Unix(stream) => {
                stream.set_read_timeout(Some(patience)).unwrap();
                stream.set_write_timeout(Some(patience)).unwrap();
            }
            Raw::Tcp(stream) => {
                stream.set_nodelay(true).unwrap();
                stream.set_read_timeout(Some(patience)).unwrap();
                stream.set_write_timeout(Some(patience)).unwrap();
            }
        }
    }

    /// A peer that has cut the connection is no failure: what it said shows.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes);
    }

    /// Whether all of it went out.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> bool {
        let sent = match self {
            Raw::Unix(stream) => stream.write_all(bytes),
            Raw::Tcp(stream) => stream.write_all(bytes),
        };
        sent.is_ok()
    }

    pub(crate) fn half_close(&self) {
        let _ = match self {
            Raw::Unix(stream) => stream.shutdown(Shutdown::Write),
            Raw::Tcp(stream) => stream.shutdown(Shutdown::Write),
        };
    }

    /// The same socket once more: one end reads while another one writes.
    pub(crate) fn clone(&self) -> Self {
        match self {
            Raw::Unix(stream) => Raw::Unix(stream.try_clone().unwrap()),
            Raw::Tcp(stream) => Raw::Tcp(stream.try_clone().unwrap()),
        }
    }

    /// Closes with a reset where there is one: socket(7), SO_LINGER of 0.
    pub(crate) fn reset(self) {
        if let Raw::Tcp(stream) = &self {
            rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO)).unwrap();
        }
    }

    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        match self {
            Raw::Unix(stream) => stream.read(into),
            Raw::Tcp(stream) => stream.read(into),
        }
    }

    pub(crate) fn exact(&mut self, count: usize) -> Vec<u8> {
        let (mut bytes, mut at) = (vec![0; count], 0);
        while at < count {
            match self.read(&mut bytes[at..]) {
                Ok(0) => panic!("it ends after {:?}", &bytes[..at]),
                Ok(count) => at += count,
                Err(error) => panic!("{error}, after {:?}", &bytes[..at]),
            }
        }
        bytes
    }

    /// The next frame.
    pub(crate) fn frame(&mut self) -> Frame {
        let head = self.exact(12);
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
        Frame { kind: head[4], call: number(8), body: self.exact(number(0) as usize) }
    }

    /// Everything up to the end, be it a close or a reset. Panics if there is none in time.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let (mut all, mut part) = (Vec::new(), [0; 64 << 10]);
        loop {
            match self.read(&mut part) {
                Ok(0) => return all,
                Ok(count) => all.extend_from_slice(&part[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return all,
                Err(error) => panic!("no end: {error}, after {} bytes", all.len()),
            }
        }
    }

    /// What is answered first, be it a whole conversation.
    pub(crate) fn until_answered(&mut self) -> Vec<u8> {
        let preface = self.exact(8);
        let Frame { kind, call, body } = self.frame();
        [preface, frame(kind, call, &body)].concat()
    }

    /// Says hello, and gives the welcome.
    pub(crate) fn open(&mut self, service: Option<(&str, u64)>) -> Welcome {
        assert!(self.try_send(&hello(service)));
        assert_eq!(self.exact(8), PREFACE);
        let welcome = self.frame();
        assert_eq!((welcome.kind, welcome.call), (WELCOME, 0), "{welcome:?}");
        postcard::from_bytes(&welcome.body).unwrap()
    }

    /// The refusal with which everything ends, after whatever was answered before.
    pub(crate) fn refusal(&mut self) -> Refusal {
        let rest = self.rest();
        let last = frames(&rest).pop().unwrap_or_else(|| panic!("no frame in {rest:?}"));
        assert_eq!(last.kind, REFUSE, "{last:?}");
        postcard::from_bytes(&last.body).unwrap()
    }

    /// The fault that comes next, and its call.
    pub(crate) fn fault(&mut self) -> (u32, Fault) {
        let frame = self.frame();
        assert_eq!(frame.kind, FAULT, "{frame:?}");
        (frame.call, postcard::from_bytes(&frame.body).unwrap())
    }
}

/// The frames that bytes are, perhaps behind a preface.
pub(crate) fn frames(bytes: &[u8]) -> Vec<Frame> {
    let (mut rest, mut found) = (bytes.strip_prefix(&PREFACE).unwrap_or(bytes), Vec::new());
    while let Some((head, behind)) = rest.split_at_checked(12) {
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
        let (body, behind) = behind.split_at_checked(number(0) as usize).expect("whole frames");
        found.push(Frame { kind: head[4], call: number(8), body: body.to_vec() });
        rest = behind;
    }
    assert!(rest.is_empty(), "half a frame: {rest:?}");
    found
}
