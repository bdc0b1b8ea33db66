//! What `#[derive(Schema)]` says of a type: its names are serde's, its docs the user's.
#![deny(warnings, missing_docs, rust_2018_idioms)]
#![expect(dead_code, reason = "the types are described, never made")]

use rpc_core::{
    Schema,
    schema::{Body, Field, Type, Types, Variant},
};
use serde::{Deserialize, Serialize};

/// The finished description of `T` on its own, with each mentioned type by its name.
fn described<T: Schema>() -> String {
    let mut types = Types::default();
    let id = T::describe(&mut types);
    text(&types, types.get(id).expect("the type itself"))
}

fn text(types: &Types, ty: &Type) -> String {
    match ty {
        Type::Struct { name, body, .. } => format!("struct {name}{}", body_text(types, body)),
        Type::Enum { name, variants, .. } => {
            let variant = |each: &Variant| format!("{}{}", each.name, body_text(types, &each.body));
            format!("enum {name} {{ {} }}", variants.iter().map(variant).collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}"),
    }
}

fn body_text(types: &Types, body: &Body) -> String {
    let field = |field: &Field| format!("{}: {}", field.name, types.name_of(field.ty));
    match body {
        Body::Unit => String::new(),
        Body::Newtype(of) => format!("({})", types.name_of(*of)),
        Body::Tuple(parts) => {
            format!("({}, ..)", parts.iter().map(|part| types.name_of(*part)).collect::<Vec<_>>().join(", "))
        }
        Body::Fields(fields) => format!(" {{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(", ")),
    }
}

/// A value.
///
/// With two paragraphs.
#[derive(Serialize, Deserialize, Schema)]
struct Documented {
    /// One field,
    /// two lines.
    field: u8,
    undocumented: u8,
}

#[derive(Serialize, Deserialize, Schema)]
enum DocumentedEnum {
    /** A block. */
    Block,
    /// Fields.
    Fields {
        /// Inside.
        inside: u8,
    },
}

#[test]
fn docs_are_in_the_schema() {
    let mut types = Types::default();
    let id = Documented::describe(&mut types);
    let Some(Type::Struct { doc, body: Body::Fields(fields), .. }) = types.get(id) else { panic!("a struct") };
    assert_eq!(doc, "A value.\n\nWith two paragraphs.");
    assert_eq!([&fields[0].doc, &fields[1].doc], ["One field,\ntwo lines.", ""]);

    let id = DocumentedEnum::describe(&mut types);
    let Some(Type::Enum { variants, .. }) = types.get(id) else { panic!("an enum") };
    assert_eq!([&variants[0].doc, &variants[1].doc], ["A block. ", "Fields."]);
    let Body::Fields(fields) = &variants[1].body else { panic!("named fields") };
    assert_eq!(fields[0].doc, "Inside.");
}

#[derive(Serialize, Deserialize, Schema)]
struct Unit;
#[derive(Serialize, Deserialize, Schema)]
struct Newtype(Vec<u8>);
#[derive(Serialize, Deserialize, Schema)]
struct Tuple(u8, Unit);
#[derive(Serialize, Deserialize, Schema)]
struct Fields {
    r#type: Option<String>,
    bytes: Vec<u8>,
}
#[derive(Serialize, Deserialize, Schema)]
enum Every {
    Unit,
    Newtype(Newtype),
    Tuple(u8, u8),
    Fields { list: Vec<(u8, String)> },
}
#[derive(Serialize, Deserialize, Schema)]
enum Never {}

#[test]
fn all_kinds() {
    assert_eq!(described::<Unit>(), "struct Unit");
    assert_eq!(described::<Newtype>(), "struct Newtype(Vec<u8>)");
    assert_eq!(described::<Tuple>(), "struct Tuple(u8, Unit, ..)");
    assert_eq!(described::<Fields>(), "struct Fields { type: Option<String>, bytes: Vec<u8> }");
    assert_eq!(
        described::<Every>(),
        "enum Every { Unit, Newtype(Newtype), Tuple(u8, u8, ..), Fields { list: Vec<(u8, String)> } }"
    );
    assert_eq!(described::<Never>(), "enum Never {  }");
}

#[derive(Serialize, Deserialize, Schema)]
struct Node {
    children: Vec<Node>,
    parent: Option<Box<Self>>,
    pages: Page<Node>,
}
#[derive(Serialize, Deserialize, Schema)]
struct Page<T> {
    items: Vec<T>,
    next: Option<Box<Page<T>>>,
}
#[derive(Serialize, Deserialize, Schema)]
struct Sized4<const N: usize, T = u8> {
    #[serde(skip)]
    array: Option<[T; N]>,
    list: Vec<T>,
}
#[derive(Schema)]
struct Borrowed<'a, T: ?Sized> {
    text: &'a str,
    other: &'a T,
}

#[test]
fn types_that_contain_themselves() {
    assert_eq!(described::<Node>(), "struct Node { children: Vec<Node>, parent: Option<Node>, pages: Page<Node> }");
    assert_eq!(described::<Page<Node>>(), "struct Page<Node> { items: Vec<Node>, next: Option<Page<Node>> }");

    // Whichever of the two is met first, there is one of each.
    for describe in [Node::describe as fn(&mut Types) -> _, Page::<Node>::describe] {
        let mut types = Types::default();
        let first = describe(&mut types);
        let before = types.len();
        let again = (describe(&mut types), Node::describe(&mut types), Page::<Node>::describe(&mut types));
        assert_eq!((again.0, types.len()), (first, before));
        assert_ne!(again.1, again.2);
    }
}

#[test]
fn two_instances_of_a_generic_type_are_two_types() {
    let mut types = Types::default();
    let (bytes, texts) = (Page::<u8>::describe(&mut types), Page::<Option<String>>::describe(&mut types));
    assert_ne!(bytes, texts);
    assert_eq!([types.name_of(bytes), types.name_of(texts)], ["Page<u8>", "Page<Option<String>>"]);
    assert_eq!(described::<Sized4<4>>(), "struct Sized4<4, u8> { list: Vec<u8> }");
    assert_eq!(described::<Borrowed<'_, [u8]>>(), "struct Borrowed<Vec<u8>> { text: String, other: Vec<u8> }");
}

#[derive(Serialize, Deserialize, Schema)]
#[serde(rename = "renamed", rename_all = "SCREAMING-KEBAB-CASE", deny_unknown_fields)]
struct Original {
    max_size: u8,
    #[serde(rename = "other", alias = "third")]
    min_size: u8,
    #[serde(rename(serialize = "both", deserialize = "both"), default)]
    one: u8,
    #[serde(skip)]
    cached: u8,
    #[serde(skip_serializing, skip_deserializing)]
    too: u8,
}
#[derive(Serialize, Deserialize, Schema)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Cases {
    FirstOne {
        some_field: u8,
    },
    #[serde(rename_all = "UPPERCASE")]
    SecondOne {
        some_field: u8,
    },
    #[serde(rename = "3rd")]
    ThirdOne(#[serde(skip)] u8),
    Fourth(#[serde(skip)] u8, u8),
    #[serde(skip)]
    Hidden,
    #[serde(skip_serializing, skip_deserializing)]
    HiddenToo(std::time::Instant),
}
#[derive(Serialize, Deserialize, Schema)]
#[serde(transparent)]
struct Transparent {
    #[serde(skip)]
    cached: u8,
    inner: Vec<String>,
}
#[derive(Serialize, Deserialize, Schema)]
#[serde(transparent)]
struct Marked<T> {
    inner: Vec<T>,
    marker: std::marker::PhantomData<T>,
}
#[derive(Serialize, Deserialize, Schema)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: for<'a> Deserialize<'a>, u8: Copy"))]
struct Bounded<T> {
    inner: T,
}

#[test]
fn names_are_serdes() {
    assert_eq!(described::<Original>(), "struct renamed { MAX-SIZE: u8, other: u8, both: u8 }");
    assert_eq!(
        described::<Cases>(),
        "enum Cases { first_one { someField: u8 }, second_one { SOME_FIELD: u8 }, 3rd, fourth(u8, ..) }"
    );
    assert_eq!(described::<Bounded<u8>>(), "struct Bounded<u8> { inner: u8 }");
    let of = |describe: fn(&mut Types) -> _| {
        let mut types = Types::default();
        let id = describe(&mut types);
        types.name_of(id)
    };
    assert_eq!([of(Transparent::describe), of(Marked::<u64>::describe)], ["Vec<String>", "Vec<u64>"]);

    let json = serde_json::to_value(Original { max_size: 1, min_size: 2, one: 3, cached: 4, too: 5 }).expect("serde's");
    assert_eq!(json, serde_json::json!({ "MAX-SIZE": 1, "other": 2, "both": 3 }));
}
