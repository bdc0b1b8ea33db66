//! What a shell is told. Much of it is a server's text or the name of a file, which anybody may have made.
use crate::args::Shell;
use rpc_core::schema::escaped;

/// More than anybody reads; no shell has trouble with so many.
const CANDIDATES_MAX: usize = 1000;

/// A description stands in one line of a terminal beside its candidate.
const DESCRIPTION_CHARS_MAX: usize = 80;

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The whole word.
    pub(crate) text: String,
    /// What it is, in one harmless line; may be empty.
    pub(crate) description: String,
}

/// The ways to go on from a word.
#[derive(Debug)]
pub(crate) struct Candidates<'a> {
    /// What is there already.
    pub(crate) word: &'a str,
    list: Vec<Candidate>,
}

impl<'a> Candidates<'a> {
    pub(crate) fn new(word: &'a str) -> Self {
        Self { word, list: Vec::new() }
    }

    /// Adds `text` if it goes on from the word, is harmless, and there is room.
    pub(crate) fn add(&mut self, text: impl Into<String>, description: &str) {
        self.add_with(text, || description.to_owned());
    }

    /// The same with a description that is only made if it is needed.
    pub(crate) fn add_with(&mut self, text: impl Into<String>, describe: impl FnOnce() -> String) {
        let text = text.into();
        if text.starts_with(self.word) && is_harmless(&text) && self.list.len() < CANDIDATES_MAX {
            self.list.push(Candidate { text, description: one_line(&describe()) });
        }
    }

    pub(crate) fn into_list(self) -> Vec<Candidate> {
        self.list
    }
}

/// Whether a name may stand at the start of a word: not an option, a home directory, or a command of zsh.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Whether no shell sees more in a word than its characters.
fn is_harmless(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_alphanumeric() || "_-.:=@/+,[]".contains(character))
}

/// The first line, escaped and cut.
fn one_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    // What is cut off anyway need not be escaped first.
    let line = escaped(&line.chars().take(DESCRIPTION_CHARS_MAX + 1).collect::<String>());
    match line.char_indices().nth(DESCRIPTION_CHARS_MAX) {
        None => line,
        Some(_) => line.chars().take(DESCRIPTION_CHARS_MAX - 1).chain(['…']).collect(),
    }
}

/// The candidates as the script of `shell` reads them, one a line. Bash gets no descriptions, which it does not show,
/// and of each candidate only what follows the first `cut` bytes, which it does not take for a part of the word.
pub(crate) fn printed(candidates: &[Candidate], shell: Shell, cut: usize) -> String {
    let line = |Candidate { text, description }: &Candidate| match (shell, description.as_str()) {
        (Shell::Bash, _) => format!("{}\n", text.get(cut..).unwrap_or_default()),
        (Shell::Zsh | Shell::Fish, "") => format!("{text}\n"),
        (Shell::Zsh | Shell::Fish, _) => format!("{text}\t{description}\n"),
    };
    candidates.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_act_on_is_left_out() {
        let mut found = Candidates::new("");
        let hostile = ["", "a b", "$(id)", "`id`", "a;b", "a|b", "a&b", "a>b", "a*", "a?", "~", "a'b", "a\"b", "a\\b"];
        let worse = ["a\nb", "a\tb", "\u{1b}[31m", "!1", "{a,b}", "#a", "a%b", "^a", "a\u{202e}b", "a\u{200b}b", "(a)"];
        for text in hostile.into_iter().chain(worse) {
            found.add(text, "");
        }
        assert_eq!(found.into_list(), []);
    }

    #[test]
    fn what_does_not_go_on_from_the_word_is_left_out() {
        let mut found = Candidates::new("ge");
        for text in ["get", "set", "g", "ge", "Kv.get"] {
            found.add(text, "");
        }
        let texts: Vec<String> = found.into_list().into_iter().map(|candidate| candidate.text).collect();
        assert_eq!(texts, ["get", "ge"]);
    }

    #[test]
    fn there_is_an_end_to_them() {
        let mut found = Candidates::new("");
        (0..5000).for_each(|index| found.add(index.to_string(), ""));
        assert_eq!(found.into_list().len(), CANDIDATES_MAX);
    }

    #[test]
    fn descriptions_are_one_short_harmless_line() {
        assert_eq!(
            one_line(" Red: \u{1b}[31m\u{202e}\tand more.\nSecond."),
            "Red: \\u{1b}[31m\\u{202e}\\u{9}and more."
        );
        assert_eq!(one_line(&"é".repeat(80)), "é".repeat(80));
        assert_eq!(one_line(&"é".repeat(81)), "é".repeat(79) + "…");
        assert_eq!(one_line(&"\u{1b}".repeat(100_000)).chars().count(), 80);
        assert_eq!(one_line(""), "");
    }

    #[test]
    fn each_shell_has_its_form() {
        let list = [("kind=Plain", "None."), ("kind=Other", "")];
        let list = list.map(|(text, of)| Candidate { text: text.to_owned(), description: of.to_owned() });
        assert_eq!(printed(&list, Shell::Bash, 5), "Plain\nOther\n");
        assert_eq!(printed(&list, Shell::Zsh, 0), "kind=Plain\tNone.\nkind=Other\n");
        assert_eq!(printed(&list, Shell::Fish, 0), "kind=Plain\tNone.\nkind=Other\n");
    }
}
