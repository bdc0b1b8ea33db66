//! What the command line itself defines: subcommands, options, and values that are one of a few.
use super::candidate::Candidates;
use super::cursor::Cursor;
use clap::builder::StyledStr;
use clap::{Arg, Command};

/// The options that may still stand here, by their long names.
pub(crate) fn names(cursor: &Cursor<'_>, found: &mut Candidates<'_>) {
    for option in cursor.command.get_arguments().filter(|option| !option.is_hide_set() && cursor.takes(option)) {
        if let Some(long) = option.get_long() {
            found.add(format!("--{long}"), &text(option.get_help()));
        }
    }
}

/// The values that `argument` knows, each behind `front`.
pub(crate) fn values(argument: &Arg, front: &str, found: &mut Candidates<'_>) {
    for value in argument.get_possible_values().iter().filter(|value| !value.is_hide_set()) {
        found.add(format!("{front}{}", value.get_name()), &text(value.get_help()));
    }
}

/// The subcommands of `command`.
pub(crate) fn subcommands(command: &Command, found: &mut Candidates<'_>) {
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        found.add(subcommand.get_name(), &text(subcommand.get_about()));
    }
}

fn text(help: Option<&StyledStr>) -> String {
    help.map(ToString::to_string).unwrap_or_default()
}
