//! Where a mistake is, and how a person is shown that: the line as it was written, with carets below.
use super::tree::Source;
use crate::failure::Marked;
use crate::style::columns;
use rpc_core::schema::escaped;
use std::ops::Range;

/// A longer line would not fit a terminal, and its carets would be anywhere.
const LINE_CHARS_MAX: usize = 100;
/// What a long line shows before the mistake, and of it.
const BEFORE_CHARS_MAX: usize = 40;
const MARKED_CHARS_MAX: usize = 40;

/// The place of a mistake.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Bytes of a word of the command line.
    Word { index: usize, range: Range<usize> },
    /// Bytes of a line of something longer.
    Line { line: String, range: Range<usize>, origin: Option<String> },
}

impl Mark {
    /// The token of a JSON text that serde_json complains of. It counts lines from 1, and says the byte of the line where it
    /// had come to: the last one of the token, mostly.
    pub(super) fn of_json(text: &str, source: &Source, line: usize, column: usize) -> Self {
        let begin: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let range = token(text, begin + column.saturating_sub(1));
        match source {
            Source::Word { index, begin } if !text.contains('\n') => {
                Self::Word { index: *index, range: begin + range.start..begin + range.end }
            }
            source => Self::in_line(text, range, source),
        }
    }

    /// All of a text, or its first line if it has many.
    pub(super) fn whole(text: &str, source: &Source) -> Self {
        Self::in_line(text, 0..text.find('\n').unwrap_or(text.len()), source)
    }

