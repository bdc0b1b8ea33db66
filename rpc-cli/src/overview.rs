//! What a server can do, a line a method: the signature, and the first line of its doc beside it.
use crate::method::Method;
use crate::style::columns;
use rpc_core::schema::{ServiceSchema, Shape, escaped};
use serde::{Serialize, Serializer};
use std::fmt;

/// Docs begin in one column, unless a signature is longer than this.
const SIGNATURE_WIDTH_MAX: usize = 60;

/// A signature that is longer is cut short: `describe` shows all of it.
const SIGNATURE_CHARS_MAX: usize = 4096;

/// The methods of all services.
#[derive(Debug)]
pub(crate) struct Overview<'a> {
    services: &'a [ServiceSchema],
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
    pub(crate) fn of(services: &'a [ServiceSchema]) -> Self {
        Self { services }
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
    /// Services are headings if there is more than one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_alone = self.services.len() == 1;
        let indent = if is_alone { "" } else { "  " };
        let all = self.services.iter().flat_map(Method::all);
        let widths = all.map(|method| columns(&signature(method)));
        let width = widths.filter(|width| *width <= SIGNATURE_WIDTH_MAX).max().unwrap_or_default();
        for service in self.services {
            if !is_alone {
                writeln!(f, "{}", escaped(&service.name))?;
            }
            for method in Method::all(service) {
                let (signature, doc) = (signature(method), escaped(first_line(&method.schema.doc)));
                let blanks = " ".repeat(width.saturating_sub(columns(&signature)));
                writeln!(f, "{}", format!("{indent}{signature}{blanks}  {doc}").trim_end())?;
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
