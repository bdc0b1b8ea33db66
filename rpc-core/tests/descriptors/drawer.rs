//! A service that takes and gives files, and files that know how often they are open.
use crate::common::{Gates, Way, listen};
use rpc_core::{Connection, Context, Error, Fd, Limits, Listening, Schema, Server, Service, Sink, Stopped};
use rustix::fs::{MemfdFlags, memfd_create};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Where descriptors are everywhere that they can be.
#[derive(Service)]
pub(crate) enum Drawer<'a> {
    /// What the file holds.
    #[rpc(returns = String, idempotent)]
    Read { file: Fd },
    /// What the files hold, in their order, behind a title that may be long.
    #[rpc(returns = Vec<String>)]
    ReadAll { title: &'a str, files: Vec<Fd>, last: Option<Fd> },
    /// The same file.
    #[rpc(returns = Fd)]
    Echo { file: Fd },
    /// Files that hold these.
    #[rpc(returns = Result<Vec<Fd>, String>)]
    Make { texts: Vec<String> },
    /// A file, beside so many bytes.
    #[rpc(returns = Labelled)]
    Label { file: Fd, size: u32 },
    /// One more: nothing of all this.
    #[rpc(returns = u32)]
    Add { number: u32 },
    /// Takes it, and tells nobody.
    #[rpc(oneway)]
    Discard { file: Fd },
    /// Panics with the file in its hand.
    #[rpc(returns = Fd)]
    Panic { file: Fd },
    /// Keeps the file until the gate of this name is opened.
    #[rpc(returns = Fd, blocking)]
    Hold { file: Fd, gate: &'a str },
    /// Numbers, and then the file.
    #[rpc(stream = u32, returns = Fd)]
    Count { upto: u32, file: Fd },
    /// As `hold`, and nobody knows that it is slow.
    #[rpc(returns = Fd)]
    Linger { file: Fd, gate: &'a str },
    /// Panics with the file in its hand, on a thread of its own.
    #[rpc(returns = Fd, blocking)]
    BreakApart { file: Fd },
}

/// The place of `echo` among the methods.
pub(crate) const ECHO: u32 = 2;

/// A file with a label.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Labelled {
    pub(crate) label: Vec<u8>,
    pub(crate) file: Option<Fd>,
}

#[derive(Default, Clone)]
pub(crate) struct Cabinet(pub(crate) Gates);

impl DrawerHandler for Cabinet {
    fn read(&self, _cx: &Context, file: Fd) -> String {
        text_of(&file)
    }
    fn read_all(&self, _cx: &Context, title: &str, files: Vec<Fd>, last: Option<Fd>) -> Vec<String> {
        let files = files.iter().chain(&last).map(text_of);
        [title[..title.len().min(9)].to_owned()].into_iter().chain(files).collect()
    }
    fn echo(&self, _cx: &Context, file: Fd) -> Fd {
        file
    }
    fn make(&self, _cx: &Context, texts: Vec<String>) -> Result<Vec<Fd>, String> {
        let many = |text: &String| memory(text).into();
        if texts.is_empty() { Err("nothing to make".to_owned()) } else { Ok(texts.iter().map(many).collect()) }
    }
    fn label(&self, _cx: &Context, file: Fd, size: u32) -> Labelled {
        Labelled { label: vec![7; size as usize], file: Some(file) }
    }
    fn add(&self, _cx: &Context, number: u32) -> u32 {
        number + 1
    }
    fn discard(&self, _cx: &Context, file: Fd) {
        drop(file);
    }
    fn panic(&self, _cx: &Context, _file: Fd) -> Fd {
        std::panic::resume_unwind(Box::new("on purpose"));
    }
    fn hold(&self, _cx: &Context, file: Fd, gate: &str) -> Fd {
        self.0.open(&format!("at {gate}"));
        self.0.pass(gate);
        file
    }
    fn linger(&self, cx: &Context, file: Fd, gate: &str) -> Fd {
        self.hold(cx, file, gate)
    }
    fn break_apart(&self, cx: &Context, file: Fd) -> Fd {
        self.panic(cx, file)
    }
    fn count(&self, _cx: &Context, upto: u32, file: Fd, mut out: Sink<u32>) -> Result<Fd, Stopped> {
        (0..upto).try_for_each(|number| out.send(&number))?;
        Ok(file)
    }
}

/// What a file holds, wherever it stands.
pub(crate) fn text_of(file: impl AsFd) -> String {
    let file = File::from(file.as_fd().try_clone_to_owned().unwrap());
    let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A file in memory that holds this text.
pub(crate) fn memory(text: &str) -> OwnedFd {
    let file = File::from(memfd_create("made", MemfdFlags::CLOEXEC).unwrap());
    file.write_all_at(text.as_bytes(), 0).unwrap();
    file.into()
}

/// A file that no other test has.
pub(crate) struct Marked {
    file: OwnedFd,
    name: String,
}

impl Marked {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("marked-{}", NUMBER.fetch_add(1, Relaxed));
        let file = File::from(memfd_create(&name, MemfdFlags::CLOEXEC).unwrap());
        file.write_all_at(name.as_bytes(), 0).unwrap();
        Self { file: file.into(), name }
    }

    pub(crate) fn text(&self) -> &str {
        &self.name
    }

    /// One more descriptor for it.
    pub(crate) fn fd(&self) -> Fd {
        self.file.try_clone().unwrap().into()
    }

    /// Descriptors of this process for it, beside this one.
    pub(crate) fn others(&self) -> usize {
        let file = format!("/memfd:{} (deleted)", self.name);
        let all = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        all.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|to| to == Path::new(&file))).count() - 1
    }

    /// Waits until there are none.
    pub(crate) fn is_closed(&self, what: &str) {
        let start = Instant::now();
        while self.others() > 0 {
            assert!(start.elapsed() < Duration::from_secs(20), "{what}: {} are still open", self.others());
            std::thread::yield_now();
        }
    }
}

