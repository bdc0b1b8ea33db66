//! How a call ended, as counts and spans have it.
use crate::proto::Fault;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With an answer, or as a one-way call.
    Answered,
    /// It did not run.
    Refused,
    /// It panicked, or there is no answer that could be sent.
    Failed,
    /// When it ended nobody waited for it any more.
    Cancelled,
}

impl Ending {
    /// What became of a handler's answer.
    pub(crate) fn of(answered: &Result<(), Fault>, is_cancelled: bool) -> Self {
        match answered {
            Ok(()) if is_cancelled => Self::Cancelled,
            Ok(()) => Self::Answered,
            // A stream that has nobody left to send to ends without an answer.
            Err(Fault::NoReply(_)) if is_cancelled => Self::Cancelled,
            Err(Fault::Panicked | Fault::NoReply(_) | Fault::ReplyTooLarge { .. }) => Self::Failed,
            Err(Fault::Late) => Self::Cancelled,
            Err(_) => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings() {
        let no_reply = || Err(Fault::NoReply(String::new()));
        assert_eq!(Ending::of(&Ok(()), false), Ending::Answered);
        assert_eq!(Ending::of(&Ok(()), true), Ending::Cancelled);
        assert_eq!(Ending::of(&no_reply(), false), Ending::Failed);
        assert_eq!(Ending::of(&no_reply(), true), Ending::Cancelled);
        assert_eq!(Ending::of(&Err(Fault::Panicked), true), Ending::Failed, "a bug is one whoever waits");
        assert_eq!(Ending::of(&Err(Fault::Late), false), Ending::Cancelled);
        assert_eq!(Ending::of(&Err(Fault::Malformed(String::new())), false), Ending::Refused);
    }
}
