//! A service in Rust-like text, for a person at a shell.
//!
//! ```text
//! /// A key-value store.
//! service Kv {
//!     /// Looks up one key.
//!     #[rpc(idempotent)]
//!     fn get(key: String) -> Option<Entry>;
//! }
//!
//! struct Entry {
//!     key: String,
//! }
//! ```
use super::{
    Body, Field, MethodSchema, ServiceSchema, Shape, Type, TypeId, Types, Variant,
    escape::{push_escaped, push_name},
    name::result_of,
};
use std::{collections::HashSet, fmt};

/// A schema of usual size is some pages long. A hostile one ends here, with `…`.
const TEXT_BYTES_MAX: usize = 1 << 20;

impl fmt::Display for ServiceSchema {
    /// The whole service: its methods, then the types they use, all with their docs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut page = Page { types: &self.types, text: String::new() };
        page.doc("", &self.doc);
        page.line(|_, text| {
            text.push_str("service ");
            push_name(text, &self.name);
            text.push_str(" {");
        });
        for (index, method) in self.methods.iter().enumerate() {
            page.text.push_str(if index == 0 { "" } else { "\n" });
            page.method("    ", method, ";");
        }
        page.text.push_str("}\n");
        for id in self.types_used() {
            page.text.push('\n');
            page.definition(id);
        }
        f.write_str(&page.finish())
    }
}

impl ServiceSchema {
    /// The method with this name.
    pub fn method(&self, name: &str) -> Option<&MethodSchema> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// One method with its docs, `fn add(a: i64, b: i64) -> Result<i64, CalcError>`, then the types that it uses.
    pub fn describe_method(&self, method: &MethodSchema) -> String {
        let mut page = Page { types: &self.types, text: String::new() };
        page.method("", method, "");
        for id in self.types_used_by(std::slice::from_ref(method)) {
            page.text.push('\n');
            page.definition(id);
        }
        page.finish()
    }

    /// The types with this name, with their docs; more than one if two modules have a type of one name. `None` if no method
    /// uses one.
    pub fn describe_type(&self, name: &str) -> Option<String> {
        let mut page = Page { types: &self.types, text: String::new() };
        for id in self.types_used().into_iter().filter(|id| self.types.own_name(*id) == Some(name)) {
            page.text.push_str(if page.text.is_empty() { "" } else { "\n" });
            page.definition(id);
        }
        (!page.text.is_empty()).then(|| page.finish())
    }

    /// The structs and enums that the methods mention, in the order in which a reader meets them.
    pub fn types_used(&self) -> Vec<TypeId> {
        self.types_used_by(&self.methods)
    }

    fn types_used_by(&self, methods: &[MethodSchema]) -> Vec<TypeId> {
        let mut todo = Vec::new();
        for method in methods.iter().rev() {
            todo.push(method.returns);
            todo.extend(method.stream);
            todo.extend(method.accepts);
            todo.extend(method.arguments.iter().rev().map(|argument| argument.ty));
        }
        let (mut seen, mut used) = (HashSet::new(), Vec::new());
        while let Some(id) = todo.pop() {
            let Some(ty) = self.types.get(id) else { continue };
            if !seen.insert(id) {
                continue;
            }
            if self.types.own_name(id).is_some() {
                used.push(id);
            }
            let before = todo.len();
            push_parts(&mut todo, ty);
            // The list is a stack: turned round, the first part is met first.
            todo.get_mut(before..).unwrap_or_default().reverse();
        }
        used
    }
}

impl MethodSchema {
    /// `get(key: String) -> Option<String>`, with the types of its service. Items stand where they travel:
    /// `lookup(fallback: String, accepts String) -> stream Entry, then u64`.
    pub fn signature(&self, types: &Types) -> String {
        let mut text = String::new();
        push_name(&mut text, &self.name);
        text.push('(');
        for (index, Field { name, ty, .. }) in self.arguments.iter().enumerate() {
            if text.len() > TEXT_BYTES_MAX {
                text.push('…');
                break;
            }
            text.push_str(if index == 0 { "" } else { ", " });
            push_name(&mut text, name);
            text.push_str(": ");
            text.push_str(&types.name_of(*ty));
        }
        if let Some(items) = self.accepts {
            let comma = if self.arguments.is_empty() { "" } else { ", " };
            text.extend([comma, "accepts ", &types.name_of(items)]);
        }
        text.push(')');
        let mut link = " -> ";
        if let Some(items) = self.stream {
            text.extend([link, "stream ", &types.name_of(items)]);
            link = ", then ";
        }
        if types.get(self.returns) != Some(&Type::Unit) {
            text.extend([link, &types.name_of(self.returns)]);
        }
        text
    }
}

impl Types {
    /// The name of a struct or enum that a service defines: not `Result`, which everybody knows.
    fn own_name(&self, id: TypeId) -> Option<&str> {
        match self.get(id)? {
            Type::Enum { name, variants, .. } if result_of(name, variants).is_some() => None,
            Type::Struct { name, .. } | Type::Enum { name, .. } => Some(name),
            _ => None,
        }
    }
}

