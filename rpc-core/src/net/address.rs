//! Where a service is, as a person writes it. Parsed, not checked later: whoever holds an [`Address`] holds a good one.
//!
//! | written | means |
//! |---|---|
//! | `kv` | the user's private registry (a named pipe on Windows) |
//! | `/path`, `./path`, `../path` | that socket file |
//! | `@name` | a Linux abstract socket |
//! | `tcp:host:port` | TCP; IPv6 in brackets; port 0 to listen anywhere |
//!
//! Nothing here touches a file or the network: that a place can be written does not mean that anybody is there.

use super::{AddressError, AddressProblem, DirectoryError};
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Where a service is: a name, a socket file, an abstract socket, or a TCP port.
///
/// ```
/// use rpc_core::Address;
///
/// let address: Address = "tcp:[::1]:7000".parse()?;
/// assert_eq!(address.to_string(), "tcp:[::1]:7000");
/// assert!("fd:3".parse::<Address>().unwrap_err().to_string().contains("later version"));
/// # Ok::<(), rpc_core::AddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(Place);

/// The kinds of places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// An entry of the registry.
    Name(String),
    /// A socket file; absolute, or starting with a dot.
    File(PathBuf),
    /// A Linux abstract socket; without the `@`.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has them"))]
    Abstract(String),
    /// A port of a host; the host without brackets.
    Tcp {
        /// A host name, or an IP address.
        host: String,
        /// 0: any free one.
        port: u16,
    },
}

/// The longest name: with a usual registry directory and the temporary suffixes it stays below the limit of a socket path.
const NAME_LENGTH_MAX: usize = 64;

/// The bytes of `sun_path` less the NUL that marks an abstract name, see unix(7).
#[cfg(target_os = "linux")]
const ABSTRACT_LENGTH_MAX: usize = 107;

/// Prefixes of addresses that are designed but not built.
const LATER: [&str; 2] = ["fd:", "exec:"];

/// How a path of Windows' pipe filesystem starts.
#[cfg(windows)]
const PIPE_PREFIX: &str = r"\\.\pipe\";

impl Address {
    /// The socket file at a path, which need not be valid UTF-8. A relative one is relative to the working directory
    /// at the time of its use.
    ///
    /// # Errors
    /// A path that cannot be a socket's, or a system without socket files.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, AddressError> {
        let path = path.as_ref();
        file(path).map(Self).map_err(|problem| AddressError { text: path.display().to_string(), problem })
    }

    /// The socket file that this address stands for, if it stands for one: that of the registry for a name.
    #[must_use]
    pub fn socket_file(&self) -> Option<PathBuf> {
        match &self.0 {
            #[cfg(unix)]
            Place::Name(name) => Some(super::registry::socket_file(name)),
            Place::File(path) => Some(path.clone()),
            _ => None,
        }
    }

    /// The name of every socket in the user's registry, in order, whether or not a server still listens there.
    ///
    /// # Errors
    /// The registry cannot be read, or others could have put sockets there. One that does not exist yet is empty.
    pub fn registered() -> Result<Vec<Self>, DirectoryError> {
        Ok(super::registry::names()?.into_iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// The directory of the user's registry, whether or not it exists; `None` where it is no directory.
    #[must_use]
    pub fn registry() -> Option<PathBuf> {
        #[cfg(unix)]
        return Some(super::registry::directory());
        #[cfg(not(unix))]
        None
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0
    }

    /// A TCP address that the system gave.
    pub(crate) fn from_tcp(socket: SocketAddr) -> Self {
        Self(Place::Tcp { host: socket.ip().to_string(), port: socket.port() })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text).map(Self).map_err(|problem| AddressError { text: text.to_owned(), problem })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Name(name) => f.write_str(name),
            Place::File(path) => path.display().fmt(f),
            Place::Abstract(name) => write!(f, "@{name}"),
            Place::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Place::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
        }
    }
}

fn parse(text: &str) -> Result<Place, AddressProblem> {
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
    if let Some(kind) = LATER.into_iter().find(|kind| text.starts_with(kind)) {
        return Err(AddressProblem::Later { kind });
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

#[cfg(unix)]
fn file(path: &Path) -> Result<Place, AddressProblem> {
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

#[cfg(not(unix))]
fn file(path: &Path) -> Result<Place, AddressProblem> {
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
