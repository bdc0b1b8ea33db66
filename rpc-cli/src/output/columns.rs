//! JSON as a table: a row for each item of a list, or for each field of an object.
use crate::table::Table;
use rpc_core::schema::escaped;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{fmt, io};

/// More columns than this are no table.
const COLUMNS_MAX: usize = 64;

/// The head of a column that has no name of its own.
const VALUE: &str = "VALUE";

/// The table of a JSON text, in which nothing acts on a terminal. Its numbers stay as they are written.
pub(super) fn table(text: &str) -> io::Result<String> {
    let value: &RawValue = serde_json::from_str(text)?;
    Ok(match value.get().as_bytes().first() {
        Some(b'[') => list(&serde_json::from_str::<Vec<&RawValue>>(value.get())?)?,
        Some(b'{') => object(&serde_json::from_str::<Object<'_>>(value.get())?),
        _ => cell(value) + "\n",
    })
}

fn list(items: &[&RawValue]) -> io::Result<String> {
    if items.is_empty() {
        return Ok(String::new());
    }
    let rows = items.iter().map(|item| fields(item)).collect::<io::Result<Option<Vec<Object<'_>>>>>()?;
    let (Some(rows), Some(names)) = (&rows, rows.as_deref().and_then(names)) else {
        let mut table = Table::new(&[VALUE]);
        items.iter().for_each(|item| table.row(vec![cell(item)]));
        return Ok(table.to_string());
    };
    let heads: Vec<String> = names.iter().map(|name| escaped(&name.to_uppercase())).collect();
    let mut table = Table::new(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    for row in rows {
        table.row(row.0.iter().map(|(_, raw)| cell(raw)).collect());
    }
    Ok(table.to_string())
}

/// The fields of an item, if it has any by name.
fn fields<'a>(item: &&'a RawValue) -> io::Result<Option<Object<'a>>> {
    let is_object = item.get().starts_with('{');
    Ok(is_object.then(|| serde_json::from_str(item.get())).transpose()?)
}

/// The names of all rows, if they are the same in all and make a table: those of structs. If variants or maps had columns
/// of their own, a row without a byte would still have a cell in each.
fn names<'a>(rows: &'a [Object<'_>]) -> Option<Vec<&'a str>> {
    let names: Vec<&str> = rows.first()?.names().collect();
    let is_table = (1..=COLUMNS_MAX).contains(&names.len());
    (is_table && rows.iter().all(|row| row.names().eq(names.iter().copied()))).then_some(names)
}

fn object(object: &Object<'_>) -> String {
    let mut table = Table::new(&["NAME", VALUE]);
    for (name, value) in &object.0 {
        table.row(vec![escaped(name), cell(value)]);
    }
    table.to_string()
}

/// A text without its quotes, `-` for null, anything else as JSON; always in one harmless line.
fn cell(value: &RawValue) -> String {
    match value.get() {
        "null" => "-".to_owned(),
        text if text.starts_with('"') => one_line(&serde_json::from_str::<String>(text).unwrap_or_default()),
        json => json.to_owned(),
    }
}

/// With the ends of lines as a program would write them.
fn one_line(text: &str) -> String {
    let mut out = String::new();
    for sign in text.chars() {
        match sign {
            '\n' | '\r' | '\t' => out.extend(sign.escape_default()),
            sign => out.push_str(&escaped(sign.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

/// Names and values in their order.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl Object<'_> {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Object<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = object.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_objects_keep_the_order_of_fields() {
        let text = r#"[{"key":"a","size":[1,2],"note":null},{"key":"b c","size":0.10,"note":"n"}]"#;
        let shown = "KEY  SIZE   NOTE\na    [1,2]  -\nb c  0.10   n\n";
        assert_eq!(table(text).unwrap(), shown);
    }

    #[test]
    fn objects_that_differ_are_no_rows() {
        for items in [r#"{"a":1},{"b":1}"#, r#"{"a":1},{"a":1,"b":2}"#, r#"{"a":1},{}"#, "{},{}", r#"{"a":1},[]"#] {
            let shown = format!("VALUE\n{}\n", items.replacen("},", "}\n", 1));
            assert_eq!(table(&format!("[{items}]")).unwrap(), shown);
        }
    }

    #[test]
    fn too_many_names_are_no_columns() {
        let text = |names: usize| {
            format!("[{{{}}}]", (0..names).map(|name| format!("\"k{name}\":1")).collect::<Vec<_>>().join(","))
        };
        assert!(table(&text(64)).unwrap().starts_with("K0  K1  "));
        assert!(table(&text(65)).unwrap().starts_with("VALUE\n{\"k0\":1,\"k1\":1,"));
    }

    #[test]
    fn a_long_cell_is_whole_and_widens_no_other_row() {
        let long = "x".repeat(100_000);
        let text = table(&format!("[{{\"a\":\"{long}\",\"b\":1}},{{\"a\":\"y\",\"b\":2}}]")).unwrap();
        assert_eq!(text.len(), format!("A{0}B\n{long}  1\ny{0}2\n", " ".repeat(65)).len());
        assert!(text.ends_with(&format!("\n{long}  1\ny{}2\n", " ".repeat(65))));
    }

    #[test]
    fn other_values() {
        assert_eq!(table(r#"["a",1,{"b":2}]"#).unwrap(), "VALUE\na\n1\n{\"b\":2}\n");
        assert_eq!(
            table(r#"{"a":18446744073709551615,"b":{"c":[]}}"#).unwrap(),
            "NAME  VALUE\na     18446744073709551615\nb     {\"c\":[]}\n"
        );
        assert_eq!(table("\"a\\nb\\u001b\"").unwrap(), "a\\nb\\u{1b}\n");
        assert_eq!(table("null").unwrap(), "-\n");
        assert_eq!(table("[]").unwrap(), "");
        assert_eq!(table("{}").unwrap(), "NAME  VALUE\n");
    }
}
