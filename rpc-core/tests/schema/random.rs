//! Schemas and values that nobody thought of: what is lossless stays so, and nothing panics, hangs or explodes.

use crate::zoo;
use proptest::{collection::vec, prelude::*};
use rpc_core::{
    Shape,
    schema::{Body, Field, MethodSchema, ServiceSchema, Type, TypeId, Types, Variant, Verdict, WriteOptions, compare},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Choices, from bytes that proptest makes and shrinks; zeros when they are used up.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.byte() as usize | (self.byte() as usize) << 8) % limit.max(1)
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }
}

/// A type for the place `at`. With `sound`, what it holds directly stands before it, so that no value is endless, and an
/// enum has a first variant that ends; else it mentions what it likes.
fn random_type(choices: &mut Choices<'_>, at: usize, all: usize, sound: bool) -> Type {
    let any = |choices: &mut Choices<'_>| TypeId(choices.below(if sound { all } else { all + 2 }) as u32);
    let before = |choices: &mut Choices<'_>| TypeId(choices.below(if sound { at } else { all + 2 }) as u32);
    let words = [
        Type::Unit,
        Type::Bool,
        Type::U8,
        Type::U16,
        Type::U32,
        Type::U64,
        Type::U128,
        Type::I8,
        Type::I16,
        Type::I32,
        Type::I64,
        Type::I128,
        Type::F32,
        Type::F64,
        Type::Char,
        Type::String,
        Type::Bytes,
    ];
    if at == 0 {
        return words[choices.below(words.len())].clone();
    }
    let body = |choices: &mut Choices<'_>, inside: &dyn Fn(&mut Choices<'_>) -> TypeId| match choices.below(4) {
        0 => Body::Unit,
        1 => Body::Newtype(inside(choices)),
        2 => Body::Tuple((0..choices.below(4)).map(|_| inside(choices)).collect()),
        _ => {
            let field = |index, choices: &mut Choices<'_>| Field {
                name: format!("field{index}"),
                doc: "A field.".into(),
                ty: inside(choices),
            };
            Body::Fields((0..choices.below(4)).map(|index| field(index, choices)).collect())
        }
    };
    let name = format!("Type{at}");
    match choices.below(12) {
        0..4 => words[choices.below(words.len())].clone(),
        4 => Type::Option(any(choices)),
        5 => Type::Sequence(any(choices)),
        6 => Type::Array(before(choices), choices.below(5) as u32),
        7 => Type::Tuple((0..choices.below(4)).map(|_| before(choices)).collect()),
        8 => Type::Map(any(choices), any(choices)),
        9 => Type::Struct { name, doc: "A struct.".into(), body: body(choices, &before) },
        _ => {
            let only_names = choices.below(3) == 0;
            let variant = |index: usize, choices: &mut Choices<'_>| Variant {
                name: format!("Variant{index}"),
                doc: String::new(),
                body: if index == 0 || only_names { Body::Unit } else { body(choices, &any) },
            };
            let variants = (0..=choices.below(4)).map(|index| variant(index, choices)).collect();
            Type::Enum { name, doc: String::new(), variants }
        }
    }
}

/// A table, and the type in its last place.
fn random_types(choices: &mut Choices<'_>, sound: bool) -> (Types, TypeId) {
    let count = 1 + choices.below(12);
    let table: Vec<Type> = (0..count).map(|at| random_type(choices, at, count, sound)).collect();
    // `add` would put equal types in one place, and move all that follow: the table goes the way a peer's does.
    let types = postcard::from_bytes(&zoo::bytes(&table)).expect("a table is all that travels of it");
    (types, TypeId(count as u32 - 1))
}

