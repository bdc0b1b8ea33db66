//! A terminal that shows one text after the other at the same place.
use crate::style::columns;
use crate::window::Window;

/// To the first place; what is right of a line that is written goes, and at the end what is below.
const HOME: &str = "\u{1b}[H";
const LINE_END: &str = "\u{1b}[K\r\n";
const TEXT_END: &str = "\u{1b}[J";

/// Signs with which colours begin and end.
const COLOR: char = '\u{1b}';

/// The text in place of the one before; what does not fit would move it away, and is left out.
pub(super) fn redrawn(text: &str) -> String {
    drawn(text, Window::of_stdout())
}

fn drawn(text: &str, size: Option<Window>) -> String {
    // The last line stays empty: a line end there would scroll.
    let rows = size.map_or(usize::MAX, |size| size.rows.saturating_sub(1));
    let width = size.map_or(usize::MAX, |size| size.columns);
    let mut drawn = HOME.to_owned();
    for line in text.lines().take(rows) {
        drawn.extend([&*cut(line, width), LINE_END]);
    }
    drawn + TEXT_END
}

/// As much of a line as is so wide. Colours take no place, and one that was begun is ended.
fn cut(line: &str, width: usize) -> String {
    let (mut cut, mut used, mut in_color) = (String::new(), 0, false);
    for sign in line.chars() {
        let is_color = in_color || sign == COLOR;
        in_color = is_color && sign != 'm';
        if !is_color {
            used += columns(sign.encode_utf8(&mut [0; 4]));
        }
        if is_color || used <= width {
            cut.push(sign);
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out() {
        let size = Window { rows: 3, columns: 4 };
        assert_eq!(
            drawn("abcdef\n日本語\nthird\n", Some(size)),
            format!("\u{1b}[Habcd{LINE_END}日本{LINE_END}\u{1b}[J")
        );
        assert_eq!(drawn("abcdef\n", None), format!("\u{1b}[Habcdef{LINE_END}\u{1b}[J"));
    }

    #[test]
    fn colours_take_no_place() {
        assert_eq!(cut("\u{1b}[1mabcdef\u{1b}[0m", 3), "\u{1b}[1mabc\u{1b}[0m");
    }
}
