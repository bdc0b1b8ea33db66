//! How an address is written: its kinds, what each may contain, and what is wrong with what is none.

use super::{AddressProblem, address::Place};
#[cfg(unix)]
use super::{passed::Passed, program::Program};
use std::path::Path;

/// The longest name: with a usual registry directory and the temporary suffixes it stays below the limit of a socket path.
const NAME_LENGTH_MAX: usize = 64;

/// The bytes of `sun_path` less the NUL that marks an abstract name, see unix(7).
#[cfg(target_os = "linux")]
const ABSTRACT_LENGTH_MAX: usize = 107;

/// How a path of Windows' pipe filesystem starts.
#[cfg(windows)]
const PIPE_PREFIX: &str = r"\\.\pipe\";

/// What a text stands for.
pub(super) fn parse(text: &str) -> Result<Place, AddressProblem> {
    if text.is_empty() {
        return Err(AddressProblem::Empty);
    }
    if text.contains('\0') {
        return Err(AddressProblem::Nul);
    }
    if text.starts_with('~') {
        return Err(AddressProblem::Tilde);
    }
    if looks_like_path(text) {
        return file(Path::new(text));
    }
    if let Some(name) = text.strip_prefix('@') {
        return abstract_name(name);
    }
    if let Some(rest) = text.strip_prefix("tcp:") {
        return tcp(rest);
    }
    if let Some(rest) = text.strip_prefix("fd:") {
        return passed(rest);
    }
    if let Some(rest) = text.strip_prefix("exec:") {
        return program(rest);
    }
    match text.split_once(':') {
        Some((kind, _)) => Err(AddressProblem::Kind { kind: format!("{kind}:") }),
        None => name(text),
    }
}

fn looks_like_path(text: &str) -> bool {
    #[cfg(windows)]
    if text.starts_with(PIPE_PREFIX) {
        return true;
    }
    text.starts_with('/') || text.starts_with("./") || text.starts_with("../")
}

fn name(text: &str) -> Result<Place, AddressProblem> {
    let fits = |(at, character): (usize, char)| match character {
        '.' | '_' | '-' => at > 0,
        _ => character.is_ascii_alphanumeric(),
    };
    if let Some((_, character)) = text.char_indices().find(|&found| !fits(found)) {
        return Err(AddressProblem::NameCharacter { character });
    }
    if text.len() > NAME_LENGTH_MAX {
        return Err(AddressProblem::NameTooLong { length: text.len(), limit: NAME_LENGTH_MAX });
    }
    if text.ends_with(".sock") {
        return Err(AddressProblem::NameOfFile { name: text.to_owned() });
    }
    Ok(Place::Name(text.to_owned()))
}

/// The socket file at a path.
#[cfg(unix)]
pub(super) fn file(path: &Path) -> Result<Place, AddressProblem> {
    use std::{os::unix::ffi::OsStrExt, path::Component};

    let bytes = path.as_os_str().as_bytes();
    if bytes.is_empty() {
        return Err(AddressProblem::Empty);
    }
    if bytes.contains(&0) {
        return Err(AddressProblem::Nul);
    }
    // `Path` overlooks a `/` or a `/.` at the end; the system does not.
    if path.file_name().is_none() || bytes.ends_with(b"/") || bytes.ends_with(b"/.") {
        return Err(AddressProblem::PathOfDirectory);
    }
    // What is printed must mean the same when it is read again: a bare word would be a name.
    let bare = matches!(path.components().next(), Some(Component::Normal(_)));
    Ok(Place::File(if bare { Path::new(".").join(path) } else { path.to_owned() }))
}

/// The pipe at a path.
#[cfg(not(unix))]
pub(super) fn file(path: &Path) -> Result<Place, AddressProblem> {
    match path.to_str().and_then(|text| text.strip_prefix(PIPE_PREFIX)) {
        Some("") => Err(AddressProblem::PathOfDirectory),
        Some(_) => Ok(Place::File(path.to_owned())),
        None => Err(AddressProblem::NoSocketFiles),
    }
}

#[cfg(target_os = "linux")]
fn abstract_name(name: &str) -> Result<Place, AddressProblem> {
    if name.is_empty() {
        return Err(AddressProblem::AbstractEmpty);
    }
    if name.len() > ABSTRACT_LENGTH_MAX {
        return Err(AddressProblem::AbstractTooLong { length: name.len(), limit: ABSTRACT_LENGTH_MAX });
    }
    Ok(Place::Abstract(name.to_owned()))
}

#[cfg(not(target_os = "linux"))]
fn abstract_name(_name: &str) -> Result<Place, AddressProblem> {
    Err(AddressProblem::NoAbstractSockets)
}

#[cfg(unix)]
fn passed(text: &str) -> Result<Place, AddressProblem> {
    Passed::parse(text).map(|passed| Place::Passed(Box::new(passed)))
}

#[cfg(unix)]
fn program(text: &str) -> Result<Place, AddressProblem> {
    Program::parse(text).map(|program| Place::Program(Box::new(program)))
}

#[cfg(not(unix))]
fn passed(_text: &str) -> Result<Place, AddressProblem> {
    Err(AddressProblem::NoDescriptors)
}

#[cfg(not(unix))]
fn program(_text: &str) -> Result<Place, AddressProblem> {
    Err(AddressProblem::NoDescriptors)
}

fn tcp(text: &str) -> Result<Place, AddressProblem> {
    let (host, port) = text.rsplit_once(':').ok_or(AddressProblem::PortMissing)?;
    if port.ends_with(']') {
        return Err(AddressProblem::PortMissing);
    }
    // `u16::from_str` takes a sign, which no port has.
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port.parse().ok().filter(|_| digits);
    let port = number.ok_or_else(|| AddressProblem::Port { port: port.to_owned() })?;
    Ok(Place::Tcp { host: host_name(host)?.to_owned(), port })
}

/// A host as it is looked up: an IPv6 address loses its brackets.
fn host_name(host: &str) -> Result<&str, AddressProblem> {
    if let Some(inside) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // A zone (`fe80::1%eth0`) is the resolver's business.
        let address = inside.split_once('%').map_or(inside, |(address, _zone)| address);
        return match address.parse::<std::net::Ipv6Addr>() {
            Ok(_) => Ok(inside),
            Err(_) => Err(AddressProblem::Brackets),
        };
    }
    if host.contains([':', '[', ']']) {
        return Err(AddressProblem::Brackets);
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if host.is_empty() || !host.bytes().all(fits) {
        return Err(AddressProblem::Host { host: host.to_owned() });
    }
    Ok(host)
}