fn varint(out: &mut Vec<u8>, mut number: u128) {
    while number > 127 {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a value of the type, which soon ends when `depth` is used up.
fn random_value(choices: &mut Choices<'_>, types: &Types, id: TypeId, depth: usize, out: &mut Vec<u8>) {
    let deeper = depth.saturating_sub(1);
    let count = |choices: &mut Choices<'_>| if depth == 0 || choices.0.is_empty() { 0 } else { choices.below(4) };
    let integer = |choices: &mut Choices<'_>, bits: u32| {
        let number = u128::from_le_bytes(choices.bytes()) >> choices.below(128);
        if bits == 128 { number } else { number & ((1 << bits) - 1) }
    };
    let body = |choices: &mut Choices<'_>, body: &Body, out: &mut Vec<u8>| match body {
        Body::Unit => {}
        Body::Newtype(inside) => random_value(choices, types, *inside, deeper, out),
        Body::Tuple(ids) => ids.iter().for_each(|id| random_value(choices, types, *id, deeper, out)),
        Body::Fields(fields) => fields.iter().for_each(|field| random_value(choices, types, field.ty, deeper, out)),
    };
    match types.get(id).expect("a sound schema") {
        Type::Unit => {}
        // No value of it comes from text.
        Type::Fd => varint(out, 0),
        Type::Bool => out.push(choices.byte() % 2),
        Type::U8 | Type::I8 => out.push(choices.byte()),
        Type::U16 | Type::I16 => varint(out, integer(choices, 16)),
        Type::U32 | Type::I32 => varint(out, integer(choices, 32)),
        Type::U64 | Type::I64 => varint(out, integer(choices, 64)),
        Type::U128 | Type::I128 => varint(out, integer(choices, 128)),
        Type::F32 => {
            let number = f32::from_le_bytes(choices.bytes());
            out.extend(if number.is_nan() { f32::NAN } else { number }.to_le_bytes());
        }
        Type::F64 => {
            let number = f64::from_le_bytes(choices.bytes());
            out.extend(if number.is_nan() { f64::NAN } else { number }.to_le_bytes());
        }
        Type::Char => {
            let character = char::from_u32(u32::from_le_bytes(choices.bytes()) % 0x11_0000).unwrap_or('"');
            out.extend(zoo::bytes(&character));
        }
        Type::String => {
            let text: Vec<u8> = (0..choices.below(9)).map(|_| choices.byte()).collect();
            out.extend(zoo::bytes(&String::from_utf8_lossy(&text)));
        }
        Type::Bytes => {
            let bytes: Vec<u8> = (0..choices.below(9)).map(|_| choices.byte()).collect();
            out.extend(zoo::bytes(&bytes));
        }
        Type::Option(inside) => {
            let some = depth > 0 && choices.below(4) > 0;
            out.push(some.into());
            if some {
                random_value(choices, types, *inside, deeper, out);
            }
        }
        Type::Sequence(item) => {
            let count = count(choices);
            varint(out, count as u128);
            (0..count).for_each(|_| random_value(choices, types, *item, deeper, out));
        }
        Type::Array(item, length) => (0..*length).for_each(|_| random_value(choices, types, *item, deeper, out)),
        Type::Tuple(ids) => ids.iter().for_each(|id| random_value(choices, types, *id, deeper, out)),
        Type::Map(key, value) => {
            let mut entries = BTreeMap::new();
            for _ in 0..count(choices) {
                let (mut name, mut held) = (Vec::new(), Vec::new());
                random_value(choices, types, *key, deeper, &mut name);
                random_value(choices, types, *value, deeper, &mut held);
                entries.insert(name, held);
            }
            varint(out, entries.len() as u128);
            entries.into_iter().for_each(|(name, held)| out.extend([name, held].concat()));
        }
        Type::Struct { body: inside, .. } => body(choices, inside, out),
        Type::Enum { variants, .. } => {
            let index = if depth == 0 { 0 } else { choices.below(variants.len()) };
            varint(out, index as u128);
            body(choices, &variants[index].body, out);
        }
    }
}

/// A service whose one method has this type wherever its shape has one; an unsound one has items or not, as it likes.
fn service(choices: &mut Choices<'_>, types: Types, id: TypeId, sound: bool) -> ServiceSchema {
    let shapes = [Shape::Unary, Shape::OneWay, Shape::Stream, Shape::Upload, Shape::Duplex];
    let shape = shapes[choices.below(shapes.len())];
    let mut items = |has: bool| (if sound { has } else { choices.below(2) == 0 }).then_some(id);
    let argument = Field { name: "argument".into(), doc: "It.".into(), ty: id };
    let method = MethodSchema {
        name: "method".into(),
        doc: "Does it.".into(),
        shape,
        idempotent: false,
        timeout: None,
        arguments: vec![argument],
        accepts: items(shape.accepts()),
        stream: items(shape.streams()),
        returns: id,
    };
    ServiceSchema { name: "Service".into(), doc: String::new(), methods: vec![method], types }
}

