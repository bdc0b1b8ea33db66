//! Whole services: text, fingerprint, check of a peer's schema, and which methods two versions share.

use crate::people::{Address, Color, Json, Person, Shape3};
use rpc_core::{
    Schema, Shape,
    schema::{
        Body, Field, MethodSchema, Mismatch, SchemaFault, ServiceSchema, Type, TypeId, Types, Variant, Verdict, compare,
    },
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

fn field(name: &str, ty: TypeId) -> Field {
    Field { name: name.into(), doc: String::new(), ty }
}

fn method(name: &str, arguments: Vec<Field>, returns: TypeId) -> MethodSchema {
    let (doc, shape) = (String::new(), Shape::Unary);
    MethodSchema {
        name: name.into(),
        doc,
        shape,
        idempotent: false,
        timeout: None,
        arguments,
        accepts: None,
        stream: None,
        returns,
    }
}

fn service(types: Types, methods: Vec<MethodSchema>) -> ServiceSchema {
    ServiceSchema { name: "Kv".into(), doc: String::new(), methods, types }
}

/// A service with one method that takes an `A` and answers an `R`.
fn one<A: Schema, R: Schema>() -> ServiceSchema {
    let mut types = Types::default();
    let arguments = vec![field("key", A::describe(&mut types))];
    let returns = R::describe(&mut types);
    service(types, vec![method("get", arguments, returns)])
}

fn sample() -> ServiceSchema {
    let mut types = Types::default();
    let key = field("key", <&str>::describe(&mut types));
    let mut get = method("get", vec![key.clone()], <Option<Person>>::describe(&mut types));
    get.doc = "Looks up one key.\n\nSlowly.\u{1b}[31m".into();
    (get.idempotent, get.timeout) = (true, Some(Duration::from_secs(5)));
    let mut touch = method("touch", vec![key], <()>::describe(&mut types));
    touch.shape = Shape::OneWay;
    let draw = method("draw", vec![], <Result<Vec<Shape3>, Color>>::describe(&mut types));
    let mut sample = service(types, vec![get, touch, draw]);
    sample.doc = "A store.".into();
    sample
}

/// A service with a method of each shape that has items.
fn streaming() -> ServiceSchema {
    let mut types = Types::default();
    let (text, count) = (String::describe(&mut types), u64::describe(&mut types));
    let (unit, person) = (<()>::describe(&mut types), Person::describe(&mut types));
    let (color, summary) = (Color::describe(&mut types), <Result<Shape3, String>>::describe(&mut types));
    let with = |name: &str, arguments, (shape, accepts, stream), returns| {
        let plain = method(name, arguments, returns);
        MethodSchema { shape, accepts, stream, ..plain }
    };
    let methods = vec![
        with("list", vec![field("prefix", text)], (Shape::Stream, None, Some(person)), unit),
        with("scan", vec![field("limit", count)], (Shape::Stream, None, Some(person)), summary),
        with("load", vec![], (Shape::Upload, Some(person), None), count),
        with("fill", vec![], (Shape::Upload, Some(person), None), unit),
        with("lookup", vec![field("fallback", text)], (Shape::Duplex, Some(color), Some(person)), count),
    ];
    service(types, methods)
}

#[test]
fn items_stand_where_they_travel() {
    let streaming = streaming();
    let signatures: Vec<_> = streaming.methods.iter().map(|method| method.signature(&streaming.types)).collect();
    assert_eq!(
        signatures,
        [
            "list(prefix: String) -> stream Person",
            "scan(limit: u64) -> stream Person, then Result<Shape3, String>",
            "load(accepts Person) -> u64",
            "fill(accepts Person)",
            "lookup(fallback: String, accepts Color) -> stream Person, then u64",
        ]
    );
    assert!(streaming.to_string().contains("    fn load(accepts Person) -> u64;\n"), "{streaming}");
    assert!(streaming.describe_type("Person").is_some(), "only items mention it");
    let names: Vec<_> = streaming.types_used().into_iter().map(|id| streaming.types.name_of(id)).collect();
    assert_eq!(names, ["Person", "Address", "Shape3", "Color"], "in the order in which a reader meets them");
    assert_eq!(streaming.check(), Ok(()));
}

#[test]
fn text_is_like_rust() {
    let sample = sample();
    let expected = r#"/// A store.
service Kv {
    /// Looks up one key.
    ///
    /// Slowly.\u{1b}[31m
    #[rpc(idempotent, timeout = "5s")]
    fn get(key: String) -> Option<Person>;

    #[rpc(oneway)]
    fn touch(key: String);

    fn draw() -> Result<Vec<Shape3>, Color>;
}

/// One Person.
struct Person {
    name: String,
    emails: Vec<String>,
    boss: Option<Person>,
    address: Option<Address>,
}

/// One Address.
struct Address {
    street: String,
    number: Option<u32>,
}

/// One Shape3.
enum Shape3 {
    Point,
    Circle(f64),
    Line(u8, u8),
    Box {
        width: u8,
        label: Option<String>,
    },
    Empty(),
    Maybe(Option<u8>),
}

/// One Color.
enum Color {
    Green,
    dark-blue,
}
"#;
    assert_eq!(sample.to_string(), expected);
    let get = sample.method("get").unwrap();
    assert_eq!(get.signature(&sample.types), "get(key: String) -> Option<Person>");
    let text = sample.describe_method(get);
    let (method, types) = text.split_once("\n\n/// One Person.").expect("the types are below");
    assert!(method.ends_with("fn get(key: String) -> Option<Person>"), "{method}");
    assert!(types.contains("/// One Address.") && !types.contains("Shape3"), "only those of the method: {types}");
    assert_eq!(sample.describe_type("Color").unwrap(), "/// One Color.\nenum Color {\n    Green,\n    dark-blue,\n}\n");
    assert_eq!(sample.describe_type("Colour"), None);
    assert_eq!(sample.check(), Ok(()));
}

#[test]
fn arguments_are_an_object() {
    let sample = sample();
    let get = sample.method("get").unwrap();
    let mut bytes = vec![9];
    let mut json = serde_json::Deserializer::from_str(r#"{"key": "a"}"#);
    sample.arguments_from_serde(get, &mut json, &mut bytes).unwrap();
    assert_eq!(bytes, [9, 1, b'a']);
    let written = sample.arguments_to_serde(get, &bytes[1..], Default::default());
    assert_eq!(serde_json::to_string(&written).unwrap(), r#"{"key":"a"}"#);
    let mut json = serde_json::Deserializer::from_str(r#"{"kee": "a"}"#);
    let error = sample.arguments_from_serde(get, &mut json, &mut bytes).unwrap_err();
    assert!(error.to_string().starts_with("$: unknown argument `kee` (did you mean `key`?)"), "{error}");
    assert_eq!(bytes, [9, 1, b'a'], "as it was");
}

/// These numbers are on the wire: another one is another protocol.
#[test]
fn fingerprints_stay_what_they_are() {
    let print = |service: &ServiceSchema| service.fingerprint().to_string();
    assert_eq!(print(&service(Types::default(), vec![])), "a4967f9a7412b8f7");
    assert_eq!(print(&one::<(), ()>()), "88a61c9a0a14828e");
    assert_eq!(print(&one::<String, Vec<u8>>()), "8879fe9a09ef14a9");
    assert_eq!(print(&one::<Person, Json>()), "ed3ddfe2952767a2");
    assert_eq!(print(&sample()), "5aa1d1f48d9e7e92");
    assert_eq!(print(&streaming()), "e4880503e79fd1a3");
}

#[test]
fn fingerprints_cover_what_matters() {
    let change = |change: fn(&mut ServiceSchema)| {
        let mut changed = sample();
        change(&mut changed);
        changed.fingerprint()
    };
    let before = sample().fingerprint();
    let same: [fn(&mut ServiceSchema); 5] = [
        |_| {},
        |s| s.doc.clear(),
        |s| s.methods[0].doc.clear(),
        |s| (s.methods[0].idempotent, s.methods[0].timeout) = (false, None),
        // A type that nothing mentions.
        |s| assert!(s.types.add(Type::Option(TypeId(9))).0 > 0),
    ];
    for (index, same) in same.into_iter().enumerate() {
        assert_eq!(change(same), before, "{index}");
    }
    let different: [fn(&mut ServiceSchema); 8] = [
        |s| s.name.push('2'),
        |s| s.methods[0].name.push('2'),
        |s| s.methods.swap(0, 1),
        |s| drop(s.methods.pop()),
        |s| s.methods[0].shape = Shape::OneWay,
        |s| s.methods[0].arguments[0].name.push('2'),
        |s| s.methods[0].arguments.clear(),
        |s| s.methods[0].returns = s.methods[1].returns,
    ];
    let mut all = vec![before];
    for (index, different) in different.into_iter().enumerate() {
        let changed = change(different);
        assert!(!all.contains(&changed), "{index}");
        all.push(changed);
    }
    let items = |accepts: Option<usize>, stream: Option<usize>, returns| {
        let mut types = Types::default();
        let ids = [types.add(Type::U8), types.add(Type::I8)];
        let id = |index: usize| ids[index];
        let mut method = method("get", vec![], id(returns));
        method.shape = Shape::Duplex;
        (method.accepts, method.stream) = (accepts.map(id), stream.map(id));
        service(types, vec![method]).fingerprint()
    };
    // All ways to have two types, or one, or none; those that fit no shape as well.
    let choices = [None, Some(0), Some(1)];
    for (accepts, stream) in choices.into_iter().flat_map(|accepts| choices.map(|stream| (accepts, stream))) {
        for returns in [0, 1] {
            let print = items(accepts, stream, returns);
            assert!(!all.contains(&print), "{accepts:?} {stream:?} {returns}");
            all.push(print);
        }
    }
    let of = |ty: Type| {
        let mut types = Types::default();
        let word = types.add(Type::U8);
        assert_eq!(word, TypeId(0));
        let id = types.add(ty);
        service(types, vec![method("get", vec![], id)]).fingerprint()
    };
    let byte = TypeId(0);
    let structure = |name: &str, body| Type::Struct { name: name.into(), doc: String::new(), body };
    let variant = |name: &str, body| Variant { name: name.into(), doc: String::new(), body };
    let choice = |variants| Type::Enum { name: "E".into(), doc: String::new(), variants };
    let kinds = [
        Type::U8,
        Type::I8,
        Type::Unit,
        Type::String,
        Type::Char,
        Type::Bytes,
        Type::Option(byte),
        Type::Array(byte, 1),
        Type::Array(byte, 2),
        Type::Tuple(vec![]),
        Type::Tuple(vec![byte]),
        Type::Tuple(vec![byte, byte]),
        Type::Map(byte, byte),
        structure("A", Body::Unit),
        structure("B", Body::Unit),
        structure("A", Body::Newtype(byte)),
        structure("A", Body::Tuple(vec![byte])),
        structure("A", Body::Fields(vec![field("x", byte)])),
        structure("A", Body::Fields(vec![field("y", byte)])),
        structure("A", Body::Fields(vec![])),
        choice(vec![]),
        choice(vec![variant("x", Body::Unit)]),
        choice(vec![variant("y", Body::Unit)]),
        choice(vec![variant("x", Body::Newtype(byte))]),
        choice(vec![variant("x", Body::Unit), variant("y", Body::Unit)]),
        choice(vec![variant("y", Body::Unit), variant("x", Body::Unit)]),
    ];
    for ty in kinds {
        let print = of(ty.clone());
        assert!(!all.contains(&print), "{ty:?}");
        all.push(print);
    }
    assert_eq!(of(Type::Sequence(byte)), of(Type::Bytes), "the same on the wire, and no name");
    assert_eq!(
        of(Type::Struct { name: "A".into(), doc: "Docs.".into(), body: Body::Unit }),
        of(structure("A", Body::Unit)),
    );
    // Where in the table a type stands does not matter.
    let mut types = Types::default();
    let (text, number) = (types.add(Type::String), types.add(Type::U64));
    let map = types.add(Type::Map(text, number));
    let mut turned = Types::default();
    turned.add(Type::Bool);
    let (number, text) = (turned.add(Type::U64), turned.add(Type::String));
    let turned_map = turned.add(Type::Map(text, number));
    let print = |types, id| service(types, vec![method("get", vec![], id)]).fingerprint();
    assert_eq!(print(types, map), print(turned, turned_map));
}

fn verdict(client: &ServiceSchema, server: &ServiceSchema) -> Verdict {
    compare(client, server).remove(0)
}

#[track_caller]
fn differ(client: &ServiceSchema, server: &ServiceSchema, path: &str, ours: &str, theirs: &str) {
    let expected = Mismatch { path: path.into(), ours: ours.into(), theirs: theirs.into() };
    assert_eq!(verdict(client, server), Verdict::Incompatible(expected));
}

#[track_caller]
fn same(client: &ServiceSchema, server: &ServiceSchema) {
    assert_eq!(verdict(client, server), Verdict::Same { index: 0 });
}

#[test]
fn methods_are_matched_by_name() {
    let client = sample();
    let mut server = sample();
    server.methods.swap(0, 2);
    server.methods.remove(1);
    assert_eq!(compare(&client, &server), [Verdict::Same { index: 1 }, Verdict::Missing, Verdict::Same { index: 0 }]);
    server.methods[1].shape = Shape::OneWay;
    differ(&client, &server, "get", "a call with one answer", "a call without an answer");
}

#[test]
fn words_are_equal_or_not() {
    same(&one::<Person, Json>(), &one::<Person, Json>());
    same(&one::<Vec<u8>, [bool; 2]>(), &one::<std::collections::BTreeSet<u8>, [bool; 2]>());
    differ(&one::<u32, ()>(), &one::<u64, ()>(), "get(key)", "u32", "u64");
    differ(&one::<(), u32>(), &one::<(), i32>(), "returns", "u32", "i32");
    differ(&one::<(), Vec<Option<u8>>>(), &one::<(), Vec<Option<i8>>>(), "returns[]?", "u8", "i8");
    differ(&one::<[u8; 3], ()>(), &one::<[u8; 4], ()>(), "get(key)", "[u8; 3]", "[u8; 4]");
    differ(&one::<(u8, u16), ()>(), &one::<(u8, i16), ()>(), "get(key).1", "u16", "i16");
    differ(&one::<(u8,), ()>(), &one::<(u8, u8), ()>(), "get(key)", "1 elements", "2 elements");
    differ(&one::<Vec<u8>, ()>(), &one::<String, ()>(), "get(key)", "Vec<u8>", "String");
    let map = one::<(), BTreeMap<u8, Result<(), String>>>();
    differ(&map, &one::<(), BTreeMap<u8, Result<(), char>>>(), "returns{value}.Err", "String", "char");
    differ(&map, &one::<(), BTreeMap<i8, Result<(), String>>>(), "returns{key}", "u8", "i8");
}

/// A service whose one method takes or answers a type made by hand.
fn with(build: impl Fn(&mut Types) -> Type, answers: bool) -> ServiceSchema {
    let mut types = Types::default();
    let unit = types.add(Type::Unit);
    let ty = build(&mut types);
    let id = types.add(ty);
    let (argument, returns) = if answers { (unit, id) } else { (id, unit) };
    service(types, vec![method("get", vec![field("key", argument)], returns)])
}

fn fields(name: &str, fields: &[(&str, Type)]) -> ServiceSchema {
    with(
        |types| {
            let fields = fields.iter().map(|(name, ty)| field(name, types.add(ty.clone()))).collect();
            Type::Struct { name: name.into(), doc: String::new(), body: Body::Fields(fields) }
        },
        false,
    )
}

#[test]
fn fields_travel_in_order() {
    let ours = fields("A", &[("a", Type::U8), ("b", Type::Bool), ("c", Type::String)]);
    same(&ours, &fields("Other", &[("a", Type::U8), ("b", Type::Bool), ("c", Type::String)]));
    same(&ours, &fields("A", &[("a", Type::U8), ("renamed", Type::Bool), ("c", Type::String)]));
    differ(
        &ours,
        &fields("A", &[("b", Type::U8), ("a", Type::Bool), ("c", Type::String)]),
        "get(key).a",
        "field 1",
        "field 2",
    );
    differ(
        &ours,
        &fields("A", &[("x", Type::U8), ("a", Type::Bool), ("c", Type::String)]),
        "get(key).a",
        "field 1",
        "field 2",
    );
    differ(
        &ours,
        &fields("A", &[("a", Type::U8), ("c", Type::Bool), ("x", Type::String)]),
        "get(key).c",
        "field 3",
        "field 2",
    );
    differ(&ours, &fields("A", &[("a", Type::U8), ("c", Type::String)]), "get(key).b", "bool", "absent");
    differ(&fields("A", &[("a", Type::U8)]), &ours, "get(key).b", "absent", "bool");
    differ(
        &ours,
        &fields("A", &[("a", Type::U8), ("b", Type::Bool), ("c", Type::Bytes)]),
        "get(key).c",
        "String",
        "Vec<u8>",
    );
    let mut more = one::<String, ()>();
    let id = more.methods[0].arguments[0].ty;
    more.methods[0].arguments.push(field("limit", id));
    differ(&more, &one::<String, ()>(), "get(limit)", "String", "absent");
    differ(&one::<String, ()>(), &more, "get(limit)", "absent", "String");
}

#[test]
fn newtypes_are_seen_through_and_other_kinds_not() {
    use crate::people::Wrapper;
    same(&one::<Wrapper<Wrapper<u8>>, ()>(), &one::<u8, ()>());
    same(&one::<u8, Vec<Wrapper<u8>>>(), &one::<u8, Vec<u8>>());
    differ(&one::<Wrapper<u8>, ()>(), &one::<u16, ()>(), "get(key)", "u8", "u16");
    let tuple = with(
        |types| {
            let byte = types.add(Type::U8);
            Type::Struct { name: "A".into(), doc: String::new(), body: Body::Tuple(vec![byte, byte]) }
        },
        false,
    );
    let named = fields("A", &[("a", Type::U8), ("b", Type::U8)]);
    differ(&tuple, &named, "get(key)", "of 2 unnamed fields", "of 2 named fields");
    differ(&tuple, &one::<(u8, u8), ()>(), "get(key)", "A", "(u8, u8)");
    let choice = with(|_| Type::Enum { name: "A".into(), doc: String::new(), variants: vec![] }, false);
    differ(&named, &choice, "get(key)", "struct A", "enum A");
}

/// Services whose one method has items of this type: accepted ones, and streamed ones.
fn items<T: Schema>() -> [ServiceSchema; 2] {
    let with = |shape: Shape| {
        let mut service = one::<(), ()>();
        let id = T::describe(&mut service.types);
        let method = &mut service.methods[0];
        (method.shape, method.accepts, method.stream) =
            (shape, shape.accepts().then_some(id), shape.streams().then_some(id));
        service
    };
    [with(Shape::Upload), with(Shape::Stream)]
}

#[test]
fn items_travel_in_their_direction() {
    let ([accepts, stream], [other_accepts, other_stream]) = (items::<Vec<u8>>(), items::<Vec<char>>());
    same(&accepts, &accepts);
    same(&stream, &stream);
    differ(&accepts, &other_accepts, "accepts", "Vec<u8>", "Vec<char>");
    differ(&stream, &other_stream, "stream", "Vec<u8>", "Vec<char>");
    differ(&accepts, &stream, "get", "a call that takes items", "a call that sends items");
    let ([accepts, stream], [other_accepts, other_stream]) = (items::<Option<Person>>(), items::<Option<Address>>());
    differ(&accepts, &other_accepts, "accepts?.name", "String", "absent");
    differ(&stream, &other_stream, "stream?.name", "String", "absent");

    // The sender's variants are the receiver's first: ours for what we send, theirs for what they send.
    #[derive(serde::Serialize, serde::Deserialize, Schema)]
    #[serde(rename = "E")]
    enum Few {
        A,
    }
    #[derive(serde::Serialize, serde::Deserialize, Schema)]
    #[serde(rename = "E")]
    enum Many {
        A,
        B,
    }
    let ([few_accepted, few_streamed], [many_accepted, many_streamed]) = (items::<Few>(), items::<Many>());
    same(&few_accepted, &many_accepted);
    differ(&many_accepted, &few_accepted, "accepts", "variant 1 B", "without a variant 1");
    same(&many_streamed, &few_streamed);
    differ(&few_streamed, &many_streamed, "stream", "without a variant 1", "variant 1 B");

    // Of a peer that is not checked.
    let mut hostile = stream.clone();
    hostile.methods[0].stream = None;
    differ(&stream, &hostile, "stream", "Option<Person>", "absent");
    differ(&hostile, &stream, "stream", "absent", "Option<Person>");
    hostile.methods[0].stream = Some(TypeId(1000));
    differ(&stream, &hostile, "stream", "Option<Person>", "?");
}

fn variants(names: &[&str], answers: bool) -> ServiceSchema {
    let variant = |name: &&str| Variant { name: (*name).into(), doc: String::new(), body: Body::Unit };
    let variants: Vec<Variant> = names.iter().map(variant).collect();
    with(|_| Type::Enum { name: "E".into(), doc: String::new(), variants: variants.clone() }, answers)
}

#[test]
fn the_senders_variants_are_the_receivers_first() {
    let (few, many) = (["a", "b"], ["a", "b", "c"]);
    same(&variants(&few, false), &variants(&many, false));
    same(&variants(&many, true), &variants(&few, true));
    differ(&variants(&many, false), &variants(&few, false), "get(key)", "variant 2 c", "without a variant 2");
    differ(&variants(&few, true), &variants(&many, true), "returns", "without a variant 2", "variant 2 c");
    differ(&variants(&few, false), &variants(&["b", "a"], false), "get(key)", "variant 0 a", "variant 0 b");
    let server = with(
        |types| {
            let text = types.add(Type::I8);
            let variants = vec![Variant { name: "Point".into(), doc: String::new(), body: Body::Newtype(text) }];
            Type::Enum { name: "Shape3".into(), doc: String::new(), variants }
        },
        true,
    );
    differ(&one::<(), Shape3>(), &server, "returns.Point", "without fields", "around one unnamed field");
}

#[test]
fn schemas_of_a_peer_are_checked() {
    let fault = |build: &dyn Fn(&mut Types) -> Type| with(build, false).check();
    let structure = |body| Type::Struct { name: "A".into(), doc: String::new(), body };
    assert!(matches!(fault(&|_| Type::Option(TypeId(77))), Err(SchemaFault::NoSuchType { id: TypeId(77), .. })));
    assert!(matches!(fault(&|_| Type::Array(TypeId(0), u32::MAX)), Err(SchemaFault::TooMany { .. })));
    assert!(matches!(fault(&|_| Type::Tuple(vec![TypeId(0); 5000])), Err(SchemaFault::TooMany { .. })));
    for name in ["", "a b", "a\n", "\u{202e}x", "a\u{200b}", &"x".repeat(257)] {
        let named = Type::Struct { name: name.into(), doc: String::new(), body: Body::Unit };
        assert!(fault(&|_| named.clone()).is_err(), "{name:?}");
    }
    for name in ["A", "kebab-case", "größe", "@type", "r2d2"] {
        let named = Type::Struct { name: name.into(), doc: String::new(), body: Body::Unit };
        assert_eq!(fault(&|_| named.clone()), Ok(()), "{name:?}");
    }
    let twice = structure(Body::Fields(vec![field("x", TypeId(0)), field("x", TypeId(0))]));
    assert!(matches!(fault(&|_| twice.clone()), Err(SchemaFault::DoubleName { .. })));
    let mut twice = sample();
    twice.methods.push(twice.methods[0].clone());
    assert!(matches!(twice.check(), Err(SchemaFault::DoubleName { .. })));
    let mut no_answer = sample();
    no_answer.methods[0].returns = TypeId(1000);
    assert_eq!(no_answer.check().unwrap_err().to_string(), "method get is of type 1000, of which there is none");

    let unfit = |index: usize, accepts, stream| {
        let mut streaming = streaming();
        (streaming.methods[index].accepts, streaming.methods[index].stream) = (accepts, stream);
        streaming.check().unwrap_err().to_string()
    };
    let it = Some(TypeId(0));
    assert_eq!(unfit(0, None, None), "method list has no type for `stream`, and the shape Stream");
    assert_eq!(unfit(0, it, it), "method list has a type for `accepts`, and the shape Stream");
    assert_eq!(unfit(2, it, it), "method load has a type for `stream`, and the shape Upload");
    assert_eq!(unfit(2, None, None), "method load has no type for `accepts`, and the shape Upload");
    assert_eq!(unfit(4, it, None), "method lookup has no type for `stream`, and the shape Duplex");
    assert_eq!(unfit(0, None, Some(TypeId(1000))), "method list is of type 1000, of which there is none");
    let mut unary = one::<(), ()>();
    unary.methods[0].accepts = it;
    assert_eq!(unary.check().unwrap_err().to_string(), "method get has a type for `accepts`, and the shape Unary");

    // Types that contain themselves, with and without a way out. The type that is built gets the place 1.
    let me = TypeId(1);
    for endless in [
        structure(Body::Newtype(me)),
        structure(Body::Tuple(vec![TypeId(0), me])),
        structure(Body::Fields(vec![field("me", me)])),
        Type::Tuple(vec![me]),
        Type::Array(me, 2),
    ] {
        assert!(matches!(fault(&|_| endless.clone()), Err(SchemaFault::Endless { id: TypeId(1), .. })), "{endless:?}");
    }
    for ending in [Type::Option(me), Type::Sequence(me), Type::Map(me, me), Type::Array(me, 0)] {
        assert_eq!(fault(&|_| ending.clone()), Ok(()), "{ending:?}");
    }
    let circle = with(
        |types| {
            types.add(Type::Tuple(vec![TypeId(0), TypeId(2)]));
            types.add(Type::Tuple(vec![TypeId(3)]));
            Type::Tuple(vec![TypeId(1), TypeId(1)])
        },
        false,
    );
    assert!(matches!(circle.check(), Err(SchemaFault::Endless { .. })));
    // The same part twice is no circle.
    assert_eq!(one::<((u8, Person), (u8, Person)), [[Person; 2]; 2]>().check(), Ok(()));
}

/// A chain of types longer than any stack, and a lattice with more paths than atoms.
#[test]
fn hostile_schemas_cost_little() {
    let start = Instant::now();
    let chain = |length: u32| {
        let mut types = Types::default();
        let mut id = types.add(Type::U8);
        for _ in 0..length {
            id = types.add(Type::Tuple(vec![id, id]));
        }
        service(types, vec![method("get", vec![field("key", id)], id)])
    };
    let (a, b) = (chain(2000), chain(1999));
    assert_eq!(a.check(), Ok(()));
    same(&a, &a);
    assert!(matches!(verdict(&a, &b), Verdict::Incompatible(_)));
    assert!(a.to_string().len() < 10_000);
    a.fingerprint();

    // A page for each of many types: the text ends.
    let mut types = Types::default();
    let unit = types.add(Type::Unit);
    let long = |index: u32| field(&format!("{index:0>250}"), unit);
    let body = Body::Fields((0..4000).map(long).collect());
    for index in 0..16 {
        types.add(Type::Struct { name: format!("Page{index}"), doc: "Docs.".into(), body: body.clone() });
    }
    let all = types.add(Type::Tuple((1..17).map(TypeId).collect()));
    let pages = service(types, vec![method("get", vec![], all)]).to_string();
    assert!(pages.len() < (1 << 20) + 10_000 && pages.ends_with("…\n"), "{}", pages.len());

    // Two circles of coprime lengths: as many pairs as their product.
    let circle = |length: u32| {
        let mut types = Types::default();
        for at in 0..length {
            types.add(Type::Struct {
                name: format!("C{at}"),
                doc: String::new(),
                body: Body::Tuple(vec![TypeId((at + 1) % length); 30]),
            });
        }
        service(types, vec![method("get", vec![field("key", TypeId(0))], TypeId(0))])
    };
    match verdict(&circle(4093), &circle(4091)) {
        Verdict::Incompatible(mismatch) => assert!(mismatch.ours.contains("too large"), "{mismatch}"),
        other => panic!("{other:?}"),
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
