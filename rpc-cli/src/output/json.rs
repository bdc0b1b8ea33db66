//! JSON in one line or in many, in colours, and with nothing in it that a terminal would act on. It is the same JSON value.
use crate::style::{KEY, LITERAL, NUMBER, STRING, Style};
use anstyle::Style as Paint;
use rpc_core::schema::is_unprintable;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use std::io::{self, Write};

/// How much of it stands in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// All.
    Line,
    /// One value.
    Lines,
}

impl Layout {
    /// Lines for a person, a line for a program.
    pub(super) fn fitting(style: Style) -> Self {
        if style.is_terminal { Self::Lines } else { Self::Line }
    }
}

/// The layout, and what is written beyond what JSON asks for.
#[derive(Debug)]
pub(super) struct Writer {
    layout: Inner,
    style: Style,
    is_key: bool,
}

#[derive(Debug)]
enum Inner {
    Line(CompactFormatter),
    Lines(PrettyFormatter<'static>),
}

impl Writer {
    pub(super) fn new(layout: Layout, style: Style) -> Self {
        let layout = match layout {
            Layout::Line => Inner::Line(CompactFormatter),
            Layout::Lines => Inner::Lines(PrettyFormatter::default()),
        };
        Self { layout, style, is_key: false }
    }

    fn begin<W: ?Sized + Write>(&self, paint: Paint, writer: &mut W) -> io::Result<()> {
        if self.style.has_colors { write!(writer, "{paint}") } else { Ok(()) }
    }

    fn end<W: ?Sized + Write>(&self, paint: Paint, writer: &mut W) -> io::Result<()> {
        if self.style.has_colors { write!(writer, "{paint:#}") } else { Ok(()) }
    }

    fn string_paint(&self) -> Paint {
        if self.is_key { KEY } else { STRING }
    }

    /// Writes text of a JSON string. Most has nothing to escape, and goes in one piece.
    fn write_shown<W: ?Sized + Write>(&self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        let unprintable = |text: &str| text.char_indices().find(|(_, character)| is_unprintable(*character));
        while let Some((at, character)) = unprintable(rest).filter(|_| self.style.is_shown()) {
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

/// Hands the layout on.
macro_rules! lay_out {
    ($($name:ident($($argument:ident: $ty:ty)?);)+) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $ty)?) -> io::Result<()> {
            match &mut self.layout {
                Inner::Line(line) => line.$name(writer $(, $argument)?),
                Inner::Lines(lines) => lines.$name(writer $(, $argument)?),
            }
        }
    )+};
}

/// Words in a colour.
macro_rules! color {
    ($($paint:ident $name:ident($($argument:ident: $ty:ty)?);)+) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $ty)?) -> io::Result<()> {
            self.begin($paint, writer)?;
            CompactFormatter.$name(writer $(, $argument)?)?;
            self.end($paint, writer)
        }
    )+};
}

impl Formatter for Writer {
    lay_out! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_value();
        end_object_value();
    }

    color! {
        LITERAL write_null();
        LITERAL write_bool(value: bool);
        NUMBER write_i32(value: i32);
        NUMBER write_i64(value: i64);
        NUMBER write_u8(value: u8);
        NUMBER write_u32(value: u32);
        NUMBER write_u64(value: u64);
        NUMBER write_f32(value: f32);
        NUMBER write_f64(value: f64);
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.is_key = true;
        match &mut self.layout {
            Inner::Line(line) => line.begin_object_key(writer, first),
            Inner::Lines(lines) => lines.begin_object_key(writer, first),
        }
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.is_key = false;
        Ok(())
    }

    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(self.string_paint(), writer)?;
        writer.write_all(b"\"")
    }

    fn end_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\"")?;
        self.end(self.string_paint(), writer)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.write_shown(writer, fragment)
    }

    /// JSON that was made before, in one line: what there is to escape can only be in its strings.
    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.write_shown(writer, fragment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use serde_json::{Value, json};

    fn written(value: &Value, layout: Layout, is_terminal: bool, has_colors: bool) -> String {
        let writer = Writer::new(layout, Style { is_terminal, has_colors });
        let mut out = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, writer)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_not_to_be_seen_is_escaped_and_the_value_stays() {
        let value = json!({"k\u{9b}": ["a\u{7f}é\u{202e}b", "\u{e0041}", "\u{1b}[31m\n"], "none": [], "{}": {}});
        let shown = r#"{
  "k\u009b": [
    "a\u007fé\u202eb",
    "\udb40\udc41",
    "\u001b[31m\n"
  ],
  "none": [],
  "{}": {}
}"#;
        assert_eq!(written(&value, Layout::Lines, true, false), shown);
        assert_eq!(serde_json::from_str::<Value>(shown).unwrap(), value);
        assert_eq!(written(&value, Layout::Line, false, false), serde_json::to_string(&value).unwrap());
        assert_eq!(written(&value, Layout::Lines, false, false), serde_json::to_string_pretty(&value).unwrap());
    }

    #[test]
    fn keys_texts_numbers_and_words_differ_in_colour() {
        let value = json!({"a": ["b", 1, -1.5, true, null]});
        let painted = "{\u{1b}[34m\"a\"\u{1b}[0m:[\u{1b}[32m\"b\"\u{1b}[0m,\u{1b}[36m1\u{1b}[0m,\
                       \u{1b}[36m-1.5\u{1b}[0m,\u{1b}[35mtrue\u{1b}[0m,\u{1b}[35mnull\u{1b}[0m]}";
        assert_eq!(written(&value, Layout::Line, false, true), painted);
        // Behind a pipe with colours there is a terminal.
        assert!(written(&json!("\u{9b}"), Layout::Line, false, true).contains("\\u009b"));
    }
}
