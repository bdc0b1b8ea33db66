//! Peers that do not keep to the protocol of items: at a live server, at our client, and where a server calls its client.
#![cfg(unix)]
mod callbacks;
mod clients;
#[path = "../common/mod.rs"]
mod common;
mod conversations;
mod crowds;
mod lure;
mod offers;
mod servers;
