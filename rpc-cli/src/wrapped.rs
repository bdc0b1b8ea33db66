//! Text that is broken into lines.
use crate::style::columns;

/// A text in lines of `width` columns, of which the first begins with `indent` blanks, and the others with `hang`. A word that
/// is longer than a line has one for itself.
pub(crate) fn wrapped(text: &str, indent: usize, hang: usize, width: usize) -> String {
    let mut lines = " ".repeat(indent);
    let mut used = indent;
    let mut is_first_word = true;
    for word in text.split(' ') {
        if !is_first_word && used + 1 + columns(word) > width {
            lines.extend(["\n", &" ".repeat(hang)]);
            used = hang;
        } else if !is_first_word {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += columns(word);
        is_first_word = false;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", 0, 2, 100), "one two three\n");
        assert_eq!(wrapped("one two three", 0, 2, 7), "one two\n  three\n");
        assert_eq!(wrapped("one two three", 1, 2, 7), " one\n  two\n  three\n");
        assert_eq!(wrapped("日本 日本", 0, 0, 8), "日本\n日本\n", "wide signs take two columns");
    }

    #[test]
    fn a_long_word_is_not_cut() {
        assert_eq!(wrapped("incomprehensible a", 4, 4, 8), "    incomprehensible\n    a\n");
    }
}
