//! Rust-like text in colours, line by line: docs and attributes recede, the word that begins an item stands out.
use crate::style::{DOC, KEYWORD, Style};

/// The words that begin an item.
const KEYWORDS: [&str; 4] = ["service", "fn", "struct", "enum"];

/// The same text, painted.
pub(super) fn painted(text: &str, style: Style) -> String {
    if !style.has_colors {
        return text.to_owned();
    }
    text.lines().map(|line| painted_line(line, style) + "\n").collect()
}

fn painted_line(line: &str, style: Style) -> String {
    let inside = line.trim_start();
    let (indent, _) = line.split_at(line.len() - inside.len());
    let painted = match inside.split_once(' ') {
        _ if inside.starts_with("//") || inside.starts_with("#[") => style.paint(DOC, inside),
        Some((word, rest)) if KEYWORDS.contains(&word) => format!("{} {rest}", style.paint(KEYWORD, word)),
        _ => inside.to_owned(),
    };
    format!("{indent}{painted}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_and_keywords() {
        let text = "/// A doc.\nservice Kv {\n    #[rpc(oneway)]\n    fn get();\n}\n";
        let style = Style { is_terminal: true, has_colors: true };
        let shown = "\u{1b}[90m/// A doc.\u{1b}[0m\n\u{1b}[1m\u{1b}[34mservice\u{1b}[0m Kv {\n    \
                     \u{1b}[90m#[rpc(oneway)]\u{1b}[0m\n    \u{1b}[1m\u{1b}[34mfn\u{1b}[0m get();\n}\n";
        assert_eq!(painted(text, style), shown);
        assert_eq!(painted(text, Style { is_terminal: true, has_colors: false }), text);
    }
}
