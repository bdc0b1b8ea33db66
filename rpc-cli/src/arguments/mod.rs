//! Words of a command line to the bytes of a call. What does not fit the method is told here, and never sent.
//!
//! ```text
//! words ── word ──> tree ── read ──> bytes (by rpc-core, which knows the schema)
//!                     └── place of a mistake ── mark ──> a line with carets
//! ```
//!
//! `hint`: what to write instead of a word that says nothing. `line`: a line of stdin in the place of words, or beside them.
mod hint;
mod input;
mod line;
mod mark;
mod read;
mod tree;
mod word;

use crate::failure::{Failure, Misfit};
use crate::method::Method;
pub(crate) use line::{Given, item};
use mark::Mark;
use read::{Blame, Reading};
use rpc_core::schema::ConvertError;
use tree::Node;
use word::Word;

/// What stands for stdin.
const STDIN: &str = "-";

/// Why stdin has no arguments: it has something else.
const ITEMS: &str =
    "stdin has the items; the arguments are written name=value, or as one JSON object that stands alone";
const LINES: &str =
    "stdin has a line for each call; an argument that is the same for all of them is written name=value";

/// The arguments for `method` from the words of a command line: `name=value ..`, one JSON object, or `-` for stdin.
pub(crate) fn encode(method: Method<'_>, words: &[String]) -> Result<Vec<u8>, Failure> {
    let taken = method.schema.shape.accepts().then_some(ITEMS);
    let root = match words {
        [only] if only == STDIN && taken.is_none() => {
            Ok(Node::object_from(input::stdin().and_then(input::into_text).map_err(Failure::Input)?))
        }
        [only] if is_object(only) => Ok(Node::object_in_word(only)),
        words => tree(method, words, taken),
    };
    let encoded = root.and_then(|root| bytes(method, words, &root));
    encoded.map_err(|misfit| method.misfit(misfit))
}

/// Whether a word stands for all arguments, and no other has a place beside it.
pub(crate) fn is_whole(word: &str) -> bool {
    word == STDIN || is_object(word)
}

fn is_object(word: &str) -> bool {
    word.trim_start().starts_with('{')
}

/// One value for each name. `taken`: why none of them comes from stdin.
fn tree(method: Method<'_>, words: &[String], taken: Option<&str>) -> Result<Node, Misfit> {
    let mut root = Node::new();
    let misfit = |index, (problem, range): word::Problem| Misfit {
        problem,
        marked: Some(Mark::Word { index, range }.marked(words)),
    };
    let mut taken_by_word = taken;
    for (index, text) in words.iter().enumerate() {
        if text == STDIN || is_object(text) {
            let alone = "`-` or a JSON object has all arguments, so it stands alone";
            return Err(misfit(index, (taken.unwrap_or(alone).to_owned(), 0..text.len())));
        }
        let word = Word::parse(text, method).map_err(|problem| misfit(index, problem))?;
        if word.reads_stdin(text)
            && let Some(why) = taken_by_word.replace("stdin can be read once")
        {
            return Err(misfit(index, (why.to_owned(), 0..text.len())));
        }
        let value = word.value(text, index, method, &root).map_err(|problem| misfit(index, problem))?;
        root.insert(index, &word.path, value).map_err(|problem| misfit(index, problem))?;
    }
    Ok(root)
}

fn bytes(method: Method<'_>, words: &[String], root: &Node) -> Result<Vec<u8>, Misfit> {
    let (blame, mut out) = (Blame::default(), Vec::new());
    let reading = Reading { node: root, blame: &blame };
    let read = method.service.arguments_from_serde(method.schema, reading, &mut out);
    read.map(|()| out).map_err(|error| misfit(error, &blame, words))
}

fn misfit(error: ConvertError, blame: &Blame, words: &[String]) -> Misfit {
    let mark = blame.take();
    let mut problem = match error.path.strip_prefix("$.") {
        Some(path) => format!("{path}: {}", error.message),
        None => error.message,
    };
    if let Some(origin) = mark.as_ref().and_then(Mark::origin) {
        problem = format!("{origin}: {problem}");
    }
    Misfit { problem, marked: mark.map(|mark| mark.marked(words)) }
}

#[cfg(test)]
mod tests;
