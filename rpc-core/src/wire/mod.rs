//! Bytes to frames and values, frames and values to bytes. Knows no socket, clock, lock or thread.
//!
//! `PROTOCOL.md` is this module in words; its rules are numbered, and tests name them.
mod batch;
mod decode;
mod encode;
mod fds;
mod frame;
mod handshake;
mod inbox;
mod items;
mod kept;
mod message;
mod varint;

pub(crate) use batch::{Batch, Rest, Slice};
pub(crate) use decode::{DecodeError, DecodeLimits, decode};
pub(crate) use encode::encode;
#[cfg(unix)]
pub(crate) use fds::FDS_MAX;
pub(crate) use fds::{Arrivals, Descriptor, Fds, fds_max};
pub(crate) use frame::{
    CPU_UNKNOWN, CallId, Cut, Cutter, FDS_AT, FrameError, HEAD_BYTES, Head, Kind, cpu_of, kind_of, put_frame,
    put_large_part, put_message, put_part, set_call, set_cpu, set_fds, void,
};
pub use handshake::Refusal;
pub(crate) use handshake::{
    Challenge, HELLO_BYTES_MAX, Hello, Nonce, Offer, Opened, PREFACE_BYTES, PrefaceError, Proof, Proven, Wanted,
    Welcome, check_preface, put_preface,
};
pub(crate) use inbox::{Found, Inbox};
pub(crate) use items::{ITEM_HEAD_BYTES, Items, NextItem, put_item};
#[cfg(target_os = "linux")]
pub(crate) use kept::is_small;
pub(crate) use kept::{is_filled, is_kept};
pub(crate) use message::Message;
pub(crate) use varint::{put_varint, take_varint};
