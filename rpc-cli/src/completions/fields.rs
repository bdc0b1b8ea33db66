//! The ARGs of `call` and `each`: `name=`, `entry.key=`, `list[]=`, and values that are one of a few.
use super::candidate::{Candidates, is_name};
use super::files::{self, Kind};
use crate::arguments;
use crate::method::Method;
use crate::place::{Form, Part, Place};

/// Adds what goes on from the word as an argument of `method`, of which `given` stand there already.
pub(crate) fn complete(method: Method<'_>, given: &[&str], found: &mut Candidates<'_>) {
    if given.first().is_some_and(|first| arguments::is_whole(first)) {
        return;
    }
    let (all, word) = (Place::of(method), found.word);
    match word.split_once('=') {
        None => names(all, given, found),
        Some((name, value)) => match value.strip_prefix('@') {
            Some(path) => files::complete(&format!("{name}=@"), path, Kind::File, found),
            None => values(all, name, found),
        },
    }
}

/// What has a name at the level that the word has reached: `entry.` has the fields of `entry`.
fn names(all: Place<'_>, given: &[&str], found: &mut Candidates<'_>) {
    let parent = found.word.rfind('.').and_then(|dot| found.word.get(..=dot)).unwrap_or_default();
    let place = match parent.strip_suffix('.') {
        Some(path) => all.behind(path),
        None => Some(all),
    };
    let given: Vec<&str> = given.iter().filter_map(|word| path_of(word)).collect();
    for part in place.iter().flat_map(|place| place.parts()).filter(|part| is_step(part.name)) {
        let path = format!("{parent}{}", part.name);
        let is_set = given.contains(&path.as_str());
        // A field or entry of it is set: what sets all of it at once would not fit.
        let is_begun = given.iter().any(|given| given.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.')));
        for ending in endings(part).into_iter().filter(|ending| !is_set && (!is_begun || *ending == ".")) {
            let ty = || part.type_name().map(|name| name + " ").unwrap_or_default();
            found.add_with(format!("{path}{ending}"), || ty() + part.doc);
        }
    }
}

/// The values at `path` that have names.
fn values(all: Place<'_>, path: &str, found: &mut Candidates<'_>) {
    match all.behind(path) {
        Some(place) if place.is_bool() => {
            ["true", "false"].into_iter().for_each(|value| found.add(format!("{path}={value}"), ""));
        }
        Some(place) if place.form() == Form::Choice => {
            // `@` would have the file of that name read, and a server may well ask for one.
            let is_value = |variant: &&Part<'_>| variant.place.is_none() && !variant.name.starts_with('@');
            for variant in place.parts().iter().filter(is_value) {
                found.add(format!("{path}={}", variant.name), variant.doc);
            }
        }
        _ => {}
    }
}

/// Whether a name is one step of a path. With more signs in it, `a=@/etc/passwd` for one, it would be read as something else.
fn is_step(name: &str) -> bool {
    is_name(name) && name.chars().all(|character| character.is_alphanumeric() || "_-".contains(character))
}

/// What may follow the name of a part; nothing follows that of a variant that holds nothing.
fn endings(part: Part<'_>) -> Vec<&'static str> {
    let Some(place) = part.place else { return Vec::new() };
    match place.form() {
        Form::Text | Form::Word | Form::Bytes | Form::Time => vec!["="],
        Form::Fields | Form::Entries | Form::Some => vec!["."],
        Form::Items if place.item().is_some_and(is_plain) => vec!["[]="],
        Form::Choice if place.parts().iter().all(|variant| variant.place.is_none()) => vec!["="],
        Form::Choice if is_plain(place) => vec!["=", "."],
        Form::Choice => vec!["."],
        Form::Items | Form::Json => vec![":="],
    }
}

/// Whether some value there is a plain word.
fn is_plain(place: Place<'_>) -> bool {
    match place.form() {
        Form::Text | Form::Word | Form::Bytes | Form::Time => true,
        Form::Choice => place.parts().iter().any(|variant| variant.place.is_none()),
        Form::Fields | Form::Items | Form::Entries | Form::Some | Form::Json => false,
    }
}

/// What an argument sets, which can be set once: `entry.key` of `entry.key=a`. A list can be appended to again.
fn path_of(word: &str) -> Option<&str> {
    let (name, _) = word.split_once('=')?;
    Some(name.strip_suffix(':').unwrap_or(name))
}
