//! The forms of values in JSON, literally, both ways; what else is read; what is refused, and where the error points.

use crate::people::{Address, Color, Json, Person, Shape3, Unit, Wrapper};
use crate::zoo::{self, described, from_json, json};
use rpc_core::{
    Value,
    schema::{Type, WriteOptions},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    net::IpAddr,
    time::Duration,
};

#[track_caller]
fn is<T: Value + Debug>(value: T, text: &str) {
    let (types, id) = described::<T>();
    let bytes = zoo::check_bytes(&value);
    assert_eq!(json(&types, id, &bytes).as_deref(), Ok(text));
    assert_eq!(from_json(&types, id, text), Ok(bytes));
}

/// `text` is read as `value`, but is not how it is written.
#[track_caller]
fn reads<T: Value + Debug>(text: &str, value: T) {
    let (types, id) = described::<T>();
    assert_eq!(from_json(&types, id, text), Ok(zoo::bytes(&value)));
}

#[track_caller]
fn refusal<T: Value + Debug>(text: &str) -> String {
    let (types, id) = described::<T>();
    from_json(&types, id, text).expect_err("it is refused")
}

#[track_caller]
fn refuses<T: Value + Debug>(text: &str, why: &str) {
    let error = refusal::<T>(text);
    assert!(error.contains(why), "{error}");
}

#[test]
fn integers() {
    is(255u8, "255");
    is(i8::MIN, "-128");
    is(u16::MAX, "65535");
    is(i16::MIN, "-32768");
    is(u32::MAX, "4294967295");
    is(i32::MIN, "-2147483648");
    is(u64::MAX, "18446744073709551615");
    is(i64::MIN, "-9223372036854775808");
    is(u128::MAX, "\"340282366920938463463374607431768211455\"");
    is(i128::MIN, "\"-170141183460469231731687303715884105728\"");
    is(0u128, "\"0\"");
    reads("7", 7u128);
    reads("-7", -7i128);
    reads("\"5\"", 5u8);
    reads("\"-5\"", -5i64);
    reads("-0", -0.0f64);
    refuses::<u8>("256", "$: invalid value: 256, expected u8 (0 to 255)");
    refuses::<u8>("-1", "-1, expected u8 (0 to 255)");
    refuses::<u32>("\"-1\"", "invalid value: -1, expected u32 (0 to 4294967295)");
    refuses::<i8>("128", "128, expected i8 (-128 to 127)");
    refuses::<i16>("-32769", "expected i16 (-32768 to 32767)");
    refuses::<i128>(
        &format!("\"{}\"", u128::MAX),
        "expected i128 (-170141183460469231731687303715884105728 to 170141183460469231731687303715884105727)",
    );
    refuses::<u128>("\"-1\"", "expected u128 (0 to 340282366920938463463374607431768211455)");
    refuses::<u16>("65536", "expected u16");
    refuses::<i64>("9223372036854775808", "expected i64");
    refuses::<u64>("18446744073709551616", "expected u64");
    refuses::<u32>("1.0", "1.0, expected u32");
    refuses::<u32>("\"five\"", "invalid value: \"five\", expected u32");
    refuses::<u32>("\" 5\"", "expected u32");
    refuses::<u32>("true", "boolean `true`, expected u32");
    refuses::<u32>("null", "expected u32");
    refuses::<u32>("[1]", "expected u32");
    refuses::<u32>("1 2", "trailing characters");
    refuses::<bool>("1", "1, expected true or false");
    refuses::<bool>("\"yes\"", "expected true or false");
    reads("\"true\"", true);
    reads("\"false\"", false);
    refuses::<u128>("340282366920938463463374607431768211455", "expected u128: quote it, to keep all of its digits");
    refuses::<i128>("-1e30", "expected i128: quote it");
    refuses::<u128>("1.5", "1.5, expected u128");
    // No quote makes these fit.
    for beyond in ["1e39", "-1e30"] {
        assert!(!refusal::<u128>(beyond).contains("quote"));
    }
    assert!(!refusal::<i128>("2e38").contains("quote"));
}

