//! The registry, and which directories are trusted.

use super::{
    super::{
        DirectoryProblem,
        directory::{check_private, create_private, own_uid},
        registry::{directory_of, names_in},
    },
    at, directory, listen,
};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
};

#[test]
fn the_registry_is_in_the_runtime_directory_or_the_users_own_in_tmp() {
    assert_eq!(directory_of(Some("/run/user/7".into()), 7), Path::new("/run/user/7/rpc"));
    for none in [None, Some("".into()), Some("relative".into())] {
        assert_eq!(directory_of(none, 7), Path::new("/tmp/rpc-7"));
    }
}

#[test]
fn a_private_directory_is_made_once_and_checked_every_time() {
    let parent = directory();
    let path = parent.path().join("rpc");
    create_private(&path).unwrap();
    create_private(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o700);

    for mode in [0o770, 0o702, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(create_private(&path).unwrap_err().problem, DirectoryProblem::Writable { mode });
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    let link = parent.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(create_private(&link).unwrap_err().problem, DirectoryProblem::NotADirectory);
    // Another user's; only root can make one here.
    let uid = own_uid() + 1;
    if std::os::unix::fs::chown(&path, Some(uid), None).is_ok() {
        let error = check_private(&path).unwrap_err();
        assert_eq!(error.problem, DirectoryProblem::Foreign { uid });
        assert!(error.to_string().contains(&format!("belongs to user {uid}")), "{error}");
    }
}

#[test]
fn the_registry_lists_its_sockets_alone() {
    let directory = directory();
    let _servers = ["b.sock", "a.sock", "other"].map(|name| listen(&at(directory.path().join(name))).unwrap());
    fs::write(directory.path().join("file.sock"), "").unwrap();
    assert_eq!(names_in(directory.path()).unwrap(), ["a", "b"]);
}
