//! JSON for a terminal: over many lines, and with nothing in it that the terminal would act on. It is the same JSON value.
use rpc_core::schema::is_unprintable;
use serde_json::ser::{Formatter, PrettyFormatter};
use std::io::{self, Write};

/// Pretty, and escaped beyond what JSON asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct TerminalFormatter(PrettyFormatter<'static>);

/// Hands the layout on.
macro_rules! forward {
    ($($name:ident($($argument:ident: $ty:ty)?);)+) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $ty)?) -> io::Result<()> {
            self.0.$name(writer $(, $argument)?)
        }
    )+};
}

impl Formatter for TerminalFormatter {
    forward! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    /// Most text has nothing to escape, and goes in one piece.
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, character)) = rest.char_indices().find(|(_, character)| is_unprintable(*character)) {
            let (front, found) = rest.split_at(at);
            writer.write_all(front.as_bytes())?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = found.get(character.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[test]
    fn what_is_not_to_be_seen_is_escaped_and_the_value_stays() {
        let value =
            serde_json::json!({"k\u{9b}": ["a\u{7f}é\u{202e}b", "\u{e0041}", "\u{1b}[31m\n"], "none": [], "{}": {}});
        let mut out = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, TerminalFormatter::default())).unwrap();
        let text = String::from_utf8(out).unwrap();
        let shown = r#"{
  "k\u009b": [
    "a\u007fé\u202eb",
    "\udb40\udc41",
    "\u001b[31m\n"
  ],
  "none": [],
  "{}": {}
}"#;
        assert_eq!(text, shown);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