#[test]
fn big_integers_as_strings() {
    let write = |number: i64| {
        let (types, id) = described::<i64>();
        let options = WriteOptions::default().big_ints_as_strings(true);
        serde_json::to_string(&types.to_serde(id, &zoo::bytes(&number), options)).unwrap()
    };
    assert_eq!(write(1 << 53), "9007199254740992");
    assert_eq!(write((1 << 53) + 1), "\"9007199254740993\"");
    assert_eq!(write(-(1 << 53)), "-9007199254740992");
    assert_eq!(write(i64::MIN), "\"-9223372036854775808\"");
}

#[test]
fn floats() {
    is(0.1f32, "0.1");
    is(0.1f64, "0.1");
    is(0.1f32 as f64, "0.10000000149011612");
    is(1.0f32, "1.0");
    is(-0.0f64, "-0.0");
    is(f64::MIN_POSITIVE, "2.2250738585072014e-308");
    is(f32::NAN, "\"NaN\"");
    is(f64::INFINITY, "\"Infinity\"");
    is(f32::NEG_INFINITY, "\"-Infinity\"");
    reads("5", 5.0f32);
    reads("\"1e3\"", 1000.0f64);
    refuses::<f32>("1e39", "expected f32 (it is too large)");
    refuses::<f32>("\"1e39\"", "expected f32 (it is too large)");
    let names = "(those without digits are Infinity, -Infinity and NaN)";
    refuses::<f64>("\"inf\"", &format!("expected f64 {names}"));
    refuses::<f64>("\"-inf\"", &format!("expected f64 {names}"));
    refuses::<f64>("\"1e999\"", "expected f64 (it is too large)");
    refuses::<f64>("\"1e9x\"", "invalid value: \"1e9x\", expected f64");
}

#[test]
fn text_and_bytes() {
    is("a\"\n\u{1}é🦀".to_owned(), "\"a\\\"\\n\\u0001é🦀\"");
    is('"', "\"\\\"\"");
    is('🦀', "\"🦀\"");
    refuses::<char>("\"ab\"", "one character");
    refuses::<char>("\"\"", "one character");
    is(vec![0u8, 255, 16], "\"AP8Q\"");
    is(vec![1u8], "\"AQ==\"");
    is(Vec::<u8>::new(), "\"\"");
    refuses::<Vec<u8>>("\"AQ\"", "expected bytes");
    reads("[1, 2, 255]", vec![1u8, 2, 255]);
    reads("\"hex:00fF10\"", vec![0u8, 255, 16]);
    reads("\"hex:\"", Vec::<u8>::new());
    reads("\"text:é:\"", "é:".as_bytes().to_vec());
    refuses::<Vec<u8>>("[1, 256]", "$[1]: invalid value: 256, expected u8");
    refuses::<Vec<u8>>("\"hex:0\"", "expected bytes");
    refuses::<Vec<u8>>("\"hex:é\"", "expected bytes");
    refuses::<Vec<u8>>("\"A\"", "expected bytes");
    refuses::<Vec<u8>>("5", "expected bytes");
}

#[test]
fn options() {
    is(Some(5u8), "5");
    is(None::<u8>, "null");
    is(Some(Some(5u8)), "{\"some\":5}");
    is(Some(None::<u8>), "{\"some\":null}");
    is(None::<Option<u8>>, "null");
    is(Some(Some(None::<u8>)), "{\"some\":{\"some\":null}}");
    is(Some(()), "{\"some\":null}");
    is(Some(Unit), "{\"some\":null}");
    is(Some(Wrapper(None::<u8>)), "{\"some\":null}");
    is(Some(Wrapper(3u8)), "3");
    is(Some(Ok::<(), u8>(())), "{\"Ok\":null}");
    is(Some(vec![None, Some(1u8)]), "[null,1]");
    refuses::<Option<Option<u8>>>("5", "{\"some\": value}");
    refuses::<Option<Option<u8>>>("{}", "{\"some\": value}");
    refuses::<Option<Option<u8>>>("{\"none\": 5}", "\"none\"");
    refuses::<Option<Option<u8>>>("{\"some\": 5, \"more\": 6}", "no `more`");
}

