//! One word of a command line: `a.b=value`, `list[]=value`, `name:=JSON`, `name=@file`.
use super::tree::{Node, Source};
use super::{STDIN, hint, input};
use crate::method::Method;
use crate::place::{Form, Place};
use crate::timeout;
use rpc_core::schema::nearest;
use std::io;
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

    /// The value that it gives; `index` is its place in the command line, `root` what the words before it give.
    pub(super) fn value(&self, text: &str, index: usize, method: Method<'_>, root: &Node) -> Result<Node, Problem> {
        let value = text.get(self.value..).unwrap_or_default();
        let place = self.place(text, method, root)?;
        let whole = self.value..text.len();
        let json = |text: &str| Node::Json { text: text.to_owned(), source: Source::Word { index, begin: self.value } };
        if let Some(place) = place.filter(|_| !self.is_json) {
            // Any text may be a string; elsewhere this one stands for nothing.
            if value == NULL && place.can_be_null() && place.form() != Form::Text {
                return Ok(json(NULL));
            }
            if let Some(time) = timeout::duration(value).filter(|_| place.form() == Form::Time) {
                let (secs, nanos) = (time.as_secs(), time.subsec_nanos());
                return Ok(json(&format!("{{\"secs\":{secs},\"nanos\":{nanos}}}")));
            }
            if let Some(hint) = hint::of(self.name(text), value, place) {
                return Err((hint, whole));
            }
        }
        if self.is_json
            && let Some(hint) = hint::of_json(self.name(text), value)
        {
            return Err((hint, whole));
        }
        match value.strip_prefix('@') {
            // For a name that is mistyped nothing is read.
            Some(path) if let Some(place) = place => self.file(path, place).map_err(|problem| (problem, whole)),
            _ if self.is_json => Ok(json(value)),
            _ => Ok(Node::Text { text: value.to_owned(), index, range: whole }),
        }
    }

    /// What stands before the sign.
    fn name<'t>(&self, text: &'t str) -> &'t str {
        let front = text.get(..self.value - 1).unwrap_or_default();
        if self.is_json { front.strip_suffix(':').unwrap_or(front) } else { front }
    }

    /// What the schema has at the path; a name that it does not have is told when the tree is read.
    fn place<'a>(&self, text: &str, method: Method<'a>, root: &Node) -> Result<Option<Place<'a>>, Problem> {
        let (mut place, mut node) = (Place::of(method), Some(root));
        for step in &self.path {
            let before = text.get(..step.range.start).unwrap_or_default().trim_end_matches('.');
            let inside = match &step.name {
                Some(name) => {
                    let hint = hint::of_name(before, name, place, node).filter(|_| !self.is_null(text));
                    hint.map_or(Ok(()), |hint| Err((hint, step.range.clone())))?;
                    node = node.and_then(|node| node.named(name));
                    place.named(name)
                }
                None => {
                    hint::of_item(before, place).map_or(Ok(()), |hint| Err((hint, step.range.clone())))?;
                    place.nth(node.take().map_or(0, Node::items))
                }
            };
            let Some(inside) = inside else { return Ok(None) };
            place = inside;
        }
        Ok(Some(place))
    }

    /// Whether the value is `:=null`, which stands for what a variant holds that holds nothing.
    fn is_null(&self, text: &str) -> bool {
        self.is_json && text.get(self.value..) == Some(NULL)
    }

    fn file(&self, path: &str, place: Place<'_>) -> Result<Node, String> {
        // A value that begins so is written as JSON.
        if path.is_empty() {
            return Err("the name of a file is missing behind the @".to_owned());
        }
        let cannot = |error: io::Error| match path {
            STDIN => format!("cannot read stdin: {error}"),
            path => format!("cannot read the file `{path}`: {error}{}", file_hint(path, &error)),
        };
        let bytes = if path == STDIN { input::stdin() } else { input::file(path) }.map_err(cannot)?;
        let form = place.form();
        if form == Form::Bytes && !self.is_json {
            return Ok(Node::Bytes(bytes));
        }
        let mut text = input::into_text(bytes).map_err(cannot)?;
        let source = if path == STDIN { Source::Stdin } else { Source::File(path.to_owned()) };
        if self.is_json {
            return Ok(Node::Json { text, source });
        }
        // `echo 5 > file` ends the line, which is no part of a number.
        if form != Form::Text {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        Ok(Node::Content { text, source })
    }
}

/// What was perhaps meant by the name of a file that is not there.
fn file_hint(path: &str, error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound if path.starts_with("~/") => {
            " (the shell leaves a ~ behind a sign as it is: write $HOME)"
        }
        io::ErrorKind::NotFound => " (a text that begins with @ is :='\"@..\"')",
        _ => "",
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
    let known = |name: &str| names().find(|known| *known == name);
    let meant = match (all.next(), all.next()) {
        _ if text.is_empty() => None,
        // `id:1`, as other languages and JSON write it.
        _ if let Some((name, value)) = text.split_once(':')
            && let Some(name) = known(name) =>
        {
            Some(format!("{name}={value}"))
        }
        (Some(only), None) if only != text && is_word(only) => Some(format!("{only}={text}")),
        _ => nearest(text, names()).map(|name| format!("{name}=..")),
    };
    match meant {
        Some(meant) => format!("an argument is written name=value: did you mean `{meant}`?"),
        None => "an argument is written name=value; or all of them as one JSON object, or - for stdin".to_owned(),
    }
}
