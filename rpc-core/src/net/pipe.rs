//! Local connections on Windows: named pipes, through interprocess. They have no permission bits and no files to
//! clean up; the system lets one process alone own a pipe's name.
//!
//! Type-checked only so far; nobody has run it.

use super::{
    Address, AddressProblem, ConnectProblem, ListenProblem, Stream, address::Place, connect::time_to_try, registry,
};
use interprocess::{
    ConnectWaitMode,
    local_socket::{self, GenericFilePath, ListenerNonblockingMode, ListenerOptions, ToFsName},
    os::windows::named_pipe::{self, DuplexPipeStream, pipe_mode},
};
use std::{io, time::Instant};

pub(crate) fn connect(address: &Address, deadline: Instant) -> Result<Stream, ConnectProblem> {
    let path = path(address).map_err(ConnectProblem::Address)?;
    // interprocess' own connect for local sockets overlooks the timeout; this one, for pipes, heeds it.
    let wait = ConnectWaitMode::Timeout(time_to_try(deadline));
    let pipe = DuplexPipeStream::<pipe_mode::Bytes>::connect_by_path_with_wait_mode(path.as_str(), wait);
    let local = pipe.map(|pipe| local_socket::Stream::from(named_pipe::local_socket::Stream::from(pipe)));
    local.and_then(Stream::from_local).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ConnectProblem::Missing,
        io::ErrorKind::PermissionDenied => ConnectProblem::Denied,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => ConnectProblem::TimedOut,
        _ => ConnectProblem::Io(error.into()),
    })
}

pub(crate) fn listen(address: &Address) -> Result<local_socket::Listener, ListenProblem> {
    let name = path(address).map_err(ListenProblem::Address)?;
    name.to_fs_name::<GenericFilePath>()
        .and_then(|name| ListenerOptions::new().name(name).nonblocking(ListenerNonblockingMode::Both).create_sync())
        .map_err(|error| match error.kind() {
            // A first instance is asked for, and a name that has one is denied.
            io::ErrorKind::PermissionDenied | io::ErrorKind::AddrInUse => ListenProblem::AlreadyRunning,
            _ => ListenProblem::Io(error.into()),
        })
}

fn path(address: &Address) -> Result<String, AddressProblem> {
    match address.place() {
        Place::Name(name) => Ok(registry::pipe_path(name)),
        Place::File(path) => path.to_str().map(str::to_owned).ok_or(AddressProblem::NoSocketFiles),
        Place::Abstract(_) => Err(AddressProblem::NoAbstractSockets),
        Place::Tcp { .. } => Err(AddressProblem::NoSocketFiles),
    }
}
