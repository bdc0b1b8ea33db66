//! Descriptors as arguments and answers: they arrive, they are limited, and none is left open.
#![cfg(target_os = "linux")]
mod closed;
#[path = "../common/mod.rs"]
mod common;
mod crowded;
mod drawer;
mod held;
mod hostile;
mod limits;
mod trips;
mod unread;