/// Far more than any of these takes on a busy machine, and far less than a hang.
const MOMENT: Duration = Duration::from_secs(5);

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_value_comes_back_from_json(choices in vec(any::<u8>(), 0..600)) {
        let mut choices = Choices(&choices);
        let (types, id) = random_types(&mut choices, true);
        let schema = service(&mut choices, types, id, true);
        prop_assert_eq!(schema.check(), Ok(()));
        let (types, mut bytes) = (&schema.types, Vec::new());
        random_value(&mut choices, types, id, 12, &mut bytes);
        let json = zoo::json(types, id, &bytes).map_err(TestCaseError::fail)?;
        prop_assert_eq!(zoo::from_json(types, id, &json), Ok(bytes.clone()), "{}", json);
        let options = WriteOptions::default().big_ints_as_strings(true);
        let quoted = serde_json::to_string(&types.to_serde(id, &bytes, options)).unwrap();
        prop_assert_eq!(zoo::from_json(types, id, &quoted), Ok(bytes.clone()), "{}", quoted);
        // A tree in memory keeps all but the order of what is unordered.
        let mut again = Vec::new();
        if let Ok(tree) = serde_json::to_value(types.to_serde(id, &bytes, WriteOptions::default())) {
            types.from_serde(id, &tree, &mut again).map_err(|error| TestCaseError::fail(error.to_string()))?;
        }
    }

    #[test]
    fn any_bytes_are_harmless(choices in vec(any::<u8>(), 0..300), bytes in vec(prop_oneof![any::<u8>(), 0..4u8, Just(255)], 0..200)) {
        let start = Instant::now();
        let (types, id) = random_types(&mut Choices(&choices), true);
        if let Ok(json) = zoo::json(&types, id, &bytes) {
            prop_assert!(json.len() < (1 << 20) + 1000 * bytes.len());
            match zoo::from_json(&types, id, &json) {
                Ok(back) => prop_assert_eq!(zoo::json(&types, id, &back), Ok(json), "what is read is written as it was"),
                // No map has a key twice; only a peer that lies sends one.
                Err(why) => prop_assert!(why.contains("is given twice"), "{}", why),
            }
        }
        prop_assert!(start.elapsed() < MOMENT);
    }

    #[test]
    fn any_schema_is_harmless(choices in vec(any::<u8>(), 0..300), bytes in vec(any::<u8>(), 0..50)) {
        let start = Instant::now();
        let mut choices = Choices(&choices);
        let (types, id) = random_types(&mut choices, false);
        let schema = service(&mut choices, types, id, false);
        let _ = (schema.to_string(), schema.fingerprint(), schema.check());
        let _ = (schema.describe_type("Type1"), schema.types.name_of(id));
        let _ = zoo::json(&schema.types, id, &bytes);
        for text in ["null", "1", "\"a\"", "[[1, null], []]", "{\"some\": 1}", "{\"field0\": []}", "{\"Variant1\": [1]}"] {
            let _ = zoo::from_json(&schema.types, id, text);
        }
        let mut other = Choices(&bytes);
        let (other_types, other_id) = random_types(&mut other, false);
        compare(&schema, &service(&mut other, other_types, other_id, false));
        if schema.check().is_ok() {
            prop_assert_eq!(compare(&schema, &schema), vec![Verdict::Same { index: 0 }]);
        }
        prop_assert!(start.elapsed() < MOMENT);
    }

    #[test]
    fn any_json_is_harmless(choices in vec(any::<u8>(), 0..300), tokens in vec(0..16usize, 0..40)) {
        const TOKENS: [&str; 16] = [
            "[", "]", "{", "}", ",", ":", "null", "true", "1", "-1.5e300", "\"\"", "\"some\"", "\"Variant0\"",
            "\"Variant1\"", "\"field0\"", "\"field1\"",
        ];
        let (types, id) = random_types(&mut Choices(&choices), true);
        let text: String = tokens.into_iter().map(|token| TOKENS[token]).collect();
        if let Ok(bytes) = zoo::from_json(&types, id, &text) {
            prop_assert!(zoo::json(&types, id, &bytes).is_ok(), "what is read is a value");
        }
    }

    #[test]
    fn any_bytes_as_a_schema_are_harmless(bytes in vec(any::<u8>(), 0..300)) {
        let start = Instant::now();
        if let Ok((schema, _)) = postcard::take_from_bytes::<ServiceSchema>(&bytes) {
            let _ = (schema.check(), schema.to_string(), schema.fingerprint(), compare(&schema, &schema));
        }
        prop_assert!(start.elapsed() < MOMENT);
    }
}
