//! Times on the command line, written as in `#[rpc(timeout = "30s")]`.
use rpc_core::Deadline;
use std::time::Duration;

/// `500ms`, `2s`, `10m`, `1h`, or `none`.
pub(crate) fn parse(text: &str) -> Result<Deadline, String> {
    if text == "none" {
        return Ok(Deadline::None);
    }
    let expected = || "expected a time above zero such as 500ms, 2s, 10m or 1h, or none".to_owned();
    above_zero(text).map(Deadline::Within).ok_or_else(expected)
}

/// The same without `none`, for what must end.
pub(crate) fn parse_limited(text: &str) -> Result<Duration, String> {
    above_zero(text).ok_or_else(|| "expected a time above zero such as 500ms, 2s, 10m or 1h".to_owned())
}

/// The same, or a number of seconds.
pub(crate) fn parse_pause(text: &str) -> Result<Duration, String> {
    let seconds = || Duration::try_from_secs_f64(text.parse().ok()?).ok().filter(|time| !time.is_zero());
    let expected = || "expected seconds above zero such as 2 or 0.5 (does the address come first?)".to_owned();
    above_zero(text).or_else(seconds).ok_or_else(expected)
}

/// How long something may take, if that was said.
pub(crate) fn limit(deadline: Deadline) -> Option<Duration> {
    match deadline {
        Deadline::Within(time) => Some(time),
        Deadline::Default | Deadline::None => None,
    }
}

/// `500ms`, `2s`, `10m`, `1h` or `0s`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at(text.find(|sign: char| !sign.is_ascii_digit())?);
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        _ => return None,
    };
    Some(Duration::from_millis(digits.parse::<u64>().ok()?.checked_mul(milliseconds)?))
}

/// What may take no time never succeeds.
fn above_zero(text: &str) -> Option<Duration> {
    duration(text).filter(|time| !time.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_are_above_zero() {
        assert_eq!(parse("none"), Ok(Deadline::None));
        assert_eq!(parse("500ms"), Ok(Deadline::Within(Duration::from_millis(500))));
        assert_eq!(parse("2s"), Ok(Deadline::Within(Duration::from_secs(2))));
        assert_eq!(parse("10m"), Ok(Deadline::Within(Duration::from_secs(600))));
        assert_eq!(parse("1h"), Ok(Deadline::Within(Duration::from_secs(3600))));
        assert_eq!(parse_pause("2"), Ok(Duration::from_secs(2)));
        assert_eq!(parse_pause("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_pause("20ms"), Ok(Duration::from_millis(20)));
        for wrong in ["", "0", "-1", "kv", "nan", "inf", "1e30"] {
            assert!(parse_pause(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "30", "s", "0s", "1.5s", "-1s", "1d", "None", "2é", "99999999999999999999s"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
