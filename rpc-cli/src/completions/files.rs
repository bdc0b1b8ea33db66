//! Files and directories, below whatever path is typed so far.
use super::candidate::Candidates;
use std::fs::{self, FileType};
use std::path::Path;

/// More entries of a directory are not looked at: each may cost a system call.
const ENTRIES_MAX: usize = 4096;

/// What is looked for. Directories always lead on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing but directories.
    Directory,
    /// Sockets.
    Socket,
    /// Files of any kind.
    File,
}

/// Adds what goes on from the path `typed`, each behind `front`.
pub(crate) fn complete(front: &str, typed: &str, kind: Kind, found: &mut Candidates<'_>) {
    let (directory, begun) = typed.split_at(typed.rfind('/').map_or(0, |slash| slash + 1));
    let mut entries: Vec<String> = entries(directory, begun, kind);
    entries.sort();
    for entry in entries {
        found.add(format!("{front}{directory}{entry}"), "");
    }
}

/// The names that begin with `begun`, directories with a slash; hidden ones only where the dot is typed.
fn entries(directory: &str, begun: &str, kind: Kind) -> Vec<String> {
    let path = Path::new(if directory.is_empty() { "." } else { directory });
    let mut names = Vec::new();
    for entry in fs::read_dir(path).into_iter().flatten().take(ENTRIES_MAX).flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.starts_with(begun) || (name.starts_with('.') && begun.is_empty()) {
            continue;
        }
        // Of a link, what it leads to counts.
        let Ok(file_type) = fs::metadata(entry.path()).map(|metadata| metadata.file_type()) else { continue };
        if file_type.is_dir() {
            names.push(name + "/");
        } else if kind == Kind::File || (kind == Kind::Socket && is_socket(file_type)) {
            names.push(name);
        }
    }
    names
}

#[cfg(unix)]
fn is_socket(file_type: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_socket(&file_type)
}

#[cfg(not(unix))]
fn is_socket(_file_type: FileType) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    #[test]
    fn directories_and_what_is_looked_for() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().to_str().unwrap();
        fs::create_dir_all(place.path().join("dir/.hidden")).unwrap();
        fs::write(place.path().join("file"), "").unwrap();
        fs::write(place.path().join("dir/a b"), "").unwrap();
        let _listener = UnixListener::bind(place.path().join("dir/sock")).unwrap();
        symlink("dir", place.path().join("link")).unwrap();
        symlink("nowhere", place.path().join("lost")).unwrap();
        let check = |front: &str, typed: &str, kind, expected: &[&str]| {
            let (typed, word) = (format!("{root}/{typed}"), format!("{front}{root}/{typed}"));
            let mut found = Candidates::new(&word);
            complete(front, &typed, kind, &mut found);
            let strip = |text: &str| text.strip_prefix(&format!("{front}{root}/")).unwrap().to_owned();
            let texts: Vec<String> = found.into_list().iter().map(|candidate| strip(&candidate.text)).collect();
            assert_eq!(texts, expected);
        };
        check("", "", Kind::File, &["dir/", "file", "link/"]);
        check("", "", Kind::Socket, &["dir/", "link/"]);
        check("", "d", Kind::Directory, &["dir/"]);
        check("a=@", "dir/", Kind::File, &["dir/sock"]);
        check("", "link/s", Kind::Socket, &["link/sock"]);
        check("", "dir/.", Kind::Directory, &["dir/.hidden/"]);
        check("", "nowhere/", Kind::File, &[]);
    }
}
