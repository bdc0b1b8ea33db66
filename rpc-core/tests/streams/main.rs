//! Calls with items, on every driver.
#[path = "../common/mod.rs"]
mod common;
mod counted;
mod ends;
mod pressure;
mod shapes;
mod talk;
