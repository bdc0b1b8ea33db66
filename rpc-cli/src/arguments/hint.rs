//! How to write what a single word cannot say.
use super::tree::Node;
use crate::place::{Form, Place};

/// Deeper than this, JSON is shorter; and a type may be nested without end.
const STEPS_MAX: usize = 8;

/// Why `name=value` says nothing for the place that `name` leads to, and what to write instead; none if it may say something.
pub(super) fn of(name: &str, value: &str, place: Place<'_>) -> Option<String> {
    let has = match place.form() {
        Form::Text => return None,
        Form::Word | Form::Bytes | Form::Choice if is_json(value) => {
            return Some(format!("what looks like JSON is written {name}:=JSON"));
        }
        Form::Word | Form::Bytes | Form::Choice | Form::Time if value == "None" && place.can_be_null() => {
            return Some(format!("None is written {name}=null, or left out"));
        }
        Form::Word | Form::Bytes => return None,
        Form::Time => {
            let write = format!("{name}.secs=.. and {name}.nanos=.., or {name}:=JSON");
            return Some(format!("`{name}` is a time such as 300ms, 90s or 2h: write that, or {write}"));
        }
        Form::Choice => {
            let write = writing(&format!("{name}.{value}"), place.named(value)?, name);
            return Some(format!("`{value}` holds something: {write}"));
        }
        Form::Fields if place.parts().is_empty() => return Some(format!("`{name}` has no fields: write {name}:={{}}")),
        Form::Fields => "has fields",
        Form::Items => "has items",
        Form::Entries => "has entries",
        Form::Some => "is null, or a value behind a name",
        Form::Json => "has no form of its own",
    };
    Some(format!("`{name}` {has}: {}", writing(name, place, name)))
}

/// Whether a word is rather an object, an array or a string of JSON than a name or a number.
fn is_json(value: &str) -> bool {
    value.len() > 1 && value.starts_with(['{', '[', '"'])
}

/// Why no `.name` follows `path`, where `given` stands already; none if it may.
pub(super) fn of_name(path: &str, name: &str, place: Place<'_>, given: Option<&Node>) -> Option<String> {
    match place.form() {
        Form::Fields | Form::Entries | Form::Some | Form::Time => None,
        Form::Items | Form::Json => of(path, "", place),
        Form::Text | Form::Word | Form::Bytes => Some(format!("`{path}` has no fields: write {path}=..")),
        Form::Choice => match given.and_then(Node::first_name) {
            Some(other) if other != name => {
                Some(format!("`{path}` is one variant, and here are `{other}` and `{name}`"))
            }
            _ => {
                let is_empty = place.parts().iter().any(|part| part.name == name && part.place.is_none());
                is_empty.then(|| format!("`{name}` holds nothing: write {path}={name}"))
            }
        },
    }
}

/// Why no `[]` follows `path`; none if it may.
pub(super) fn of_item(path: &str, place: Place<'_>) -> Option<String> {
    match place.form() {
        // Bytes are numbers, and a map is pairs.
        Form::Items | Form::Bytes | Form::Entries | Form::Json => None,
        Form::Fields | Form::Some => of(path, "", place),
        Form::Text | Form::Word | Form::Choice | Form::Time => Some(format!("`{path}` is no list: write {path}=..")),
    }
}

/// `write a.b=.. for each, or a:=JSON`.
fn writing(path: &str, place: Place<'_>, whole: &str) -> String {
    let Some(way) = way(path, place, STEPS_MAX) else { return format!("write {whole}:=JSON") };
    let each = match place.form() {
        Form::Fields | Form::Items | Form::Entries => " for each",
        _ => "",
    };
    format!("write {way}{each}, or {whole}:=JSON")
}

/// The first word for a place, `a.b[]=..`; none if that is JSON.
fn way(path: &str, place: Place<'_>, steps: usize) -> Option<String> {
    let inside = |path: String, place: Option<Place<'_>>| {
        let way = way(&path, place?, steps.checked_sub(1)?);
        Some(way.unwrap_or_else(|| format!("{path}:=JSON")))
    };
    // Each word begins another item, so that none of them says more than one thing of it.
    let is_item = path.contains("[]");
    match place.form() {
        Form::Text | Form::Word | Form::Bytes | Form::Choice | Form::Time => Some(format!("{path}=..")),
        Form::Fields | Form::Some => match place.parts().as_slice() {
            [first, rest @ ..] if rest.is_empty() || !is_item => inside(format!("{path}.{}", first.name), first.place),
            _ => None,
        },
        Form::Items if !is_item => inside(format!("{path}[]"), place.nth(0)),
        Form::Entries if !is_item => inside(format!("{path}.key"), place.named("key")),
        Form::Items | Form::Entries | Form::Json => None,
    }
}

/// Why what is written as JSON for `name` is none, and what was meant; none if it may be JSON.
pub(super) fn of_json(name: &str, text: &str) -> Option<String> {
    let is_name = text.chars().all(|sign| sign.is_alphanumeric() || "_-".contains(sign));
    let begins = text.starts_with(|sign: char| sign.is_alphabetic() || sign == '_');
    let is_text = is_name && begins && !["true", "false", "null"].contains(&text);
    is_text.then(|| format!("`{text}` is no JSON: write {name}={text}, or {name}:='\"{text}\"'"))
}
