//! Frames: a small fixed head, then a body.
//!
//! ```text
//! 0        4      5       6     7     8        12
//! | length | kind | flags | fds | cpu | call id | body: `length` bytes
//! ```
//!
//! All numbers are little-endian. [`Cutter`] finds frames in bytes as they come, [`put_frame`] appends one.

use super::Message;
use super::handshake::{PREFACE_BYTES, starts_with_preface};
use std::convert::Infallible;

/// The size of a frame's head.
pub(crate) const HEAD_BYTES: usize = 12;

/// `cpu` of a sender that does not say where it runs.
pub(crate) const CPU_UNKNOWN: u8 = 0xff;

/// Where the kind stands in a head.
const KIND_AT: usize = 4;

/// Where the flags stand in a head.
const FLAGS_AT: usize = 5;

/// The flag of a reply that goes on in the next frame of its call.
const MORE: u8 = 1;

/// Where the number of descriptors stands in a head.
pub(crate) const FDS_AT: usize = 6;

/// Where a frame says where it was sent from.
const CPU_AT: usize = 7;

/// Where the call id stands in a head.
const CALL_AT: usize = 8;

/// What a frame is for. The numbers are the wire's (`PROTOCOL.md`, F3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Nothing: skipped. What a queued call becomes when its caller gives up before it is written.
    Void = 0,
    Hello = 1,
    Welcome = 2,
    Refuse = 3,
    Open = 4,
    Opened = 5,
    Call = 6,
    Reply = 7,
    Fault = 8,
    Cancel = 9,
    Goodbye = 10,
    Ping = 11,
    Pong = 12,
    /// A server asks for a proof that the client knows its token.
    Challenge = 13,
    /// The client's proof.
    Proof = 14,
    /// The server's.
    Proven = 15,
    /// Bytes of the items that the server of a call sends.
    Items = 16,
    /// Its caller takes so many more of them.
    Credit = 17,
    /// Bytes of the items that the caller sends.
    Input = 18,
    /// No more of them will come.
    InputEnd = 19,
    /// The call's server takes so many more of them.
    InputCredit = 20,
    /// It takes none any more.
    InputStop = 21,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        use Kind::*;
        let of_calls = [Void, Hello, Welcome, Refuse, Open, Opened, Call, Reply, Fault, Cancel, Goodbye, Ping, Pong];
        let others = [Challenge, Proof, Proven, Items, Credit, Input, InputEnd, InputCredit, InputStop];
        let place = usize::from(byte);
        of_calls.get(place).or_else(|| others.get(place.checked_sub(of_calls.len())?)).copied()
    }
}

/// Which call of a connection a frame belongs to; the caller counts them up, and around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CallId(pub(crate) u32);

impl CallId {
    /// The id of frames that belong to no call.
    pub(crate) const NONE: CallId = CallId(0);

    /// The next one: 0 is never given to a call.
    pub(crate) fn next(self) -> Self {
        Self(self.0.checked_add(1).unwrap_or(1))
    }

    /// Whether this one was given out after `other`, on a circle of which at most half is in use.
    pub(crate) fn is_after(self, other: CallId) -> bool {
        let ahead = self.0.wrapping_sub(other.0);
        ahead != 0 && ahead < u32::MAX / 2
    }
}

/// A frame's head, but for where it was sent from: see [`cpu_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// How many bytes follow.
    pub(crate) length: u32,
    pub(crate) kind: Kind,
    /// The body goes on in a further frame of this kind and call.
    pub(crate) more: bool,
    /// How many descriptors came with it.
    pub(crate) fds: u8,
    pub(crate) call: CallId,
}

/// Why bytes are no frames. Framing is lost: the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of the unknown kind {0}")]
    Kind(u8),
    #[error("a frame with the unknown flags {0:#04x}")]
    Flags(u8),
    #[error("a {0:?} with {1} descriptors, which only calls and replies carry")]
    Descriptors(Kind, u8),
    #[error("a frame that claims {0} descriptors, and fewer have come")]
    MissingDescriptors(u8),
    #[error("{0} descriptors that belong to no frame")]
    StrayDescriptors(usize),
    #[error("more descriptors in one message than this side takes, or has room for")]
    SpoiledDescriptors,
}

