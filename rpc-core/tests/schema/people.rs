//! Types of a user, with their schemas by hand.
use rpc_core::{
    Schema, Value,
    schema::{Body, Field, Type, TypeId, Types, Variant},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) street: String,
    pub(crate) number: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) emails: Vec<String>,
    pub(crate) boss: Option<Box<Person>>,
    pub(crate) address: Option<Address>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unit;

#[derive(Debug, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wrapper<T>(pub(crate) T);

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Shape3 {
    Point,
    Circle(f64),
    Line(u8, u8),
    Box { width: u8, label: Option<String> },
    Empty(),
    Maybe(Option<u8>),
}

#[derive(Debug, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Color {
    Green,
    #[serde(rename = "dark-blue")]
    DarkBlue,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

fn field<T: Schema>(types: &mut Types, name: &str) -> Field {
    Field { name: name.into(), doc: String::new(), ty: T::describe(types) }
}

fn structure<T: 'static>(types: &mut Types, name: &str, body: impl FnOnce(&mut Types) -> Body) -> TypeId {
    types.named::<T>(|types| Type::Struct { name: name.into(), doc: format!("One {name}."), body: body(types) })
}

fn enumeration<T: 'static>(
    types: &mut Types,
    name: &str,
    variants: impl FnOnce(&mut Types) -> Vec<(&'static str, Body)>,
) -> TypeId {
    types.named::<T>(|types| {
        let variant = |(name, body): (&str, Body)| Variant { name: name.into(), doc: String::new(), body };
        let variants = variants(types).into_iter().map(variant).collect();
        Type::Enum { name: name.into(), doc: format!("One {name}."), variants }
    })
}

impl Schema for Address {
    fn describe(types: &mut Types) -> TypeId {
        structure::<Self>(types, "Address", |types| {
            Body::Fields(vec![field::<String>(types, "street"), field::<Option<u32>>(types, "number")])
        })
    }
}
impl Value for Address {}

impl Schema for Person {
    fn describe(types: &mut Types) -> TypeId {
        structure::<Self>(types, "Person", |types| {
            Body::Fields(vec![
                field::<String>(types, "name"),
                field::<Vec<String>>(types, "emails"),
                field::<Option<Box<Person>>>(types, "boss"),
                field::<Option<Address>>(types, "address"),
            ])
        })
    }
}
impl Value for Person {}

impl Schema for Unit {
    fn describe(types: &mut Types) -> TypeId {
        structure::<Self>(types, "Unit", |_| Body::Unit)
    }
}
impl Value for Unit {}

impl<T: Schema + 'static> Schema for Wrapper<T> {
    fn describe(types: &mut Types) -> TypeId {
        structure::<Self>(types, "Wrapper", |types| Body::Newtype(T::describe(types)))
    }
}
impl<T: Value> Value for Wrapper<T> {}

impl Schema for Shape3 {
    fn describe(types: &mut Types) -> TypeId {
        enumeration::<Self>(types, "Shape3", |types| {
            vec![
                ("Point", Body::Unit),
                ("Circle", Body::Newtype(f64::describe(types))),
                ("Line", Body::Tuple(vec![u8::describe(types), u8::describe(types)])),
                ("Box", Body::Fields(vec![field::<u8>(types, "width"), field::<Option<String>>(types, "label")])),
                ("Empty", Body::Tuple(vec![])),
                ("Maybe", Body::Newtype(<Option<u8>>::describe(types))),
            ]
        })
    }
}
impl Value for Shape3 {}

impl Schema for Color {
    fn describe(types: &mut Types) -> TypeId {
        enumeration::<Self>(types, "Color", |_| vec![("Green", Body::Unit), ("dark-blue", Body::Unit)])
    }
}
impl Value for Color {}

impl Schema for Json {
    fn describe(types: &mut Types) -> TypeId {
        enumeration::<Self>(types, "Json", |types| {
            vec![
                ("Null", Body::Unit),
                ("Bool", Body::Newtype(bool::describe(types))),
                ("Number", Body::Newtype(f64::describe(types))),
                ("Text", Body::Newtype(String::describe(types))),
                ("List", Body::Newtype(<Vec<Json>>::describe(types))),
                ("Object", Body::Newtype(<BTreeMap<String, Json>>::describe(types))),
            ]
        })
    }
}
impl Value for Json {}
