//! What stands before the request enum in the body of a call.
use crate::wire::{put_varint, take_varint};
use std::time::Duration;

/// A deadline further away than this is none: it would only overflow somebody's clock. (136 years.)
const TIME_MAX: Duration = Duration::from_secs(u32::MAX as u64);

/// Which service a call is for, and how long it may take (`PROTOCOL.md`, C2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestHead {
    /// The number that the server gave the service on this connection.
    pub(crate) service: u32,
    /// What is left of the caller's deadline.
    pub(crate) time_left: Option<Duration>,
    /// The method's index in the server's enum: the first bytes of the request enum.
    pub(crate) method: u32,
}

impl RequestHead {
    /// Appends it. The arguments follow.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        put_varint(self.service.into(), out);
        // Zero means no limit, so a deadline that has just passed still says one microsecond.
        let micros = self.time_left.map_or(0, |left| (clamp(left).as_micros() as u64).max(1));
        put_varint(micros, out);
        put_varint(self.method.into(), out);
    }

    /// Takes it off a body; what is left are the arguments. `None`: it is malformed.
    pub(crate) fn take(body: &[u8]) -> Option<(Self, &[u8])> {
        let (service, body) = take_varint(body)?;
        let (micros, body) = take_varint(body)?;
        let (method, args) = take_varint(body)?;
        let time_left = (micros != 0).then(|| clamp(Duration::from_micros(micros)));
        Some((Self { service: u32::try_from(service).ok()?, time_left, method: u32::try_from(method).ok()? }, args))
    }
}

/// A time that can be added to any clock.
pub(crate) fn clamp(time: Duration) -> Duration {
    time.min(TIME_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C2, and that no peer's number overflows a clock.
    #[test]
    fn round_trip_and_extremes() {
        for time_left in [None, Some(Duration::from_micros(1)), Some(Duration::from_secs(30)), Some(TIME_MAX)] {
            let head = RequestHead { service: 3, time_left, method: 300 };
            let mut body = Vec::new();
            head.put(&mut body);
            body.push(b'a');
            assert_eq!(RequestHead::take(&body), Some((head, &b"a"[..])));
        }
        let mut body = vec![0];
        put_varint(u64::MAX, &mut body);
        body.push(0);
        let (head, _) = RequestHead::take(&body).unwrap();
        assert_eq!(head.time_left, Some(TIME_MAX));
        assert!(std::time::Instant::now().checked_add(TIME_MAX).is_some());
    }

    #[test]
    fn malformed() {
        assert_eq!(RequestHead::take(&[]), None);
        assert_eq!(RequestHead::take(&[0, 0]), None);
        assert_eq!(RequestHead::take(&[0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0]), None, "a service of more than 32 bits");
    }
}
