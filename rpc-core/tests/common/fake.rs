//! A server that a test plays by hand.
use super::raw::*;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Runs a script with every connection, each on a thread of its own.
pub(crate) struct Fake {
    pub(crate) address: String,
    accepts: Option<JoinHandle<()>>,
    _directory: tempfile::TempDir,
}

impl Fake {
    /// `script` is given the connection and its number, counted from 0.
    pub(crate) fn new(script: impl Fn(Raw, usize) + Send + Sync + 'static) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let script = Arc::new(script);
        let accepts = std::thread::spawn(move || {
            let mut scripts = Vec::new();
            for (number, stream) in listener.incoming().enumerate() {
                let raw = Raw::Unix(stream.unwrap());
                raw.limit(PATIENCE);
                // The last connection is `drop`'s: it sends a single zero at once.
                let mut first = [1];
                if let Raw::Unix(stream) = &raw
                    && rustix::net::recv(stream, &mut first, rustix::net::RecvFlags::PEEK).is_ok()
                    && first == [0]
                {
                    break;
                }
                let script = script.clone();
                scripts.push(std::thread::spawn(move || script(raw, number)));
            }
            scripts.into_iter().for_each(|script| script.join().expect("the fake server's script"));
        });
        Self { address: path.to_str().unwrap().to_owned(), accepts: Some(accepts), _directory: directory }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let woken = Raw::to(&self.address).try_send(&[0]);
        let ended = self.accepts.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            assert!(woken && ended.is_some_and(|ended| ended.is_ok()));
        }
    }
}

/// A welcome for the service that the client asked for, as a server of the client's own version gives it.
pub(crate) fn welcome() -> Welcome {
    let service = Some(Opened::Here { service: 0, schema: None });
    Welcome { instance: 1, frame_bytes_max: 4 << 20, calls_max: 256, window_bytes: 0, fds_max: 0, service }
}

/// Reads the client's greeting and answers it.
pub(crate) fn greet(raw: &mut Raw, welcome: &Welcome) -> Hello {
    let hello = hear(raw);
    assert!(raw.try_send(&[PREFACE.to_vec(), frame(WELCOME, 0, &bytes_of(welcome))].concat()));
    hello
}

/// Reads the client's greeting.
pub(crate) fn hear(raw: &mut Raw) -> Hello {
    assert_eq!(raw.exact(8), PREFACE);
    let hello = raw.frame();
    assert_eq!((hello.kind, hello.call), (HELLO, 0));
    postcard::from_bytes(&hello.body).unwrap()
}
