//! Who belongs to a group, as the system's user database has it.

use nix::unistd::{Gid, Group, User};
use std::io;

/// The users that the group's entry lists. Not those whose own group it is: their processes have it as their gid. A
/// group without an entry has none, and a member without one is nobody.
pub(crate) fn group_members(gid: u32) -> io::Result<Vec<u32>> {
    let Some(group) = Group::from_gid(Gid::from_raw(gid))? else { return Ok(Vec::new()) };
    let users = group.mem.iter().map(|name| User::from_name(name)).collect::<Result<Vec<_>, _>>()?;
    Ok(users.into_iter().flatten().map(|user| user.uid.as_raw()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The database itself says who the members are: its files, where it is files.
    #[test]
    fn members_are_those_of_the_database() {
        let names = |path| std::fs::read_to_string(path).unwrap_or_default();
        let field = |line: &str, place| line.split(':').nth(place).unwrap_or_default().to_owned();
        let listed = names("/etc/group").lines().map(|line| (field(line, 2), field(line, 3))).collect::<Vec<_>>();
        let uid_of = |name: &str| {
            let passwd = names("/etc/passwd");
            passwd.lines().find(|line| field(line, 0) == name).and_then(|line| field(line, 2).parse::<u32>().ok())
        };
        for (gid, members) in &listed {
            let Ok(gid) = gid.parse() else { continue };
            let members: Vec<u32> = members.split(',').filter_map(uid_of).collect();
            let found = group_members(gid).unwrap();
            assert!(members.iter().all(|uid| found.contains(uid)), "group {gid}: {members:?}, found {found:?}");
        }
        assert!(listed.is_empty() || group_members(3_999_999_999).unwrap().is_empty());
    }
}
