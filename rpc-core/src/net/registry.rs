//! The user's private registry: where a bare name leads. A directory of sockets on Unix, a prefix of pipe names on
//! Windows. It holds no state but the sockets themselves, so a crash leaves nothing to repair.

use super::DirectoryError;
#[cfg(unix)]
use super::directory::check_private;
#[cfg(unix)]
use std::path::PathBuf;
use std::{io, path::Path};

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
pub(crate) fn directory_of(runtime_directory: Option<std::ffi::OsString>, uid: u32) -> PathBuf {
    match runtime_directory.map(PathBuf::from).filter(|path| path.is_absolute()) {
        Some(path) => path.join("rpc"),
        None => PathBuf::from(format!("/tmp/rpc-{uid}")),
    }
}

/// The names in the registry, sorted; none if there is no registry yet.
#[cfg(unix)]
pub(crate) fn names() -> Result<Vec<String>, DirectoryError> {
    let directory = directory();
    let listed = || names_in(&directory).map_err(|error| DirectoryError::system(&directory, error));
    match check_private(&directory).and_then(|()| listed()) {
        Err(error) if error.is_missing() => Ok(Vec::new()),
        names => names,
    }
}

#[cfg(unix)]
pub(crate) fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    use std::os::unix::fs::FileTypeExt;

    let entries = std::fs::read_dir(directory)?;
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
pub(crate) fn names() -> Result<Vec<String>, DirectoryError> {
    let error = io::Error::new(io::ErrorKind::Unsupported, "names cannot be listed on this system");
    Err(DirectoryError::system(Path::new(r"\\.\pipe\rpc"), error))
}
