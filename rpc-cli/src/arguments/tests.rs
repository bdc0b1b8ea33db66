//! Words and JSON say the same, and no word does harm.
use super::*;
use proptest::prelude::*;
use rpc_core::{Schema, Service};
use serde::{Deserialize, Serialize};

/// What is called.
#[derive(Service)]
enum Shop<'a> {
    /// Takes an order.
    #[rpc(returns = ())]
    Order { count: i64, price: f64, name: &'a str, gift: bool, sizes: Vec<u16>, place: Place, note: Option<String> },
    /// Takes a tree.
    #[rpc(returns = ())]
    Plant { tree: Option<Box<Tree>> },
}

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Tree {
    left: Option<Box<Tree>>,
    right: Option<Box<Tree>>,
}

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Place {
    street: String,
    number: Option<u128>,
    floor: Floor,
    rooms: std::collections::BTreeMap<String, i8>,
}

#[derive(Debug, Serialize, Deserialize, Schema)]
enum Floor {
    Ground,
    Upper(u8),
    Roof { open: bool },
}

fn encoded(words: &[String]) -> Result<Vec<u8>, String> {
    encoded_for("order", words)
}

fn encoded_for(method: &str, words: &[String]) -> Result<Vec<u8>, String> {
    let service = Shop::INFO.schema();
    let schema = service.method(method).unwrap();
    encode(Method { service, schema }, words).map_err(|failure| failure.to_string())
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|word| (*word).to_owned()).collect()
}

proptest! {
    #[test]
    fn words_are_as_good_as_json(
        count in any::<i64>(),
        price in any::<f64>().prop_filter("JSON has no such number", |price| price.is_finite()),
        (name, street, note) in (".*", ".*", proptest::option::of(".*")),
        gift in any::<bool>(),
        sizes in proptest::collection::vec(any::<u16>(), 1..5),
        number in proptest::option::of(any::<u128>()),
        floor in prop_oneof![Just("Ground".to_owned()), any::<u8>().prop_map(|floor| format!("{{\"Upper\":{floor}}}"))],
        rooms in proptest::collection::btree_map("[^.=\\[\\]:@]{1,5}", any::<i8>(), 1..4),
    ) {
        // A value that begins with @ is a file.
        let word = |path: &str, text: &str| match text.starts_with('@') {
            true => format!("{path}:={}", serde_json::to_string(text).unwrap()),
            false => format!("{path}={text}"),
        };
        let mut by_word = vec![
            format!("count={count}"), format!("price={price:?}"), word("name", &name), format!("gift={gift}"),
            word("place.street", &street),
            if floor.starts_with('{') { format!("place.floor:={floor}") } else { format!("place.floor={floor}") },
        ];
        by_word.extend(sizes.iter().map(|size| format!("sizes[]={size}")));
        by_word.extend(number.map(|number| format!("place.number={number}")));
        by_word.extend(rooms.iter().map(|(room, size)| format!("place.rooms.{room}={size}")));
        by_word.extend(note.as_deref().map(|note| word("note", note)));
        let floor: serde_json::Value = serde_json::from_str(&floor).unwrap_or("Ground".into());
        let json = serde_json::json!({
            "count": count, "price": price, "name": name, "gift": gift, "sizes": sizes, "note": note,
            "place": {
                "street": street, "number": number.map(|number| number.to_string()), "floor": floor, "rooms": rooms,
            },
        });
        prop_assert_eq!(encoded(&by_word), encoded(&[json.to_string()]));
        prop_assert!(encoded(&by_word).is_ok());
    }

    /// Whatever is typed: an error that can be shown, or bytes.
    #[test]
    fn no_word_does_harm(
        words in proptest::collection::vec(
            r#"(count|price|name|sizes|place|place\.rooms|note|é|)(\[\]|\.|:|=|:=|\[|@|\{|"|'|[\x00-\x7fé\u{1b}]){0,6}"#,
            0..4,
        ),
    ) {
        // No file is read, nor stdin.
        let harmless: Vec<String> = words.into_iter().filter(|word| !word.contains('@') && word != "-").collect();
        let service = Shop::INFO.schema();
        let method = Method { service, schema: service.method("order").unwrap() };
        if let Err(Failure::Arguments { misfit: Misfit { problem, marked }, .. }) = encode(method, &harmless) {
            prop_assert!(!problem.is_empty());
            if let Some(marked) = marked {
                let length = marked.line.chars().count();
                prop_assert!(marked.begin <= length && marked.columns >= 1 && marked.begin + marked.columns <= length + 1);
                prop_assert!(!marked.line.contains(char::is_control));
            }
        }
    }
}

#[test]
fn variants_have_names_like_fields() {
    let common = ["count=1", "price=1", "name=", "gift=true", "sizes:=[]", "place.street=", "place.rooms:={}"];
    let by_word = encoded(&[&words(&common)[..], &words(&["place.floor.Roof.open=true"])].concat());
    let by_json = encoded(&[&words(&common)[..], &words(&[r#"place.floor:={"Roof":{"open":true}}"#])].concat());
    assert_eq!(by_word, by_json);
    assert!(by_word.is_ok());
    let upper = encoded(&[&words(&common)[..], &words(&["place.floor.Upper=3"])].concat());
    assert_eq!(upper, encoded(&[&words(&common)[..], &words(&[r#"place.floor:={"Upper":3}"#])].concat()));
    assert!(upper.is_ok());
}

/// A tree without end has a place for every name.
#[test]
fn a_path_without_end_ends() {
    let deep = |levels: usize| encoded_for("plant", &words(&[&format!("tree{}:=null", ".left".repeat(levels))]));
    assert!(deep(1).is_ok());
    assert!(deep(40).is_ok());
    for levels in [128, 2000, 100_000] {
        let told = deep(levels).unwrap_err();
        assert!(told.contains("levels deep"), "{told}");
    }
}

#[test]
fn null_is_none_where_it_is_no_text() {
    let none = encoded_for("plant", &words(&["tree=null"]));
    assert_eq!(none, encoded_for("plant", &[]));
    assert!(none.is_ok());
    assert!(encoded(&words(&["count=null"])).unwrap_err().contains("count: invalid type: null, expected i64"));
}
