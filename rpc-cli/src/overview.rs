//! What a server can do, a line a method: the signature, and the first line of its doc beside it.
use crate::method::Method;
use crate::style::columns;
use crate::wrapped::wrapped;
use rpc_core::schema::{ServiceSchema, Shape, escaped};
use serde::{Serialize, Serializer};
use std::fmt;

/// Docs of a service begin in one column, unless a signature is longer than this.
const SIGNATURE_WIDTH_MAX: usize = 60;

/// A signature that is longer is cut short: `describe` shows all of it.
const SIGNATURE_CHARS_MAX: usize = 4096;

/// The methods of all services.
#[derive(Debug)]
pub(crate) struct Overview<'a> {
    services: &'a [ServiceSchema],
    /// The terminal's.
    width: Option<usize>,
}

/// One method, as a program reads it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    service: &'a str,
    method: &'a str,
    signature: String,
    /// The first line.
    doc: &'a str,
    shape: Shape,
}

impl<'a> Overview<'a> {
    /// For a terminal of so many columns, or for whoever takes lines of any length.
    pub(crate) fn of(services: &'a [ServiceSchema], width: Option<usize>) -> Self {
        Self { services, width }
    }
}

impl Serialize for Overview<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.services.iter().flat_map(Method::all).map(|method| Row {
            service: &method.service.name,
            method: &method.schema.name,
            signature: method.signature(),
            doc: first_line(&method.schema.doc),
            shape: method.schema.shape,
        }))
    }
}

impl fmt::Display for Overview<'_> {
    /// Services are headings if there is more than one. Docs stand beside the signatures, or, where that is too wide for the
    /// terminal, below them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_alone = self.services.len() == 1;
        let indent = if is_alone { 0 } else { 2 };
        let sections: Vec<_> = self.services.iter().map(Section::of).collect();
        let below = self.width.filter(|width| sections.iter().any(|section| indent + section.width() > *width));
        for section in &sections {
            if !is_alone {
                writeln!(f, "{}", section.name)?;
            }
            match below {
                None => section.in_columns(f, indent)?,
                Some(width) => section.in_lines(f, indent, width)?,
            }
        }
        Ok(())
    }
}

/// The methods of one service.
struct Section {
    name: String,
    /// Signatures, and the first lines of their docs.
    rows: Vec<(String, String)>,
    /// Where docs begin.
    doc_column: usize,
}

impl Section {
    fn of(service: &ServiceSchema) -> Self {
        let row = |method: Method<'_>| (signature(method), escaped(first_line(&method.schema.doc)));
        let rows: Vec<_> = Method::all(service).map(row).collect();
        let widths = rows.iter().map(|(signature, _)| columns(signature));
        let width = widths.filter(|width| *width <= SIGNATURE_WIDTH_MAX).max().unwrap_or_default();
        Self { name: escaped(&service.name), rows, doc_column: width + 2 }
    }

    /// Of all that stands in columns.
    fn width(&self) -> usize {
        let width = |(signature, doc): &(String, String)| match &**doc {
            "" => columns(signature),
            doc => (columns(signature) + 2).max(self.doc_column) + columns(doc),
        };
        self.rows.iter().map(width).max().unwrap_or_default()
    }

    fn in_columns(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        for (signature, doc) in &self.rows {
            let blanks = self.doc_column.saturating_sub(columns(signature)).max(2);
            let row = format!("{:indent$}{signature}{:blanks$}{doc}", "", "");
            writeln!(f, "{}", row.trim_end())?;
        }
        Ok(())
    }

    fn in_lines(&self, f: &mut fmt::Formatter<'_>, indent: usize, width: usize) -> fmt::Result {
        for (signature, doc) in &self.rows {
            // Further than the doc: it is not to be taken for one.
            f.write_str(&wrapped(signature, indent, indent + 8, width))?;
            if !doc.is_empty() {
                f.write_str(&wrapped(doc, indent + 4, indent + 4, width))?;
            }
        }
        Ok(())
    }
}

/// The signature, and a mark of what it does not show. It is one line of many.
fn signature(method: Method<'_>) -> String {
    let mut signature = method.signature();
    if let Some((cut, _)) = signature.char_indices().nth(SIGNATURE_CHARS_MAX) {
        signature.truncate(cut);
        signature.push('…');
    }
    match method.schema.shape {
        Shape::OneWay => signature + " [oneway]",
        _ => signature,
    }
}

fn first_line(doc: &str) -> &str {
    doc.lines().next().unwrap_or_default().trim()
}
