//! What a person may write for a thing of a service: `Kv.get`, or a tail of that, `get`.
use rpc_core::schema::nearest;

/// More names than this are no help on a terminal; `describe` shows all.
const SHOWN_MAX: usize = 16;

/// `Service.thing`.
pub(crate) fn full_name(service: &str, name: &str) -> String {
    format!("{service}.{name}")
}

/// Whether `text` is the full name, or what follows one of its dots.
pub(crate) fn is_tail(full_name: &str, text: &str) -> bool {
    full_name == text || full_name.strip_suffix(text).is_some_and(|front| front.ends_with('.'))
}

/// Why a name stands for nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotFound {
    /// Nothing is called that.
    #[error("there is no {what} `{name}`{}", did_you_mean(.name, .known))]
    Unknown {
        /// What kind of thing was looked for.
        what: &'static str,
        /// What was written.
        name: String,
        /// The full names of what there is.
        known: Vec<String>,
    },
    /// A method was looked for, and a service is called that.
    #[error("`{name}` is a service; METHOD is one word, such as {}", .methods.first().map_or("Service.method", String::as_str))]
    Service {
        /// What was written.
        name: String,
        /// The full names of its methods.
        methods: Vec<String>,
    },
    /// More than one thing is called that.
    #[error("`{name}` is ambiguous")]
    Ambiguous {
        /// What was written.
        name: String,
        /// The full names that it could stand for.
        candidates: Vec<String>,
    },
}

impl NotFound {
    /// The names to choose from, in one line.
    pub(crate) fn details(&self) -> Vec<String> {
        match self {
            Self::Unknown { known, .. } if known.is_empty() => vec!["there are none".to_owned()],
            // Whoever is told what he meant needs no list.
            Self::Unknown { name, known, .. } if !did_you_mean(name, known).is_empty() => Vec::new(),
            Self::Service { methods: known, .. } | Self::Unknown { known, .. } => {
                vec![format!("there is {}", listed(known, "and"))]
            }
            Self::Ambiguous { candidates, .. } => vec![format!("write {}", listed(candidates, "or"))],
        }
    }
}

/// A name as it would be written in full, or as a tail: whichever is nearer to what was written.
fn did_you_mean(name: &str, known: &[String]) -> String {
    let tail = |full: &'_ String| full.rsplit_once('.').map(|(_, tail)| tail.to_owned());
    let tails: Vec<String> = known.iter().filter_map(tail).collect();
    match nearest(name, tails.iter().chain(known).map(String::as_str)) {
        Some(meant) => format!(" (did you mean `{meant}`?)"),
        None => String::new(),
    }
}

/// `a, b and c`; `a, b, … and 4 more`.
fn listed(names: &[String], last: &str) -> String {
    let (shown, hidden) = names.split_at(names.len().min(SHOWN_MAX));
    match (shown, hidden.len()) {
        ([front @ .., end], 0) if !front.is_empty() => format!("{} {last} {end}", front.join(", ")),
        (shown, 0) => shown.concat(),
        (shown, more) => format!("{}, … {last} {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_begins_behind_a_dot() {
        assert!(is_tail("Kv.get", "Kv.get") && is_tail("Kv.get", "get") && is_tail("a.Kv.get", "Kv.get"));
        for other in ["", ".", ".get", "et", "Kv", "Kv.", "v.get", "x.Kv.get"] {
            assert!(!is_tail("Kv.get", other), "{other}");
        }
    }

    #[test]
    fn suggestions_are_written_as_the_name_was() {
        let known = ["Kv.get", "Kv.set"].map(str::to_owned);
        assert_eq!(did_you_mean("gte", &known), " (did you mean `get`?)");
        assert_eq!(did_you_mean("Kv.gte", &known), " (did you mean `Kv.get`?)");
        assert_eq!(did_you_mean("K.set", &known), " (did you mean `Kv.set`?)");
        assert_eq!(did_you_mean("colour", &known), "");
    }

    #[test]
    fn lists_are_short() {
        let names: Vec<String> = (0..20).map(|index| index.to_string()).collect();
        assert_eq!(listed(&names[..1], "and"), "0");
        assert_eq!(listed(&names[..3], "or"), "0, 1 or 2");
        assert_eq!(listed(&names[..16], "and"), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 and 15");
        assert_eq!(listed(&names, "and"), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, … and 4 more");
    }
}
