//! Tests of schemas, from outside of the crate: one binary, because each of them links everything again.
mod derived;
mod json;
mod people;
mod random;
mod service;
mod standard;
#[path = "../zoo/mod.rs"]
mod zoo;