/// Appends a frame whose body `body` appends; its length is filled in afterwards.
///
/// # Errors
/// Those of `body`; `out` is then as it was. A body of 4 GiB cannot be told to a peer: its limit refuses it first.
pub(crate) fn put_frame<E>(
    out: &mut Vec<u8>,
    kind: Kind,
    call: CallId,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = put_head(out, kind, call);
    if let Err(error) = body(out) {
        out.truncate(start);
        return Err(error);
    }
    let length = out.len() - start - HEAD_BYTES;
    set_length(out, start, length);
    Ok(())
}

/// The same for a frame that may have descriptors, which `body` puts beside it. `out` is empty before.
///
/// # Errors
/// Those of `body`; `out` is then empty.
pub(crate) fn put_message<E>(
    out: &mut Message,
    kind: Kind,
    call: CallId,
    body: impl FnOnce(&mut Message) -> Result<(), E>,
) -> Result<(), E> {
    let start = put_head(&mut out.bytes, kind, call);
    if let Err(error) = body(out) {
        out.clear();
        return Err(error);
    }
    let length = out.bytes.len() - start - HEAD_BYTES;
    set_length(&mut out.bytes, start, length);
    set_fds(&mut out.bytes, out.fds.len());
    Ok(())
}

fn put_head(out: &mut Vec<u8>, kind: Kind, call: CallId) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, kind as u8, 0, 0, CPU_UNKNOWN]);
    out.extend_from_slice(&call.0.to_le_bytes());
    start
}

fn set_length(out: &mut [u8], start: usize, length: usize) {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(start..start + KIND_AT) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}

/// Says how many descriptors go with the frame that starts at `bytes[0]`. Nobody sends more than a byte can say: a peer's
/// limit refuses them first.
pub(crate) fn set_fds(bytes: &mut [u8], count: usize) {
    if let Some(place) = bytes.get_mut(FDS_AT) {
        *place = u8::try_from(count).unwrap_or(u8::MAX);
    }
}

/// Appends a frame whose body is `body`. `more`: the rest of it follows in another frame.
pub(crate) fn put_part(out: &mut Vec<u8>, kind: Kind, call: CallId, body: &[u8], more: bool) {
    let start = out.len();
    let put = put_frame(out, kind, call, |out| {
        out.extend_from_slice(body);
        Ok::<_, Infallible>(())
    });
    debug_assert!(put.is_ok(), "copying bytes cannot fail");
    set_more(out, start, more);
}

/// Appends the head alone of a frame whose body, of `length` bytes, is sent from elsewhere. `more`: as in [`put_part`].
pub(crate) fn put_large_part(out: &mut Vec<u8>, kind: Kind, call: CallId, length: usize, more: bool) {
    let start = put_head(out, kind, call);
    set_length(out, start, length);
    set_more(out, start, more);
}

fn set_more(out: &mut [u8], start: usize, more: bool) {
    if let (true, Some(flags)) = (more, out.get_mut(start + FLAGS_AT)) {
        *flags = MORE;
    }
}

/// Says where the frame that starts at `bytes[0]`, or behind a preface there, is sent from, if it does not say yet.
pub(crate) fn set_cpu(bytes: &mut [u8], cpu: u8) {
    let start = if starts_with_preface(bytes) { PREFACE_BYTES } else { 0 };
    if let Some(place) = bytes.get_mut(start + CPU_AT).filter(|place| **place == CPU_UNKNOWN) {
        *place = cpu;
    }
}

/// Where the frame that starts at `bytes[0]` was sent from, if it says so.
pub(crate) fn cpu_of(bytes: &[u8]) -> Option<u8> {
    bytes.get(CPU_AT).copied().filter(|cpu| *cpu != CPU_UNKNOWN)
}

/// The kind of the frame that starts at `bytes[0]`.
pub(crate) fn kind_of(bytes: &[u8]) -> Option<Kind> {
    bytes.get(KIND_AT).copied().and_then(Kind::of)
}

