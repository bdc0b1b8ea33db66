//! Where a server may be: the registry, `$RPC_ADDR`, socket files.
use super::candidate::Candidates;
use super::files::{self, Kind};
use rpc_core::Address;
use std::env;

/// Adds the addresses that go on from the word.
pub(crate) fn complete(found: &mut Candidates<'_>) {
    let word = found.word;
    match word {
        "." | ".." => ["./", "../"].into_iter().for_each(|start| found.add(start, "")),
        path if ["/", "./", "../"].into_iter().any(|start| path.starts_with(start)) => {
            files::complete("", path, Kind::Socket, found);
        }
        _ => {
            for address in Address::registered().unwrap_or_default() {
                found.add(address.to_string(), "");
            }
            if let Some(address) = env::var("RPC_ADDR").ok().filter(|address| !address.is_empty()) {
                found.add(":", &format!("$RPC_ADDR, {address}"));
            }
        }
    }
}