impl AsFd for Marked {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The cabinet, served in some way.
pub(crate) struct Served {
    pub(crate) cabinet: Cabinet,
    pub(crate) server: Option<Listening>,
    _directory: tempfile::TempDir,
}

impl Served {
    pub(crate) fn new(way: Way, limits: Limits) -> Self {
        let (cabinet, directory) = (Cabinet::default(), tempfile::tempdir().unwrap());
        let server = listen(way, Server::new(Drawer::serve(cabinet.clone())).limits(limits), &directory);
        Self { cabinet, server, _directory: directory }
    }

    pub(crate) fn address(&self) -> String {
        self.server.as_ref().unwrap().addresses()[0].to_string()
    }

    pub(crate) fn connection(&self) -> Result<Connection, Error> {
        match &self.server {
            Some(_) => Connection::connect(&self.address()),
            None => Ok(Connection::local(Drawer::serve(self.cabinet.clone()))),
        }
    }

    pub(crate) fn connect(&self) -> DrawerClient {
        match &self.server {
            Some(_) => Drawer::connect(&self.address()).unwrap(),
            None => Drawer::client(self.connection().unwrap()),
        }
    }
}

/// Runs a scenario wherever descriptors pass.
pub(crate) fn on_all(scenario: impl Fn(&Served, DrawerClient)) {
    for way in [Way::Local, Way::Set, Way::Threads] {
        eprintln!("on {way:?}");
        let served = Served::new(way, Limits::default());
        scenario(&served, served.connect());
    }
}

/// The same, where there is a socket.
pub(crate) fn on_sockets(scenario: impl Fn(&Served, DrawerClient)) {
    for way in [Way::Set, Way::Threads] {
        eprintln!("on {way:?}");
        let served = Served::new(way, Limits::default());
        scenario(&served, served.connect());
    }
}
