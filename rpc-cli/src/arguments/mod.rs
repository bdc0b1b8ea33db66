//! Words of a command line to the bytes of a call. What does not fit the method is told here, and never sent.
//!
//! ```text
//! words ── word ──> tree ── read ──> bytes (by rpc-core, which knows the schema)
//!                     └── place of a mistake ── mark ──> a line with carets
//! ```
mod input;
mod mark;
mod read;
mod tree;
mod word;

use crate::failure::{Failure, Misfit};
use crate::method::Method;
use mark::Mark;
use read::{Blame, Reading};
use tree::Node;
use word::Word;

/// What stands for stdin.
const STDIN: &str = "-";

/// The arguments for `method` from the words of a command line: `name=value ..`, one JSON object, or `-` for stdin.
pub(crate) fn encode(method: Method<'_>, words: &[String]) -> Result<Vec<u8>, Failure> {
    let root = match words {
        [only] if only == STDIN => {
            Ok(Node::object_from(input::stdin().and_then(input::into_text).map_err(Failure::Input)?))
        }
        [only] if is_object(only) => Ok(Node::object_in_word(only)),
        words => tree(method, words),
    };
    let encoded = root.and_then(|root| bytes(method, words, &root));
    encoded.map_err(|misfit| Failure::Arguments { method: method.full_name(), misfit, signature: method.signature() })
}

/// Whether a word stands for all arguments, and no other has a place beside it.
pub(crate) fn is_whole(word: &str) -> bool {
    word == STDIN || is_object(word)
}

fn is_object(word: &str) -> bool {
    word.trim_start().starts_with('{')
}

/// One value for each name.
fn tree(method: Method<'_>, words: &[String]) -> Result<Node, Misfit> {
    let mut root = Node::new();
    let misfit = |index, (problem, range): word::Problem| Misfit {
        problem,
        marked: Some(Mark::Word { index, range }.marked(words)),
    };
    let mut is_stdin_read = false;
    for (index, text) in words.iter().enumerate() {
        if text == STDIN || is_object(text) {
            let problem = format!("`{STDIN}` or a JSON object has all arguments, so it stands alone");
            return Err(misfit(index, (problem, 0..text.len())));
        }
        let word = Word::parse(text, method).map_err(|problem| misfit(index, problem))?;
        if word.reads_stdin(text) && std::mem::replace(&mut is_stdin_read, true) {
            return Err(misfit(index, ("stdin can be read once".to_owned(), 0..text.len())));
        }
        let value = word.value(text, index, method).map_err(|problem| misfit(index, problem))?;
        root.insert(index, &word.path, value).map_err(|problem| misfit(index, problem))?;
    }
    Ok(root)
}

fn bytes(method: Method<'_>, words: &[String], root: &Node) -> Result<Vec<u8>, Misfit> {
    let (blame, mut out) = (Blame::default(), Vec::new());
    let reading = Reading { node: root, blame: &blame };
    let read = method.service.arguments_from_serde(method.schema, reading, &mut out);
    read.map(|()| out).map_err(|error| {
        let mark = blame.take();
        let mut problem = match error.path.strip_prefix("$.") {
            Some(path) => format!("{path}: {}", error.message),
            None => error.message,
        };
        if let Some(origin) = mark.as_ref().and_then(Mark::origin) {
            problem = format!("{origin}: {problem}");
        }
        Misfit { problem, marked: mark.map(|mark| mark.marked(words)) }
    })
}

#[cfg(test)]
mod tests;
