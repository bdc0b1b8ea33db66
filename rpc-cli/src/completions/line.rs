//! What a shell tells of the line that is typed.
//!
//! | shell | tells |
//! |---|---|
//! | bash | `$COMP_WORDBREAKS`, then the line up to the cursor as it is |
//! | zsh | the words before the cursor, then what there is of the last one, all without quotes |
//! | fish | the same, the last one with its quotes |
use crate::args::Shell;
use std::ffi::OsString;
use std::mem;

/// A command line up to the cursor, without the program's name and without quotes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// The finished words.
    pub(crate) words: Vec<String>,
    /// What there is of the word at the cursor.
    pub(crate) word: String,
    /// How many bytes of that the shell leaves alone: bash completes what follows the last `=`, `:` or quote.
    pub(crate) cut: usize,
}

impl Line {
    /// The line that `shell` tells with `told`. Bytes that are no text match nothing, and hurt nobody.
    pub(crate) fn told(shell: Shell, told: &[OsString]) -> Self {
        let mut told: Vec<String> = told.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let last = told.pop().unwrap_or_default();
        match shell {
            Shell::Bash => Self::split(&last, &told.pop().unwrap_or_default()).without_program(),
            Shell::Zsh => Self { words: told, word: last, cut: 0 },
            Shell::Fish => Self { words: told, word: Self::split(&last, "").word, cut: 0 },
        }
    }

    /// The words of a line, as a shell splits them; it ends in the last one, which may be empty.
    fn split(line: &str, breaks: &str) -> Self {
        let mut split = Self::default();
        let (mut quote, mut begun) = (None, false);
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            match (quote, character) {
                (None, ' ' | '\t' | '\n') => {
                    if mem::take(&mut begun) {
                        split.words.push(mem::take(&mut split.word));
                    }
                    split.cut = 0;
                    continue;
                }
                (None, '\'' | '"') => {
                    quote = Some(character);
                    split.cut = split.word.len();
                }
                (Some(open), _) if open == character => {
                    quote = None;
                    split.cut = split.word.len();
                }
                (None, '\\') => split.word.extend(characters.next()),
                (Some('"'), '\\') => {
                    split.word.push(characters.next_if(|next| "\"\\$`".contains(*next)).unwrap_or('\\'));
                }
                // Where it breaks words, readline takes it for the begin of a host name.
                (None, '@') if breaks.contains('@') => {
                    split.cut = split.word.len();
                    split.word.push(character);
                }
                (None, _) if breaks.contains(character) => {
                    split.word.push(character);
                    split.cut = split.word.len();
                }
                _ => split.word.push(character),
            }
            begun = true;
        }
        split
    }

    fn without_program(mut self) -> Self {
        self.words.drain(..self.words.len().min(1));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    /// The words, with the part of the last one that bash leaves alone before a `^`.
    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let Line { mut words, word, cut } = Line::split(line, BREAKS);
        words.push(format!("{}^{}", &word[..cut], &word[cut..]));
        assert_eq!(words, expected, "{line}");
    }

    #[test]
    fn words_end_at_blanks() {
        check("", &["^"]);
        check("rpc-cli", &["^rpc-cli"]);
        check("  rpc-cli \t call ", &["rpc-cli", "call", "^"]);
        check("rpc-cli call '' \"\" k", &["rpc-cli", "call", "", "", "^k"]);
        check("a 'b c' d\\ e f\" \"g h", &["a", "b c", "d e", "f g", "^h"]);
    }

    #[test]
    fn bash_leaves_alone_what_stands_before_a_break() {
        check("call kv add kind=Pl", &["call", "kv", "add", "kind=^Pl"]);
        check("call :", &["call", ":^"]);
        check("a=b ", &["a=b", "^"]);
        check("call tcp:h:7", &["call", "tcp:h:^7"]);
        check("a\\=b=c\\:d", &["a=b=^c:d"]);
        check("'a=b:c", &["^a=b:c"]);
        check("x=@fi", &["x=^@fi"]);
        check("x=@a=fi", &["x=@a=^fi"]);
        check("x=\"a b", &["x=^a b"]);
        check("x='a b'c", &["x=a b^c"]);
    }

    #[test]
    fn quotes_keep_what_they_keep_in_a_shell() {
        check(r#""a\"b\\c\d""#, &[r#"a"b\c\d^"#]);
        check(r#"'a\' b"#, &[r"a\", "^b"]);
        check(r"a\", &["^a"]);
        check("\"é ü\" ö=ä", &["é ü", "ö=^ä"]);
    }

    #[test]
    fn each_shell_tells_in_its_way() {
        let told = |shell, words: &[&str]| {
            let line = Line::told(shell, &words.iter().map(OsString::from).collect::<Vec<_>>());
            (line.words, line.word, line.cut)
        };
        let expected = |word: &str, cut| (vec!["call".to_owned(), "a b".to_owned()], word.to_owned(), cut);
        assert_eq!(told(Shell::Bash, &[BREAKS, "rpc-cli call 'a b' x=\"y"]), expected("x=y", 2));
        assert_eq!(told(Shell::Zsh, &["call", "a b", "x=\"y"]), expected("x=\"y", 0));
        assert_eq!(told(Shell::Fish, &["call", "a b", "x=\"y"]), expected("x=y", 0));
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            assert_eq!(told(shell, &[]), (Vec::new(), String::new(), 0));
        }
    }
}