#[test]
fn lists_and_tuples() {
    is((), "null");
    is(vec![1u16, 2], "[1,2]");
    is((1u8,), "[1]");
    is((1u8, "x".to_owned(), [true, false]), "[1,\"x\",[true,false]]");
    is([7u8], "[7]");
    is::<[u8; 0]>([], "[]");
    is(vec![(), ()], "[null,null]");
    is(BTreeSet::from([3u8, 1]), "[1,3]");
    refuses::<(u8, u8)>("[1]", "invalid length 1, expected an array of 2 elements");
    refuses::<(u8, u8)>("[1,2,3]", "too many elements: 2 expected");
    refuses::<[u8; 2]>("[1,[]]", "$[1]: invalid type: sequence, expected u8");
    refuses::<Vec<Vec<bool>>>("[[true],[true,0]]", "$[1][1]: invalid value: 0");
    refuses::<Vec<bool>>("[true", "$");
}

#[test]
fn maps() {
    is(BTreeMap::from([("b".to_owned(), 1u8), ("a\n".to_owned(), 2)]), "{\"a\\n\":2,\"b\":1}");
    is(BTreeMap::from([(-5i8, 'x')]), "{\"-5\":\"x\"}");
    is(BTreeMap::from([(u128::MAX, true)]), "{\"340282366920938463463374607431768211455\":true}");
    is(BTreeMap::from([(true, 1u8)]), "{\"true\":1}");
    is(BTreeMap::from([('é', 1u8)]), "{\"é\":1}");
    is(BTreeMap::from([(Color::Green, 1u8), (Color::DarkBlue, 2)]), "{\"Green\":1,\"dark-blue\":2}");
    is(BTreeMap::from([(Wrapper(7u8), 1u8)]), "{\"7\":1}");
    is(BTreeMap::from([((1u8, 2u8), 3u8)]), "[[[1,2],3]]");
    is(BTreeMap::from([(vec![1u8], 3u8)]), "[[\"AQ==\",3]]");
    is(BTreeMap::from([(None, 3u8), (Some(1u8), 4)]), "[[null,3],[1,4]]");
    is(BTreeMap::<(u8, u8), u8>::new(), "[]");
    is(BTreeMap::<u8, u8>::new(), "{}");
    reads("[[1, 2], [3, 4]]", BTreeMap::from([(1u8, 2u8), (3, 4)]));
    refuses::<BTreeMap<(u8, u8), u8>>("{}", "an array of pairs");
    refuses::<BTreeMap<u8, u8>>("{\"300\": 1}", "expected u8");
    refuses::<BTreeMap<bool, u8>>("{\"yes\": 1}", "true or false");
    refuses::<BTreeMap<Color, u8>>("{\"green\": 1}", "did you mean `Green`?");
    refuses::<BTreeMap<String, u8>>("{\"a b\": true}", "$[\"a b\"]: invalid type");
    refuses::<BTreeMap<u8, u8>>("{\"1\": 1, \"2\": 1, \"01\": 2}", "the key `01` is given twice");
    refuses::<BTreeMap<u8, u8>>("[[1, 2], [3]]", "$[1]: invalid length");
}

