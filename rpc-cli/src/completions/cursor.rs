//! Which part of the command line the cursor is at, found in clap's definitions as clap itself would read it.
use clap::{Arg, ArgAction, Command};

/// Where the cursor is.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    /// The innermost subcommand so far.
    pub(crate) command: &'a Command,
    /// What is completed there.
    pub(crate) spot: Spot<'a>,
    /// The options before the cursor.
    options: Vec<&'a Arg>,
    /// The words before the cursor that are neither options nor subcommands.
    values: Vec<&'a str>,
}

/// What the cursor is at.
#[derive(Debug)]
pub(crate) enum Spot<'a> {
    /// The name of an option.
    Option,
    /// The value of an option. In the same word, before it, stands `front`.
    Value { option: &'a Arg, front: &'a str },
    /// An argument without a name.
    Positional(&'a Arg),
    /// A subcommand.
    Subcommand,
    /// Whatever stands here is wrong.
    Nothing,
}

impl<'a> Cursor<'a> {
    /// At `word`, behind `words`, of the command line of `root`, which is built.
    pub(crate) fn at(root: &'a Command, words: &'a [String], word: &'a str) -> Self {
        let mut cursor = Self { command: root, spot: Spot::Option, options: Vec::new(), values: Vec::new() };
        let (mut waiting, mut only_values) = (None, false);
        for word in words {
            if waiting.take().is_some() {
                continue;
            }
            match word.strip_prefix('-') {
                Some("-") if !only_values => only_values = true,
                Some(option) if !only_values && !option.is_empty() => waiting = cursor.pass_option(option),
                _ => cursor.pass_value(word),
            }
        }
        cursor.spot = match waiting {
            Some(option) => Spot::Value { option, front: "" },
            None if !only_values && word.starts_with('-') => cursor.option_begun(word),
            None => match cursor.next_positional() {
                Some(argument) => Spot::Positional(argument),
                None if cursor.values.is_empty() => Spot::Subcommand,
                None => Spot::Nothing,
            },
        };
        cursor
    }

    /// What was written for the argument with this name.
    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        self.values_from(name).first().copied()
    }

    /// What was written for the argument with this name, and behind it.
    pub(crate) fn values_from(&self, name: &str) -> &[&'a str] {
        let at = self.command.get_positionals().position(|argument| argument.get_id() == name);
        at.and_then(|at| self.values.get(at..)).unwrap_or_default()
    }

    /// Whether an option may stand here: most may stand once.
    pub(crate) fn takes(&self, option: &Arg) -> bool {
        let repeats = matches!(option.get_action(), ArgAction::Append | ArgAction::Count);
        repeats || !self.options.iter().any(|given| given.get_id() == option.get_id())
    }

    /// Goes past an option, `text` without its first dash; gives the option whose value must follow.
    fn pass_option(&mut self, text: &str) -> Option<&'a Arg> {
        let Some(long) = text.strip_prefix('-') else { return self.pass_shorts(text) };
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let option = self.long(name)?;
        self.options.push(option);
        (value.is_none() && takes_value(option)).then_some(option)
    }

    /// Goes past `-v`, `-o json`, `-ojson` or `-vo json`.
    fn pass_shorts(&mut self, letters: &str) -> Option<&'a Arg> {
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let option = self.command.get_arguments().find(|option| option.get_short() == Some(letter))?;
            self.options.push(option);
            if takes_value(option) {
                return rest.as_str().is_empty().then_some(option);
            }
        }
        None
    }

    fn pass_value(&mut self, word: &'a str) {
        match self.command.find_subcommand(word).filter(|_| self.values.is_empty()) {
            Some(subcommand) => self.command = subcommand,
            None => self.values.push(word),
        }
    }

    /// An option's name, or, behind `--name=`, its value.
    fn option_begun(&self, word: &'a str) -> Spot<'a> {
        let named = word.split_once('=').and_then(|(name, value)| {
            let option = self.long(name.strip_prefix("--")?)?;
            Some(Spot::Value { option, front: word.strip_suffix(value)? })
        });
        named.unwrap_or(Spot::Option)
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        self.command.get_arguments().find(|option| option.get_long() == Some(name))
    }

    /// The argument that the next word is for; the last one may take many.
    fn next_positional(&self) -> Option<&'a Arg> {
        let last = self.command.get_positionals().last();
        let many = last.filter(|last| last.get_num_args().is_some_and(|count| count.max_values() > 1));
        self.command.get_positionals().nth(self.values.len()).or(many)
    }
}

