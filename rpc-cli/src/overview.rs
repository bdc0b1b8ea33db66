//! What a server can do, a line a method: the signature, and the first line of its doc beside it.
use crate::method::Method;
use rpc_core::schema::{ServiceSchema, Shape, escaped};
use serde::{Serialize, Serializer};
use std::fmt;

/// Docs begin in one column, unless a signature is longer than this.
const SIGNATURE_CHARS_MAX: usize = 60;

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
        let chars = |method| signature(method).chars().count();
        let all = self.services.iter().flat_map(Method::all);
        let width = all.map(chars).filter(|chars| *chars <= SIGNATURE_CHARS_MAX).max().unwrap_or_default();
        for service in self.services {
            if !is_alone {
                writeln!(f, "{}", escaped(&service.name))?;
            }
            for method in Method::all(service) {
                let (signature, doc) = (signature(method), escaped(first_line(&method.schema.doc)));
                writeln!(f, "{}", format!("{indent}{signature:width$}  {doc}").trim_end())?;
            }
        }
        Ok(())
    }
}

/// The signature, and a mark of what it does not show.
fn signature(method: Method<'_>) -> String {
    match method.schema.shape {
        Shape::OneWay => format!("{} [oneway]", method.signature()),
        _ => method.signature(),
    }
}

fn first_line(doc: &str) -> &str {
    doc.lines().next().unwrap_or_default().trim()
}