#[test]
fn structs_and_enums() {
    let person = || Person {
        name: "Ann".into(),
        emails: vec!["a@b".into()],
        boss: None,
        address: Some(Address { street: "High".into(), number: Some(1) }),
    };
    let boss = Person { boss: Some(Box::new(person())), address: None, ..person() };
    is(
        boss,
        "{\"name\":\"Ann\",\"emails\":[\"a@b\"],\"boss\":{\"name\":\"Ann\",\"emails\":[\"a@b\"],\"boss\":null,\
         \"address\":{\"street\":\"High\",\"number\":1}},\"address\":null}",
    );
    is(Unit, "null");
    is(Wrapper("x".to_owned()), "\"x\"");
    is(Shape3::Point, "\"Point\"");
    is(Shape3::Circle(1.5), "{\"Circle\":1.5}");
    is(Shape3::Line(1, 2), "{\"Line\":[1,2]}");
    is(Shape3::Box { width: 1, label: None }, "{\"Box\":{\"width\":1,\"label\":null}}");
    is(Shape3::Empty(), "{\"Empty\":[]}");
    is(Shape3::Maybe(None), "{\"Maybe\":null}");
    is(Color::DarkBlue, "\"dark-blue\"");
    is(
        Json::Object(BTreeMap::from([(
            "a".into(),
            Json::List(vec![Json::Null, Json::Number(1.0), Json::List(vec![])]),
        )])),
        "{\"Object\":{\"a\":{\"List\":[\"Null\",{\"Number\":1.0},{\"List\":[]}]}}}",
    );
    is(Ok::<u8, String>(1), "{\"Ok\":1}");
    is(Err::<(), _>(Color::Green), "{\"Err\":\"Green\"}");
    is(Duration::new(1, 2), "{\"secs\":1,\"nanos\":2}");
    is("127.0.0.1".parse::<IpAddr>().unwrap(), "{\"V4\":[127,0,0,1]}");
    reads("{\"Point\": null}", Shape3::Point);
    reads("{\"number\": 2, \"street\": \"x\"}", Address { street: "x".into(), number: Some(2) });
    reads("{\"street\": \"x\"}", Address { street: "x".into(), number: None });
    refuses::<Address>("{\"number\": 2}", "$: missing field `street`");
    refuses::<Person>("{}", "missing fields `name`, `emails`");
    refuses::<Address>("{\"street\": \"x\", \"nubmer\": 2}", "unknown field `nubmer` (did you mean `number`?)");
    refuses::<Address>("{\"street\": \"x\", \"zip\": 2}", "unknown field `zip`, expected `street`, `number`");
    refuses::<Address>("{\"street\": \"x\", \"street\": \"y\"}", "field `street` is given twice");
    refuses::<Address>("[]", "an object with the fields `street`, `number`");
    refuses::<Shape3>("\"Circle\"", "holds something");
    refuses::<Shape3>("\"Cirle\"", "did you mean `Circle`?");
    refuses::<Shape3>("{}", "a variant of Shape3: `Point`");
    refuses::<Shape3>("{\"Point\": null, \"Line\": [1, 2]}", "Shape3 is one variant, and here are `Point` and `Line`");
    refuses::<Shape3>("{\"Line\": [1, 300]}", "$.Line[1]: invalid value: 300");
    refuses::<Shape3>("{\"Box\": {\"width\": -1}}", "$.Box.width: invalid value: -1, expected u8");
    refuses::<Person>("{\"boss\": {\"emails\": [1]}}", "$.boss.emails[0]: invalid value: 1, expected a string");
}

/// Where our conventions are serde_json's own, the text is the same to the letter.
#[test]
fn agrees_with_serde_json() {
    #[track_caller]
    fn same<T: Value + Debug>(value: T) {
        let (types, id) = described::<T>();
        let ours = json(&types, id, &zoo::bytes(&value)).unwrap();
        assert_eq!(ours, serde_json::to_string(&value).unwrap());
    }
    same((1u8, -2i64, 0.3f32, 1e300f64, 'x', "text\u{7f}".to_owned(), true, ()));
    same(vec![Some(1u16), None]);
    same(BTreeMap::from([(1u8, vec!["x".to_owned()]), (2, vec![])]));
    same(Shape3::Box { width: 1, label: Some("x".into()) });
    same(Shape3::Line(1, 2));
    same(Shape3::Point);
    same(Json::Object(BTreeMap::from([("a".into(), Json::List(vec![Json::Null, Json::Bool(true)]))])));
    same(Ok::<u8, String>(1));
    same(Duration::from_millis(1500));
    same(Person { name: "Ann".into(), emails: vec![], boss: None, address: None });
}

