//! A peer's text, made harmless for a terminal.
use std::fmt::Write;

/// Whether a character would act on a terminal, or hide or reorder the text around it, instead of being seen.
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        // Zero-width characters, line separators and marks that turn the direction of text.
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        // Blanks that are none, and marks of annotations.
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{3164}' | '\u{fff9}'..='\u{fffb}')
        // Tags and variants, which no terminal shows; but for the two variants that many emoji have.
        || matches!(character, '\u{e0000}'..='\u{e007f}' | '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}')
}

/// `text` as one harmless line: what is not to be seen, line ends among it, is written as `\u{…}`.
///
/// ```
/// use rpc_core::schema::escaped;
/// assert_eq!(escaped("red: \u{1b}[31m"), "red: \\u{1b}[31m");
/// assert_eq!(escaped("a\u{ad}b\u{3164}\u{e0100}"), "a\\u{ad}b\\u{3164}\\u{e0100}");
/// ```
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(&mut out, text);
    out
}

/// Names longer than this are cut short: a line of text is for reading.
const NAME_CHARS_MAX: usize = 256;

/// Appends a name, with what is not to be seen written as `\u{…}`.
pub(crate) fn push_name(out: &mut String, name: &str) {
    match name.char_indices().nth(NAME_CHARS_MAX) {
        None => push_escaped(out, name),
        Some((cut, _)) => {
            push_escaped(out, name.get(..cut).unwrap_or_default());
            out.push('…');
        }
    }
}

/// Appends `text`, with what is not to be seen written as `\u{…}`.
pub(crate) fn push_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        if is_unprintable(character) {
            // Writing to a string does not fail.
            let _ = write!(out, "{}", character.escape_unicode());
        } else {
            out.push(character);
        }
    }
}