    fn in_line(text: &str, range: Range<usize>, source: &Source) -> Self {
        // What ends too early ends with its last line that has something.
        let start = range.start.min(text.trim_end().len());
        let front = text.get(..start).unwrap_or_default();
        let begin = front.rfind('\n').map_or(0, |at| at + 1);
        let line = text.get(begin..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let in_line = |at: usize| at.saturating_sub(begin).min(line.len());
        let number = front.matches('\n').count() + 1;
        let origin = match source {
            Source::Word { .. } => Some(format!("line {number}")),
            Source::File(path) => Some(format!("line {number} of {path}")),
            Source::Stdin => Some(format!("line {number} of stdin")),
            Source::Line => None,
        };
        Self::Line { line: line.to_owned(), range: in_line(start)..in_line(range.end), origin }
    }

    /// Which line it is, where there are many.
    pub(super) fn origin(&self) -> Option<&str> {
        match self {
            Self::Word { .. } => None,
            Self::Line { origin, .. } => origin.as_deref(),
        }
    }

    /// What is shown. `words` are those of the command line.
    pub(super) fn marked(&self, words: &[String]) -> Marked {
        match self {
            Self::Line { line, range, .. } => cut(parts(line, range).map(escaped)),
            Self::Word { index, range } => {
                let word = words.get(*index).map(String::as_str).unwrap_or_default();
                let alone = quoted(word, range);
                let others =
                    |range: &[String]| range.iter().map(|word| quoted(word, &(0..0)).concat()).collect::<Vec<_>>();
                let mut before = others(words.get(..*index).unwrap_or_default());
                let mut after = others(words.get(index + 1..).unwrap_or_default());
                let [front, marked, back] = alone.clone();
                before.push(front);
                after.insert(0, back);
                let all = [before.join(" "), marked, after.join(" ")];
                let fits = all.iter().map(|part| part.chars().count()).sum::<usize>() <= LINE_CHARS_MAX;
                cut(if fits { all } else { alone })
            }
        }
    }
}

/// The bytes of the token that has the byte `at`; one character behind the end if it is there.
fn token(text: &str, at: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-');
    match bytes.get(at) {
        None => text.len()..text.len(),
        Some(b'"') => {
            let opens =
                |begin: &usize| bytes.get(*begin) == Some(&b'"') && bytes.get(begin.wrapping_sub(1)) != Some(&b'\\');
            let begin = (0..at).rev().find(opens).unwrap_or(at);
            // The quote that opens a string has none of its own before it; what lies between two strings is no string.
            let is_string =
                bytes.get(..begin).unwrap_or_default().iter().filter(|byte| **byte == b'"').count() % 2 == 0;
            if is_string { begin..at + 1 } else { at..at + 1 }
        }
        Some(byte) if is_word(byte) => {
            let length = bytes.get(..at).unwrap_or_default().iter().rev().take_while(|byte| is_word(byte)).count();
            at - length..at + 1
        }
        Some(_) => {
            let begin = (0..=at).rev().find(|begin| text.is_char_boundary(*begin)).unwrap_or(at);
            let end = (at + 1..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
            begin..end
        }
    }
}

/// Before, in and behind the range.
fn parts<'t>(text: &'t str, range: &Range<usize>) -> [&'t str; 3] {
    let part = |range: Range<usize>| text.get(range).unwrap_or_default();
    [part(0..range.start), part(range.clone()), part(range.end..text.len())]
}

/// A word as one would type it at a shell.
fn quoted(word: &str, range: &Range<usize>) -> [String; 3] {
    let is_plain = |char: char| char.is_alphanumeric() || "_-./:=@,+%[]^".contains(char);
    let parts = parts(word, range).map(escaped);
    if !word.is_empty() && word.chars().all(is_plain) {
        return parts;
    }
    let [before, marked, after] = parts.map(|part| part.replace('\'', r"'\''"));
    [format!("'{before}"), marked, format!("{after}'")]
}

/// A line with carets, of which no more is shown than fits.
fn cut([before, marked, after]: [String; 3]) -> Marked {
    let length = |text: &str| text.chars().count();
    let is_long = length(&before) + length(&marked) + length(&after) > LINE_CHARS_MAX;
    let (mut before, mut marked, mut after) = (before, marked, after);
    if is_long {
        before = last(&before, BEFORE_CHARS_MAX);
        marked = first(&marked, MARKED_CHARS_MAX);
        after = first(&after, LINE_CHARS_MAX - length(&before) - length(&marked));
    }
    let (begin, columns) = (columns(&before), columns(&marked).max(1));
    Marked { line: before + &marked + &after, begin, columns }
}

fn first(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

fn last(text: &str, chars_max: usize) -> String {
    match text.char_indices().rev().nth(chars_max.saturating_sub(1)) {
        None | Some((0, _)) => text.to_owned(),
        Some((begin, _)) => format!("…{}", text.get(begin..).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, column: usize) -> &str {
        &text[token(text, column - 1)]
    }

    #[test]
    fn the_token_that_ends_where_the_parser_came_to() {
        let text = r#"{"a":1.5,"bb":null,"c":"d\"e","é":é}"#;
        assert_eq!(marked(text, 8), "1.5");
        assert_eq!(marked(text, 13), "\"bb\"");
        assert_eq!(marked(text, 18), "null");
        assert_eq!(marked(text, 29), r#""d\"e""#);
        assert_eq!(marked(text, 36), "é");
        assert_eq!(marked(text, 37), "é");
        assert_eq!(marked(text, 38), "}");
        assert_eq!(token(text, text.len()), text.len()..text.len());
    }

    #[test]
    fn words_are_shown_as_they_are_typed() {
        let words = ["a=1", "b=it's so", "c="].map(str::to_owned);
        let shown = Mark::Word { index: 1, range: 2..9 }.marked(&words);
        assert_eq!(shown, Marked { line: r"a=1 'b=it'\''s so' c=".to_owned(), begin: 7, columns: 10 });
        let shown = Mark::Word { index: 2, range: 2..2 }.marked(&words);
        assert_eq!((shown.begin, shown.columns), (21, 1));
    }

    #[test]
    fn long_lines_are_cut_around_the_mistake() {
        let words = [format!("a={}", "x".repeat(500)), "b=2".to_owned()];
        let shown = Mark::Word { index: 1, range: 0..1 }.marked(&words);
        assert_eq!(shown, Marked { line: "b=2".to_owned(), begin: 0, columns: 1 });
        let shown = Mark::Word { index: 0, range: 300..301 }.marked(&words);
        assert_eq!(shown.line.chars().filter(|char| *char == '…').count(), 2);
        assert_eq!((shown.begin, shown.columns, shown.line.chars().count()), (41, 1, 101));
        let shown = Mark::Word { index: 0, range: 2..502 }.marked(&words);
        assert_eq!((shown.begin, shown.columns), (2, 41));
    }

    #[test]
    fn what_ends_too_early_ends_with_its_last_line() {
        let shown = |text: &str, line, column| Mark::of_json(text, &Source::Stdin, line, column);
        let mark = shown("{\r\n \"a\": 1\r\n", 3, 0);
        assert_eq!(mark.origin(), Some("line 2 of stdin"));
        assert_eq!(mark.marked(&[]), Marked { line: " \"a\": 1".to_owned(), begin: 7, columns: 1 });
        let whole = Mark::whole("a\r\nb", &Source::Stdin).marked(&[]);
        assert_eq!(whole, Marked { line: "a".to_owned(), begin: 0, columns: 1 });
        let all = shown("\n\n", 3, 0).marked(&[]);
        assert_eq!(all, Marked { line: String::new(), begin: 0, columns: 1 });
    }

    #[test]
    fn carets_stand_below_wide_signs() {
        let words = ["日=日本語".to_owned()];
        let shown = Mark::Word { index: 0, range: 4..13 }.marked(&words);
        assert_eq!(shown, Marked { line: "日=日本語".to_owned(), begin: 3, columns: 6 });
    }

    #[test]
    fn a_line_of_many_is_told_by_its_number() {
        let text = "{\n \"a\": x\u{1b}\n}";
        let mark = Mark::of_json(text, &Source::Stdin, 2, 7);
        assert_eq!(mark.origin(), Some("line 2 of stdin"));
        let shown = mark.marked(&[]);
        assert_eq!(shown, Marked { line: " \"a\": x\\u{1b}".to_owned(), begin: 6, columns: 1 });
    }
}