#[track_caller]
fn malformed<T: Value>(bytes: &[u8], why: &str) {
    let (types, id) = described::<T>();
    let error = json(&types, id, bytes).expect_err("it is refused");
    assert!(error.contains(why), "{error}");
}

#[test]
fn bytes_that_are_no_value_are_refused() {
    malformed::<u8>(&[], "$: 1 bytes expected, 0 are left");
    malformed::<u8>(&[1, 2], "1 bytes are left over");
    malformed::<bool>(&[2], "a bool begins with 2");
    malformed::<Option<u8>>(&[3, 1], "an option begins with 3");
    malformed::<u16>(&[0x80, 0x80, 4], "more than 16 bits");
    malformed::<u16>(&[0x80, 0x80, 0x80, 0], "more than 16 bits");
    malformed::<u64>(&[0xff; 11], "more than 64 bits");
    malformed::<u128>(&[0xff; 20], "more than 128 bits");
    malformed::<char>(&[2, b'a', b'b'], "not one character");
    malformed::<char>(&[0], "not one character");
    malformed::<String>(&[2, 0xc3, 0x28], "no UTF-8");
    malformed::<String>(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], "bytes expected");
    malformed::<Vec<(u8, bool)>>(&[2, 1, 1, 1, 7], "$[1][1]: a bool begins with 7");
    malformed::<BTreeMap<String, bool>>(&[1, 1, b'k', 9], "$[\"k\"]: a bool begins with 9");
    malformed::<Shape3>(&[9], "there is no variant 9, but 6 variants");
    malformed::<Shape3>(&[3, 1, 2], "$.Box.label: an option begins with 2");
    // The same acceptance as postcard's own reader, byte by byte.
    let (types, id) = described::<u16>();
    for a in 0..=255 {
        for (b, c) in [(0, 0), (1, 0), (0x80, 0), (0x80, 1), (0xff, 3), (0xff, 4), (0xff, 0x80), (0x7f, 9)] {
            let bytes = [a, b, c];
            let postcard = postcard::take_from_bytes::<u16>(&bytes).ok().filter(|(_, rest)| rest.is_empty());
            let ours = json(&types, id, &bytes).ok();
            assert_eq!(ours, postcard.map(|(number, _)| number.to_string()), "{bytes:?}");
        }
    }
}

#[test]
fn bombs_are_small() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    malformed::<Vec<()>>(&huge, "too large");
    malformed::<BTreeMap<(), ()>>(&huge, "too large");
    malformed::<Vec<[[(); 32]; 32]>>(&huge, "too large");
    malformed::<Vec<String>>(&huge, "bytes expected");
    // To serde_json's tree as well, which allocates what a length says.
    let (types, id) = described::<Vec<()>>();
    assert!(serde_json::to_value(types.to_serde(id, &huge, WriteOptions::default())).is_err());

    let mut types = rpc_core::schema::Types::default();
    let mut id = types.add(Type::Unit);
    for _ in 0..4 {
        id = types.add(Type::Array(id, 4_000_000_000));
    }
    assert!(json(&types, id, &[]).unwrap_err().contains("too large"));
}

