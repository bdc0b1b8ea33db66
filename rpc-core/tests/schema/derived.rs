//! `#[derive(Schema)]` against what serde really does: a generated zoo of types, and those that generating does not reach.
//!
//! `zoo::check` holds the described schema against serde's own calls, the bytes of our hooks against postcard of serde, and
//! takes both back, through JSON, too.
use crate::zoo::check;
use rpc_core::Schema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Makes, for one type of field, every kind of struct and variant, with and without attributes, and checks values of each.
macro_rules! zoo {
    ($($name:ident: $ty:ty = [$($value:expr),+];)+) => {$(
        #[test]
        fn $name() {
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
            struct Named {
                first: $ty,
                second_one: u8,
            }
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
            struct Newtype($ty);
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
            struct Tuple(u16, $ty);
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
            #[serde(transparent)]
            struct Transparent {
                inside: $ty,
            }
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
            #[serde(rename = "Other", rename_all = "camelCase")]
            struct Renamed {
                first_field: $ty,
                #[serde(rename = "odd-name")]
                second_field: bool,
                #[serde(skip)]
                left_out: Option<u64>,
                #[serde(default, alias = "former")]
                third_field: char,
            }
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
            struct Generic<T> {
                value: T,
                more: Vec<Option<T>>,
            }
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
            #[serde(rename_all = "kebab-case", rename_all_fields = "SCREAMING_SNAKE_CASE")]
            enum Variants {
                JustUnit,
                NewType($ty),
                TwoOfThem($ty, i8),
                WithFields { some_field: $ty, other_field: String },
                #[serde(rename = "again")]
                Other(Box<Named>),
            }
            $({
                let value: $ty = $value;
                let named = Named { first: value.clone(), second_one: 7 };
                check(named.clone());
                check(Newtype(value.clone()));
                check(Tuple(300, value.clone()));
                check(Transparent { inside: value.clone() });
                check(Renamed { first_field: value.clone(), second_field: true, left_out: None, third_field: 'x' });
                check(Generic { value: value.clone(), more: vec![None, Some(value.clone())] });
                check(Generic { value: named.clone(), more: vec![Some(named.clone())] });
                check(vec![
                    Variants::JustUnit,
                    Variants::NewType(value.clone()),
                    Variants::TwoOfThem(value.clone(), -1),
                    Variants::WithFields { some_field: value.clone(), other_field: "text".to_owned() },
                    Variants::Other(Box::new(named)),
                ]);
                check(BTreeMap::from([("key".to_owned(), Some(Newtype(value)))]));
            })+
        }
    )+};
}

zoo! {
    of_units: () = [()];
    of_bools: bool = [true, false];
    of_bytes: u8 = [0, 255];
    of_small_numbers: i8 = [-128, 127];
    of_numbers: u32 = [0, 127, 128, u32::MAX];
    of_large_numbers: i128 = [i128::MIN, 0, i128::MAX];
    of_floats: f32 = [0.1, -0.0, f32::MAX];
    of_chars: char = ['a', '\u{1f600}'];
    of_texts: String = [String::new(), "grüße \"q\" \n".to_owned()];
    of_blocks: Vec<u8> = [vec![], vec![0, 255, 7]];
    of_options: Option<u16> = [None, Some(5)];
    of_nested_options: Option<Option<()>> = [None, Some(None), Some(Some(()))];
    of_results: Result<u8, String> = [Ok(1), Err("no".to_owned())];
    of_lists: Vec<Vec<i64>> = [vec![], vec![vec![], vec![1, -1]]];
    of_arrays: [u16; 3] = [[1, 2, 3]];
    of_tuples: (u8, Option<String>, (bool,)) = [(1, None, (true,)), (2, Some("x".to_owned()), (false,))];
    of_maps: BTreeMap<u32, Vec<u8>> = [BTreeMap::new(), BTreeMap::from([(1, vec![1]), (2, vec![])])];
    of_odd_maps: BTreeMap<(u8, bool), String> = [BTreeMap::from([((1, true), "x".to_owned())])];
    of_boxes: Box<Option<Box<u64>>> = [Box::new(None), Box::new(Some(Box::new(1)))];
    of_durations: std::time::Duration = [std::time::Duration::new(5, 6)];
    of_addresses: std::net::SocketAddr = ["127.0.0.1:80".parse().unwrap(), "[::1]:443".parse().unwrap()];
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
struct Empty {}

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
struct EmptyTuple();

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
struct Tree {
    name: String,
    children: Vec<Tree>,
    parent: Option<Box<Tree>>,
    named: BTreeMap<String, Tree>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
struct Ping(Option<Box<Pong>>);

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
struct Pong {
    ping: Option<Box<Ping>>,
}

#[test]
fn of_nothing() {
    check(Unit);
    check(Empty {});
    check(EmptyTuple());
    check((Unit, Some(Empty {}), vec![Some(Unit), None]));
}

#[test]
fn of_itself() {
    let leaf = |name: &str| Tree { name: name.to_owned(), children: vec![], parent: None, named: BTreeMap::new() };
    check(Tree {
        children: vec![leaf("a"), leaf("b")],
        parent: Some(Box::new(leaf("p"))),
        named: BTreeMap::from([("n".to_owned(), leaf("n"))]),
        ..leaf("root")
    });
    check(Json::List(vec![
        Json::Null,
        Json::Bool(true),
        Json::Number(1.5),
        Json::Object(BTreeMap::from([("k".to_owned(), Json::Text("v".to_owned()))])),
    ]));
    check(Ping(Some(Box::new(Pong { ping: Some(Box::new(Ping(None))) }))));
}
