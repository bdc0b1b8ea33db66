//! What was served where, last time: so that completion works while a server is down or busy.
//!
//! ```text
//! $XDG_CACHE_HOME/rpc-cli/addresses/%2Frun%2Fuser%2F1000%2Frpc%2Fkv.sock    9f3c21ab6d0e4411
//!                         schemas/9f3c21ab6d0e4411                          {"name":"Kv", ..}
//! ```
//!
//! A service that is served at many places is there once. Its docs may be those of another build: a fingerprint leaves
//! them out. A cache that cannot be read or written is none, and nobody is told.
//!
//! Invariant: what is read is checked as if a server had told it. Nothing here grows without bounds.
use rpc_core::Address;
use rpc_core::schema::ServiceSchema;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, process};

/// A service of a thousand methods has less, and is remembered; with [`FILES_MAX`] of them a cache has 128 MiB.
const FILE_BYTES_MAX: u64 = 512 << 10;

/// Addresses, and schemas. Beyond them the oldest go.
const FILES_MAX: usize = 256;

/// A server with more services is not remembered.
const SERVICES_MAX: usize = 64;

/// No file system takes longer names. The socket of such an address is hardly one that is typed.
const NAME_BYTES_MAX: usize = 255;

/// Remembers what `address`, which is written out, serves. If that is known already it costs some
/// system calls, under 10 us.
pub(crate) fn remember(address: &str, services: &[ServiceSchema]) {
    if let Some(cache) = Cache::of_user() {
        // Nothing but completion without a server depends on it.
        let _ = cache.remember(address, services);
    }
}

/// What was served at `address` last time.
pub(crate) fn recall(address: &str) -> Option<Vec<ServiceSchema>> {
    Cache::of_user()?.recall(address)
}

/// A directory of two directories.
struct Cache {
    addresses: PathBuf,
    schemas: PathBuf,
}

impl Cache {
    /// By the XDG Base Directory Specification, which has relative paths ignored.
    fn of_user() -> Option<Self> {
        let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let caches = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
        Some(Self::at(&caches.join("rpc-cli")))
    }

    fn at(root: &Path) -> Self {
        Self { addresses: root.join("addresses"), schemas: root.join("schemas") }
    }

    fn remember(&self, address: &str, services: &[ServiceSchema]) -> io::Result<()> {
        if services.len() > SERVICES_MAX {
            return Ok(());
        }
        let entry = self.addresses.join(file_name(address)?);
        let fingerprints: Vec<String> = services.iter().map(|service| service.fingerprint().to_string()).collect();
        for (service, fingerprint) in services.iter().zip(&fingerprints) {
            let file = self.schemas.join(fingerprint);
            if !file.exists() {
                write(&file, &serde_json::to_vec(service)?)?;
            }
        }
        let list = fingerprints.join("\n").into_bytes();
        if read(&entry).is_ok_and(|known| known == list) { Ok(()) } else { write(&entry, &list) }
    }

    fn recall(&self, address: &str) -> Option<Vec<ServiceSchema>> {
        let list = read(&self.addresses.join(file_name(address).ok()?)).ok()?;
        let list = String::from_utf8(list).ok()?;
        list.lines().take(SERVICES_MAX).map(|fingerprint| self.schema(fingerprint)).collect()
    }

    fn schema(&self, fingerprint: &str) -> Option<ServiceSchema> {
        // What stands in the list is to name a file of the cache, and nothing else.
        let number = u64::from_str_radix(fingerprint, 16).ok()?;
        let path = self.schemas.join(format!("{number:016x}"));
        let bytes = read(&path).ok()?;
        let good = |service: &ServiceSchema| service.check().is_ok() && service.fingerprint().0 == number;
        let service = serde_json::from_slice(&bytes).ok().filter(good);
        if service.is_none() {
            // Room for a good one: a file that is there is not written again.
            let _ = fs::remove_file(path);
        }
        service
    }
}

/// The file of an address: that of its socket if it has one, whichever way and from wherever it is written.
fn file_name(address: &str) -> io::Result<String> {
    let place = address.parse::<Address>().map_err(io::Error::other)?;
    let place = match place.socket_file() {
        Some(path) => {
            std::path::absolute(path)?.into_os_string().into_string().map_err(|_| io::ErrorKind::InvalidData)?
        }
        None => place.to_string(),
    };
    let mut name = String::new();
    for byte in place.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => name.push(byte.into()),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    Ok(name)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Writes all of a file or nothing, whoever reads or writes it meanwhile.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    create_private(directory)?;
    make_room(directory)?;
    let new = directory.join(format!("new.{}", process::id()));
    let written = fs::write(&new, bytes).and_then(|()| fs::rename(&new, path));
    written.inspect_err(|_| drop(fs::remove_file(&new)))
}