/// Names are long, and values take no bytes: the text stays in proportion to the message, plus a constant.
#[test]
fn names_cannot_multiply_without_end() {
    use rpc_core::schema::{Body, Field, Types, Variant};
    let mut types = Types::default();
    let unit = types.add(Type::Unit);
    let field = |index| Field { name: format!("{index:0>250}"), doc: String::new(), ty: unit };
    let body = Body::Fields((0..100).map(field).collect());
    let wide = types.add(Type::Struct { name: "Wide".into(), doc: String::new(), body });
    let list = types.add(Type::Sequence(wide));
    assert!(json(&types, list, &[100]).unwrap_err().contains("too large"));
    assert!(json(&types, list, &[30]).is_ok());

    let variants = vec![Variant { name: "v".repeat(250), doc: String::new(), body: Body::Unit }];
    let choice = types.add(Type::Enum { name: "Choice".into(), doc: String::new(), variants });
    let list = types.add(Type::Sequence(choice));
    let bytes = |count: usize| [zoo::bytes(&(count as u64)), vec![0; count]].concat();
    assert!(json(&types, list, &bytes(4_000)).is_ok());
    assert!(json(&types, list, &bytes(400_000)).unwrap_err().contains("too large"));
    let keys = types.add(Type::Map(choice, unit));
    assert!(json(&types, keys, &bytes(400_000)).unwrap_err().contains("too large"));
}

/// Runs on a test's thread, which has 2 MiB of stack.
#[test]
fn depth_is_limited_both_ways() {
    let (types, id) = described::<Json>();
    let nested = |levels: usize| {
        let mut bytes: Vec<u8> = [4, 1].repeat(levels);
        bytes.push(0);
        bytes
    };
    let deep = nested(63);
    let text = json(&types, id, &deep).expect("126 containers");
    assert_eq!(from_json(&types, id, &text), Ok(deep.clone()));
    let pretty = serde_json::to_string_pretty(&types.to_serde(id, &deep, WriteOptions::default())).unwrap();
    assert_eq!(from_json(&types, id, &pretty), Ok(deep));
    assert!(json(&types, id, &nested(64)).unwrap_err().contains("levels deep"));
    assert!(json(&types, id, &nested(100_000)).unwrap_err().contains("levels deep"));
    let opened = "{\"List\":[".repeat(64) + "\"Null\"" + &"]}".repeat(64);
    let mut out = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(&opened);
    let error = types.from_serde(id, &mut reader, &mut out).unwrap_err();
    assert!(error.message.contains("levels deep") || error.message.contains("recursion"), "{error}");
    assert!(out.is_empty());

    // A list of itself, a map of itself, and pairs of itself.
    use rpc_core::schema::{TypeId, Types};
    let itself = |ty: Type| {
        let mut types = Types::default();
        types.add(Type::String);
        types.add(Type::Unit);
        let id = types.add(ty);
        assert_eq!(id, TypeId(2));
        types
    };
    for (ty, head) in [
        (Type::Sequence(TypeId(2)), &[1][..]),
        (Type::Map(TypeId(0), TypeId(2)), &[1, 1, b'k']),
        (Type::Map(TypeId(1), TypeId(2)), &[1]),
        (Type::Map(TypeId(2), TypeId(1)), &[1]),
    ] {
        let types = itself(ty);
        let levels =
            (0..200).take_while(|levels| json(&types, TypeId(2), &[&head.repeat(*levels)[..], &[0]].concat()).is_ok());
        let levels = levels.count() - 1;
        assert!((60..128).contains(&levels), "{levels}");
        let bytes = [&head.repeat(levels)[..], &[0]].concat();
        let text = json(&types, TypeId(2), &bytes).expect("as before");
        assert_eq!(from_json(&types, TypeId(2), &text), Ok(bytes));
    }

    // Chains of types that no container shows.
    let mut types = Types::default();
    let mut id = types.add(Type::Option(TypeId(0)));
    assert!(json(&types, id, &[1; 1000]).unwrap_err().contains("levels deep"));
    for _ in 0..1000 {
        let body = rpc_core::schema::Body::Newtype(id);
        id = types.add(Type::Struct { name: "Chain".into(), doc: String::new(), body });
    }
    assert!(json(&types, id, &[0]).unwrap_err().contains("levels deep"));
    assert!(from_json(&types, id, "null").unwrap_err().contains("levels deep"));
}
