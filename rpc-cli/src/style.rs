//! What a stream may be given: colours, and what for.
use crate::args::Color;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Effects, Style as Paint};
use std::io::{self, IsTerminal};
use unicode_width::UnicodeWidthStr;

/// A failure, and the place of a mistake.
pub(crate) const ERROR: Paint = AnsiColor::Red.on_default().effects(Effects::BOLD);
/// The head of a table.
pub(crate) const HEADING: Paint = Paint::new().effects(Effects::BOLD);
/// Words of the language: `fn`, `struct`.
pub(crate) const KEYWORD: Paint = AnsiColor::Blue.on_default().effects(Effects::BOLD);
/// Documentation, and what is beside the point.
pub(crate) const DOC: Paint = AnsiColor::BrightBlack.on_default();
/// The name of a field.
pub(crate) const KEY: Paint = AnsiColor::Blue.on_default();
/// A text.
pub(crate) const STRING: Paint = AnsiColor::Green.on_default();
/// A number.
pub(crate) const NUMBER: Paint = AnsiColor::Cyan.on_default();
/// null, true and false.
pub(crate) const LITERAL: Paint = AnsiColor::Magenta.on_default();

/// What stdout or stderr may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// A person reads it.
    pub(crate) is_terminal: bool,
    /// It may have colours.
    pub(crate) has_colors: bool,
}

impl Style {
    pub(crate) fn of_stdout(color: Color) -> Self {
        let stdout = io::stdout();
        Self { is_terminal: stdout.is_terminal(), has_colors: has_colors(color, || AutoStream::choice(&stdout)) }
    }

    pub(crate) fn of_stderr(color: Color) -> Self {
        let stderr = io::stderr();
        Self { is_terminal: stderr.is_terminal(), has_colors: has_colors(color, || AutoStream::choice(&stderr)) }
    }

    /// Whether what a server says must not act on it: on a terminal, and on one behind a pipe that colours were asked for.
    pub(crate) fn is_shown(self) -> bool {
        self.is_terminal || self.has_colors
    }

    /// Text in a colour, if it may have one.
    pub(crate) fn paint(self, paint: Paint, text: &str) -> String {
        match self.has_colors {
            true => format!("{paint}{text}{paint:#}"),
            false => text.to_owned(),
        }
    }
}

/// `choice` knows the terminal, $NO_COLOR, $CLICOLOR_FORCE and $TERM.
fn has_colors(color: Color, choice: impl Fn() -> ColorChoice) -> bool {
    match color {
        Color::Auto => choice() != ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    }
}

/// How many columns of a terminal a text takes: two for a character of Chinese, none for an accent by itself.
pub(crate) fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}