fn create_private(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// Removes the oldest files until one more has room. Whatever a crash left of another write is among them some day.
fn make_room(directory: &Path) -> io::Result<()> {
    let paths: Vec<PathBuf> = fs::read_dir(directory)?.flatten().map(|entry| entry.path()).collect();
    if paths.len() < FILES_MAX {
        return Ok(());
    }
    let written = |path: &PathBuf| fs::metadata(path).and_then(|metadata| metadata.modified());
    let mut files: Vec<(SystemTime, PathBuf)> =
        paths.into_iter().filter_map(|path| Some((written(&path).ok()?, path))).collect();
    files.sort();
    let too_many = (files.len() + 1).saturating_sub(FILES_MAX);
    files.iter().take(too_many).try_for_each(|(_, path)| fs::remove_file(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpc_core::Service;

    #[derive(Service)]
    enum Kv<'a> {
        /// Looks up one key.
        #[rpc(returns = Option<String>)]
        Get { key: &'a str },
    }

    fn kv() -> ServiceSchema {
        Kv::INFO.schema().clone()
    }

    fn named(name: usize) -> ServiceSchema {
        ServiceSchema { name: format!("S{name}"), ..kv() }
    }

    fn files(directory: &Path) -> Vec<String> {
        let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_served_is_recalled() {
        let place = tempfile::tempdir().unwrap();
        let cache = Cache::at(&place.path().join("a/rpc-cli"));
        assert_eq!(cache.recall("kv"), None);
        for services in [vec![], vec![kv()], vec![kv(), named(1)], vec![named(1)]] {
            cache.remember("tcp:localhost:1", &services).unwrap();
            assert_eq!(cache.recall("tcp:localhost:1"), Some(services));
        }
        assert_eq!(cache.recall("tcp:localhost:2"), None);
        assert_eq!(files(&cache.addresses), ["tcp%3Alocalhost%3A1"]);
        assert_eq!(files(&cache.schemas).len(), 2);
    }

    #[test]
    fn a_socket_is_one_place_however_it_is_written() {
        let here = env::current_dir().unwrap();
        let here = here.to_str().unwrap();
        assert_eq!(file_name("./s").unwrap(), file_name(&format!("{here}/s")).unwrap());
        let registered = "kv".parse::<Address>().unwrap().socket_file().unwrap();
        assert_eq!(file_name("kv").unwrap(), file_name(registered.to_str().unwrap()).unwrap());
        assert_eq!(file_name("/a/é.sock").unwrap(), "%2Fa%2F%C3%A9.sock");
        assert!(file_name("no address").is_err());
        assert!(file_name(&format!("/{}", "a/".repeat(100) + "s")).is_err());
    }

    /// An entry that is written again and again would make each call slow.
    #[cfg(unix)]
    #[test]
    fn what_is_known_is_not_written_again() {
        use std::os::unix::fs::MetadataExt;

        let place = tempfile::tempdir().unwrap();
        let cache = Cache::at(place.path());
        let places = [cache.addresses.join("%40a"), cache.schemas.join(kv().fingerprint().to_string())];
        let inodes = || places.each_ref().map(|path| fs::metadata(path).unwrap().ino());
        cache.remember("@a", &[kv()]).unwrap();
        let before = inodes();
        cache.remember("@a", &[kv()]).unwrap();
        assert_eq!(inodes(), before);
        fs::remove_file(&places[1]).unwrap();
        cache.remember("@a", &[kv()]).unwrap();
        assert_eq!(cache.recall("@a"), Some(vec![kv()]));
    }

    #[test]
    fn what_is_not_as_it_was_written_is_not_believed() {
        let place = tempfile::tempdir().unwrap();
        let cache = Cache::at(place.path());
        let (entry, schema) = (cache.addresses.join("%40a"), cache.schemas.join(kv().fingerprint().to_string()));
        let fill = || cache.remember("@a", &[kv()]).unwrap();
        let other = serde_json::to_vec(&named(1)).unwrap();
        let mut endless = String::from_utf8(serde_json::to_vec(&kv()).unwrap()).unwrap();
        endless.push_str(&" ".repeat(FILE_BYTES_MAX as usize));
        for bad in [&b""[..], b"{}", &other, endless.as_bytes()] {
            fill();
            assert!(cache.recall("@a").is_some());
            fs::write(&schema, bad).unwrap();
            assert_eq!(cache.recall("@a"), None);
            let _ = fs::remove_file(&schema);
        }
        fill();
        for bad in ["../schemas/x", "x", "\n\n", "\u{1b}"] {
            fs::write(&entry, bad).unwrap();
            assert_eq!(cache.recall("@a"), None, "{bad}");
        }
    }

    /// It has the right fingerprint, which anybody can compute, but mentions a type that is not there.
    #[test]
    fn a_schema_that_does_not_hold_together_is_not_believed() {
        let place = tempfile::tempdir().unwrap();
        let cache = Cache::at(place.path());
        let mut broken = kv();
        broken.methods[0].returns = rpc_core::schema::TypeId(99);
        cache.remember("@a", &[broken]).unwrap();
        assert_eq!(cache.recall("@a"), None);
        assert_eq!(files(&cache.schemas), [""; 0]);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let place = tempfile::tempdir().unwrap();
        let cache = Cache::at(place.path());
        for name in 0..FILES_MAX + 3 {
            cache.remember(&format!("@{name}"), &[named(name)]).unwrap();
            // Clocks of file systems are coarse.
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(name as u64);
            for file in
                [cache.addresses.join(format!("%40{name}")), cache.schemas.join(named(name).fingerprint().to_string())]
            {
                File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
            }
        }
        assert_eq!((files(&cache.addresses).len(), files(&cache.schemas).len()), (FILES_MAX, FILES_MAX));
        assert_eq!(cache.recall("@2"), None);
        assert!(cache.recall("@3").is_some() && cache.recall(&format!("@{}", FILES_MAX + 2)).is_some());
        assert!(cache.remember("@many", &vec![kv(); SERVICES_MAX + 1]).is_ok());
        assert_eq!(cache.recall("@many"), None);
    }

    #[cfg(unix)]
    #[test]
    fn it_is_for_its_user_alone() {
        use std::os::unix::fs::PermissionsExt;

        let place = tempfile::tempdir().unwrap();
        let cache = Cache::at(&place.path().join("rpc-cli"));
        cache.remember("@a", &[kv()]).unwrap();
        for directory in [&place.path().join("rpc-cli"), &cache.addresses, &cache.schemas] {
            assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