pub(super) fn push_parts(todo: &mut Vec<TypeId>, ty: &Type) {
    match ty {
        Type::Option(id) | Type::Sequence(id) | Type::Array(id, _) => todo.push(*id),
        Type::Tuple(ids) => todo.extend(ids),
        Type::Map(key, value) => todo.extend([key, value]),
        Type::Struct { body, .. } => push_body_parts(todo, body),
        Type::Enum { variants, .. } => variants.iter().for_each(|variant| push_body_parts(todo, &variant.body)),
        _ => {}
    }
}

fn push_body_parts(todo: &mut Vec<TypeId>, body: &Body) {
    match body {
        Body::Unit => {}
        Body::Newtype(id) => todo.push(*id),
        Body::Tuple(ids) => todo.extend(ids),
        Body::Fields(fields) => todo.extend(fields.iter().map(|field| field.ty)),
    }
}

/// Text on its way, which stops growing at [`TEXT_BYTES_MAX`].
struct Page<'a> {
    types: &'a Types,
    text: String,
}

impl Page<'_> {
    fn finish(mut self) -> String {
        if self.text.len() > TEXT_BYTES_MAX {
            self.text.push_str("…\n");
        }
        self.text
    }

    fn line(&mut self, write: impl FnOnce(&Types, &mut String)) {
        if self.text.len() <= TEXT_BYTES_MAX {
            write(self.types, &mut self.text);
            self.text.push('\n');
        }
    }

    fn doc(&mut self, indent: &str, doc: &str) {
        for line in doc.lines() {
            self.line(|_, text| {
                text.push_str(indent);
                text.push_str("///");
                text.push_str(if line.is_empty() || line.starts_with(' ') { "" } else { " " });
                push_escaped(text, line);
            });
        }
    }

    fn method(&mut self, indent: &str, method: &MethodSchema, end: &str) {
        self.doc(indent, &method.doc);
        let hints = hints(method);
        if !hints.is_empty() {
            self.line(|_, text| text.extend([indent, "#[rpc(", &hints.join(", "), ")]"]));
        }
        self.line(|types, text| text.extend([indent, "fn ", &method.signature(types), end]));
    }

    fn definition(&mut self, id: TypeId) {
        match self.types.get(id) {
            Some(Type::Struct { name, doc, body }) => {
                self.doc("", doc);
                self.item("", "struct ", name, body, if matches!(body, Body::Fields(_)) { "" } else { ";" });
            }
            Some(Type::Enum { name, doc, variants }) => {
                self.doc("", doc);
                self.line(|_, text| {
                    text.push_str("enum ");
                    push_name(text, name);
                    text.push_str(" {");
                });
                for Variant { name, doc, body } in variants {
                    self.doc("    ", doc);
                    self.item("    ", "", name, body, ",");
                }
                self.line(|_, text| text.push('}'));
            }
            _ => {}
        }
    }

    /// A struct or a variant.
    fn item(&mut self, indent: &str, keyword: &str, name: &str, body: &Body, end: &str) {
        let head = |text: &mut String| {
            text.push_str(indent);
            text.push_str(keyword);
            push_name(text, name);
        };
        match body {
            Body::Fields(fields) => {
                self.line(|_, text| {
                    head(text);
                    text.push_str(" {");
                });
                for Field { name, doc, ty } in fields {
                    let indent = format!("{indent}    ");
                    self.doc(&indent, doc);
                    self.line(|types, text| {
                        text.push_str(&indent);
                        push_name(text, name);
                        text.extend([": ", &types.name_of(*ty), ","]);
                    });
                }
                self.line(|_, text| text.extend([indent, "}", end]));
            }
            Body::Unit => self.line(|_, text| {
                head(text);
                text.push_str(end);
            }),
            Body::Newtype(id) => self.unnamed(head, &[*id], end),
            Body::Tuple(ids) => self.unnamed(head, ids, end),
        }
    }

    fn unnamed(&mut self, head: impl FnOnce(&mut String), ids: &[TypeId], end: &str) {
        self.line(|types, text| {
            head(text);
            text.push('(');
            for (index, id) in ids.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                text.push_str(&types.name_of(*id));
                if text.len() > TEXT_BYTES_MAX {
                    break;
                }
            }
            text.push(')');
            text.push_str(end);
        });
    }
}

/// What stands in `#[rpc(…)]`, apart from the answer's type, which the signature tells.
fn hints(method: &MethodSchema) -> Vec<String> {
    let mut hints = Vec::new();
    match method.shape {
        Shape::Unary | Shape::Stream | Shape::Upload | Shape::Duplex => {}
        Shape::OneWay => hints.push("oneway".to_owned()),
    }
    if method.idempotent {
        hints.push("idempotent".to_owned());
    }
    if let Some(timeout) = method.timeout {
        hints.push(format!("timeout = \"{timeout:?}\""));
    }
    hints
}