/// Turns the queued frame that starts at `bytes[0]` into one that its receiver skips. It has no descriptors any more, and does
/// not go on.
pub(crate) fn void(bytes: &mut [u8]) {
    if let Some([kind, flags]) = bytes.get_mut(KIND_AT..=FLAGS_AT) {
        (*kind, *flags) = (Kind::Void as u8, 0);
    }
    set_fds(bytes, 0);
}

/// Writes the call's id into the frame that starts at `bytes[0]`: it is known only when the frame's place in the queue is.
pub(crate) fn set_call(bytes: &mut [u8], call: CallId) {
    if let Some(place) = bytes.get_mut(CALL_AT..HEAD_BYTES) {
        place.copy_from_slice(&call.0.to_le_bytes());
    }
}

/// What stands at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut<'a> {
    /// A whole frame of `used` bytes.
    Frame { head: Head, body: &'a [u8], used: usize },
    /// The head of a frame over the limit. Its body is skipped as it comes.
    Oversized { head: Head, used: usize },
    /// Bytes of a skipped body.
    Skipped { used: usize },
    /// Not a whole frame yet: it takes `total` bytes, of which some are here.
    Partial { total: usize },
}

/// Finds frames in bytes as they come. All it keeps is how much of an oversized body is still to come:
/// a claimed length alone allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    skip: u32,
}

impl Cutter {
    /// What stands at the start of `bytes`; a body has at most `body_bytes_max`. The caller goes on behind what was used.
    ///
    /// # Errors
    /// When this cannot be a frame. No length is looked at in that case, and nothing behind it can be understood.
    pub(crate) fn cut<'a>(&mut self, bytes: &'a [u8], body_bytes_max: u32) -> Result<Cut<'a>, FrameError> {
        if self.skip > 0 {
            let here = self.skip.min(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            self.skip -= here;
            return Ok(match here {
                0 => Cut::Partial { total: 1 },
                here => Cut::Skipped { used: here as usize },
            });
        }
        let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
            return Ok(Cut::Partial { total: HEAD_BYTES });
        };
        let head = parse(head)?;
        if head.length > body_bytes_max {
            self.skip = head.length;
            return Ok(Cut::Oversized { head, used: HEAD_BYTES });
        }
        let length = head.length as usize;
        Ok(match rest.get(..length) {
            Some(body) => Cut::Frame { head, body, used: HEAD_BYTES + length },
            None => Cut::Partial { total: HEAD_BYTES + length },
        })
    }
}

