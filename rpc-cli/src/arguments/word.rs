//! One word of a command line: `a.b=value`, `list[]=value`, `name:=JSON`, `name=@file`.
use super::tree::{Node, Source};
use super::{STDIN, input};
use crate::method::Method;
use crate::place::{Form, Place};
use rpc_core::schema::nearest;
use std::ops::Range;

/// The word for an option without a value.
const NULL: &str = "null";

/// As many names as a value has levels: more lead nowhere.
const STEPS_MAX: usize = 128;

/// What is wrong, and with which bytes of the word.
pub(super) type Problem = (String, Range<usize>);

/// A word, taken apart.
#[derive(Debug)]
pub(super) struct Word {
    /// What it gives a value to.
    pub(super) path: Vec<Step>,
    /// Whether the value is JSON.
    is_json: bool,
    /// Where the value begins.
    value: usize,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The name; none for `[]`, one more item of a list.
    pub(super) name: Option<String>,
    /// Where in the word.
    pub(super) range: Range<usize>,
}

impl Word {
    /// Takes a word apart.
    pub(super) fn parse(text: &str, method: Method<'_>) -> Result<Self, Problem> {
        let Some((front, _)) = text.split_once('=') else {
            return Err((no_argument(text, method), 0..text.len()));
        };
        let path = front.strip_suffix(':').unwrap_or(front);
        Ok(Self { path: steps(path)?, is_json: path.len() < front.len(), value: front.len() + 1 })
    }

    /// Whether its value is what stdin has.
    pub(super) fn reads_stdin(&self, text: &str) -> bool {
        text.get(self.value..).and_then(|value| value.strip_prefix('@')) == Some(STDIN)
    }

    /// The value that it gives; `index` is its place in the command line.
    pub(super) fn value(&self, text: &str, index: usize, method: Method<'_>) -> Result<Node, Problem> {
        let value = text.get(self.value..).unwrap_or_default();
        let place = self.place(method);
        let whole = self.value..text.len();
        let json = |text: &str| Node::Json { text: text.to_owned(), source: Source::Word { index, begin: self.value } };
        if !self.is_json {
            // Any text may be a string; elsewhere this one stands for nothing.
            if value == NULL && place.is_some_and(|place| place.form() != Form::Text) {
                return Ok(json(NULL));
            }
            if let Some(hint) = place.and_then(|place| self.hint(text, place)) {
                return Err((hint, whole));
            }
        }
        match value.strip_prefix('@') {
            // For a name that is mistyped nothing is read.
            Some(path) if self.names_an_argument(method) => self.file(path, place).map_err(|problem| (problem, whole)),
            _ if self.is_json => Ok(json(value)),
            _ => Ok(Node::Text { text: value.to_owned(), index, range: whole }),
        }
    }

    fn names_an_argument(&self, method: Method<'_>) -> bool {
        let first = self.path.first().and_then(|step| step.name.as_deref());
        first.is_some_and(|name| Place::of(method).named(name).is_some())
    }

    /// What the schema has at the path; the mistake of one that leads nowhere is told when the tree is read.
    fn place<'a>(&self, method: Method<'a>) -> Option<Place<'a>> {
        self.path.iter().try_fold(Place::of(method), |place, step| match &step.name {
            Some(name) => place.named(name),
            None => place.item(),
        })
    }

    fn file(&self, path: &str, place: Option<Place<'_>>) -> Result<Node, String> {
        // A value that begins so is written as JSON.
        let cannot = |error| match path {
            STDIN => format!("cannot read stdin: {error}"),
            path => format!("cannot read the file `{path}`: {error} (a text that begins with @ is :='\"@..\"')"),
        };
        let bytes = if path == STDIN { input::stdin() } else { input::file(path) }.map_err(cannot)?;
        let form = place.map(Place::form);
        if form == Some(Form::Bytes) && !self.is_json {
            return Ok(Node::Bytes(bytes));
        }
        let mut text = input::into_text(bytes).map_err(cannot)?;
        let source = if path == STDIN { Source::Stdin } else { Source::File(path.to_owned()) };
        if self.is_json {
            return Ok(Node::Json { text, source });
        }
        // `echo 5 > file` ends the line, which is no part of a number.
        if form != Some(Form::Text) {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        Ok(Node::Content { text, source })
    }

    /// How to write what no single word can say.
    fn hint(&self, text: &str, place: Place<'_>) -> Option<String> {
        let name = text.get(..self.value - 1).unwrap_or_default();
        let json = format!("{name}:=JSON");
        match place.form() {
            // Each word would begin another item.
            Form::Fields if name.ends_with("[]") => Some(format!("`{name}` has fields: write {json}")),
            Form::Fields => {
                let parts = place.parts();
                let first = parts.first().map_or("field", |part| part.name);
                Some(format!("`{name}` has fields: write {name}.{first}=.. for each, or {json}"))
            }
            Form::Items if place.item().is_some_and(|item| item.form() == Form::Fields) => {
                Some(format!("`{name}` has items: write {name}[]:=JSON for each, or {json}"))
            }
            Form::Items => Some(format!("`{name}` has items: write {name}[]=.. for each, or {json}")),
            Form::Entries => Some(format!("`{name}` has entries: write {name}.key=.. for each, or {json}")),
            Form::Choice => {
                let variant = text.get(self.value..).unwrap_or_default();
                place.named(variant)?;
                Some(format!("`{variant}` holds something: write {name}.{variant}=.., or {json}"))
            }
            Form::Json => Some(format!("`{name}` has no form of its own: write {json}")),
            Form::Text | Form::Word | Form::Bytes => None,
        }
    }
}

/// `a.b[]` by its steps.
fn steps(path: &str) -> Result<Vec<Step>, Problem> {
    let mut steps = Vec::new();
    let mut begin = 0;
    for part in path.split('.') {
        let (name, item) = match part.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (part, false),
        };
        let end = begin + name.len();
        if name.is_empty() {
            return Err(("a name is missing before the `=`".to_owned(), 0..path.len() + 1));
        }
        if let Some(at) = name.find(['[', ']']) {
            let problem =
                "an item of a list is added by `[]` behind its name; all else is written as name:=JSON".to_owned();
            return Err((problem, begin + at..begin + part.len()));
        }
        steps.push(Step { name: Some(name.to_owned()), range: begin..end });
        if item {
            steps.push(Step { name: None, range: end..end + 2 });
        }
        if steps.len() > STEPS_MAX {
            return Err((format!("this is more than {STEPS_MAX} levels deep"), begin..path.len()));
        }
        begin += part.len() + 1;
    }
    Ok(steps)
}

/// What to write instead of a word without `=`.
fn no_argument(text: &str, method: Method<'_>) -> String {
    let names = || method.schema.arguments.iter().map(|argument| argument.name.as_str());
    let is_word = |name| {
        let form = Place::of(method).named(name).map(Place::form);
        matches!(form, Some(Form::Text | Form::Word | Form::Bytes | Form::Choice))
    };
    let mut all = names();
    let meant = match (all.next(), all.next()) {
        _ if text.is_empty() => None,
        (Some(only), None) if only != text && is_word(only) => Some(format!("{only}={text}")),
        _ => nearest(text, names()).map(|name| format!("{name}=..")),
    };
    match meant {
        Some(meant) => format!("an argument is written name=value: did you mean `{meant}`?"),
        None => "an argument is written name=value; or all of them as one JSON object, or - for stdin".to_owned(),
    }
}