fn takes_value(option: &Arg) -> bool {
    option.get_action().takes_values()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;
    use clap::CommandFactory;

    /// The subcommand, what the cursor is at, and what was written for arguments.
    fn at(line: &str) -> String {
        let mut root = Args::command();
        root.build();
        let (words, word) = line.rsplit_once(' ').unwrap_or(("", line));
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let cursor = Cursor::at(&root, &words, word);
        let spot = match cursor.spot {
            Spot::Option => "option".to_owned(),
            Spot::Value { option, front } => format!("{front}{}", option.get_id()),
            Spot::Positional(argument) => argument.get_id().to_string(),
            Spot::Subcommand => "subcommand".to_owned(),
            Spot::Nothing => "nothing".to_owned(),
        };
        format!("{} {spot} {}", cursor.command.get_name(), cursor.values.join(" ")).trim_end().to_owned()
    }

    #[test]
    fn arguments_are_counted() {
        assert_eq!(at(""), "rpc-cli subcommand");
        assert_eq!(at("ca"), "rpc-cli subcommand");
        assert_eq!(at("call "), "call address");
        assert_eq!(at("call kv "), "call method kv");
        assert_eq!(at("call call ping "), "call arguments call ping");
        assert_eq!(at("call kv get a=1 b="), "call arguments kv get a=1");
        assert_eq!(at("describe kv g"), "describe item kv");
        assert_eq!(at("ping kv "), "ping nothing kv");
        assert_eq!(at("completions "), "completions shell");
        assert_eq!(at("man "), "man directory");
    }

    #[test]
    fn options_stand_anywhere() {
        assert_eq!(at("--errors json call kv g"), "call method kv");
        assert_eq!(at("--errors=json -v call -o raw --timeout 1s kv g"), "call method kv");
        assert_eq!(at("call kv --timeout 1s get -vo json a"), "call arguments kv get");
        assert_eq!(at("call -ojson --verbose kv g"), "call method kv");
        assert_eq!(at("call --no-such kv -Z g"), "call method kv");
        assert_eq!(at("call kv get - "), "call arguments kv get -");
        assert_eq!(at("call -- kv -g"), "call method kv");
        assert_eq!(at("call -- -kv --g=a"), "call method -kv");
    }

    #[test]
    fn options_and_their_values_are_completed() {
        assert_eq!(at("-"), "rpc-cli option");
        assert_eq!(at("call kv --t"), "call option kv");
        assert_eq!(at("--errors j"), "rpc-cli errors");
        assert_eq!(at("call -o "), "call output");
        assert_eq!(at("call -vo "), "call output");
        assert_eq!(at("call kv --big-ints=s"), "call --big-ints=big_ints kv");
        assert_eq!(at("call --timeout "), "call timeout");
        assert_eq!(at("call --no-such=1"), "call option");
    }

    #[test]
    fn most_options_stand_once() {
        let mut root = Args::command();
        root.build();
        let words = ["call", "-v", "--errors", "json"].map(str::to_owned);
        let cursor = Cursor::at(&root, &words, "-");
        let once = |name| cursor.long(name).is_some_and(|option| cursor.takes(option));
        assert_eq!(["verbose", "errors", "color", "output"].map(once), [false, false, true, true]);
    }
}
