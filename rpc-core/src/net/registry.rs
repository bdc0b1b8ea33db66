//! The user's private registry: where a bare name leads. A directory of sockets on Unix, a prefix of pipe names on
//! Windows. It holds no state but the sockets themselves, so a crash leaves nothing to repair.

use std::io;
#[cfg(unix)]
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// What a socket of the registry is called after its name.
#[cfg(unix)]
const SUFFIX: &str = ".sock";

/// The socket file of a name.
#[cfg(unix)]
pub(crate) fn socket_file(name: &str) -> PathBuf {
    directory().join(format!("{name}{SUFFIX}"))
}

/// The registry's directory, whether or not it exists.
#[cfg(unix)]
pub(crate) fn directory() -> PathBuf {
    directory_of(std::env::var_os("XDG_RUNTIME_DIR"), super::directory::own_uid())
}

/// The rule, without the environment. A relative `XDG_RUNTIME_DIR` is invalid and to be ignored, says the XDG Base
/// Directory Specification.
#[cfg(unix)]
pub(crate) fn directory_of(runtime_directory: Option<OsString>, uid: u32) -> PathBuf {
    match runtime_directory.map(PathBuf::from).filter(|path| path.is_absolute()) {
        Some(path) => path.join("rpc"),
        None => PathBuf::from(format!("/tmp/rpc-{uid}")),
    }
}

/// The names in the registry, sorted.
#[cfg(unix)]
pub(crate) fn names() -> io::Result<Vec<String>> {
    names_in(&directory())
}

#[cfg(unix)]
pub(crate) fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    use std::os::unix::fs::FileTypeExt;

    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let file_name = entry.file_name();
        let name = file_name.to_str().and_then(|text| text.strip_suffix(SUFFIX));
        // A socket may vanish while the directory is read.
        let socket = entry.file_type().is_ok_and(|kind| kind.is_socket());
        names.extend(name.filter(|_| socket).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// The pipe of a name.
#[cfg(windows)]
pub(crate) fn pipe_path(name: &str) -> String {
    format!(r"\\.\pipe\rpc\{name}")
}

/// The system does not list pipes through an interface that we may use.
#[cfg(not(unix))]
pub(crate) fn names() -> io::Result<Vec<String>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "names cannot be listed on this system"))
}