fn parse(head: &[u8; HEAD_BYTES]) -> Result<Head, FrameError> {
    let [l0, l1, l2, l3, kind, flags, fds, _cpu, c0, c1, c2, c3] = *head;
    let kind = Kind::of(kind).ok_or(FrameError::Kind(kind))?;
    let more = flags == MORE && kind == Kind::Reply;
    if flags != 0 && !more {
        return Err(FrameError::Flags(flags));
    }
    if fds != 0 && !matches!(kind, Kind::Call | Kind::Reply) {
        return Err(FrameError::Descriptors(kind, fds));
    }
    Ok(Head {
        length: u32::from_le_bytes([l0, l1, l2, l3]),
        kind,
        more,
        fds,
        call: CallId(u32::from_le_bytes([c0, c1, c2, c3])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: Kind, call: u32, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_frame(&mut out, kind, CallId(call), |out| {
            out.extend_from_slice(body);
            Ok::<_, ()>(())
        })
        .unwrap();
        out
    }

    /// H1: the two zeros of a preface stay zeros, wherever it is sent from.
    #[test]
    fn a_preface_does_not_say_where_it_is_sent_from() {
        let (mut preface, mut frame) = (Vec::new(), Vec::new());
        super::super::put_preface(&mut preface);
        put_part(&mut frame, Kind::Pong, CallId(1), &[], false);
        let mut greeting = [preface.clone(), frame.clone()].concat();
        set_cpu(&mut preface, 1);
        set_cpu(&mut frame, 1);
        set_cpu(&mut greeting, 1);
        assert_eq!((super::super::check_preface(&preface), cpu_of(&frame)), (Ok(true), Some(1)));
        assert_eq!(greeting, [preface, frame].concat(), "but what is behind it does");
    }

    /// F1, F2: the head's layout.
    #[test]
    fn golden_bytes() {
        assert_eq!(frame(Kind::Call, 0x0102, b"ab"), [2, 0, 0, 0, 6, 0, 0, 0xff, 2, 1, 0, 0, b'a', b'b']);
    }

    /// The same frames come out, however the bytes are cut up.
    #[test]
    fn byte_by_byte() {
        let bytes =
            [frame(Kind::Call, 1, b"one"), frame(Kind::Ping, 2, b""), frame(Kind::Reply, 3, &[9; 300])].concat();
        for step in [1, 2, 7, 13, 1000] {
            let (mut cutter, mut have, mut seen) = (Cutter::default(), Vec::new(), Vec::new());
            for piece in bytes.chunks(step) {
                have.extend_from_slice(piece);
                while let Cut::Frame { head, body, used } = cutter.cut(&have, 1000).unwrap() {
                    seen.push((head.call.0, body.len()));
                    have.drain(..used);
                }
            }
            assert_eq!(seen, [(1, 3), (2, 0), (3, 300)], "in pieces of {step}");
        }
    }

    /// F5: a frame over the limit is told from its head alone, and skipped.
    #[test]
    fn oversized_is_skipped_and_the_next_frame_found() {
        let mut cutter = Cutter::default();
        let bytes = [frame(Kind::Call, 1, &[0; 11]), frame(Kind::Ping, 2, b"")].concat();
        let Ok(Cut::Oversized { head, used }) = cutter.cut(&bytes, 10) else { panic!("over the limit") };
        assert_eq!((head.length, used), (11, HEAD_BYTES));
        assert_eq!(cutter.cut(&bytes[used..used + 4], 10), Ok(Cut::Skipped { used: 4 }));
        assert_eq!(cutter.cut(&bytes[used + 4..], 10), Ok(Cut::Skipped { used: 7 }));
        assert!(matches!(
            cutter.cut(&bytes[used + 11..], 10),
            Ok(Cut::Frame { head: Head { kind: Kind::Ping, .. }, .. })
        ));
    }

    /// F4: what is not known is not guessed at. F9: who carries descriptors.
    #[test]
    fn unknown_kind_flags_and_descriptors() {
        let mut cutter = Cutter::default();
        let with = |at: usize, value: u8| {
            let mut bytes = frame(Kind::Call, 1, b"");
            bytes[at] = value;
            bytes
        };
        assert_eq!(cutter.cut(&with(4, 22), 10), Err(FrameError::Kind(22)));
        assert_eq!(cutter.cut(&with(4, 22), 10), Err(FrameError::Kind(22)));
        assert_eq!(cutter.cut(&with(5, 1), 10), Err(FrameError::Flags(1)), "only replies go on");
        assert_eq!(cutter.cut(&with(5, 2), 10), Err(FrameError::Flags(2)));
        assert!(matches!(cutter.cut(&with(6, 3), 10), Ok(Cut::Frame { head: Head { fds: 3, .. }, .. })));
        let mut ping = frame(Kind::Ping, 1, b"");
        ping[6] = 1;
        assert_eq!(cutter.cut(&ping, 10), Err(FrameError::Descriptors(Kind::Ping, 1)));
        void(&mut ping);
        assert!(cutter.cut(&ping, 10).is_ok(), "who takes a frame back takes its descriptors back");
    }

    #[test]
    fn a_failed_body_leaves_nothing() {
        let mut out = vec![1];
        assert_eq!(
            put_frame(&mut out, Kind::Call, CallId(1), |out| {
                out.push(2);
                Err("no")
            }),
            Err("no")
        );
        assert_eq!(out, [1]);
    }

    #[test]
    fn ids_go_around_without_zero() {
        assert_eq!(CallId(u32::MAX).next(), CallId(1));
        assert!(CallId(1).is_after(CallId(u32::MAX)) && !CallId(u32::MAX).is_after(CallId(1)));
        assert!(!CallId(5).is_after(CallId(5)));
    }
}
