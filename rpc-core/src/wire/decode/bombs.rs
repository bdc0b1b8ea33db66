//! Every bomb of the bounded decoder, and what must still pass.
use super::*;
use std::collections::{BTreeMap, HashMap, HashSet};

const LIMITS: DecodeLimits = DecodeLimits { memory_bytes_max: (4 * (4 << 20)) + (1 << 20) };

fn refused<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> DecodeError {
    decode::<T>(bytes, LIMITS).err().expect("a bomb")
}

fn length(claimed: u64) -> Vec<u8> {
    postcard::to_stdvec(&claimed).unwrap()
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Json {
    Null,
    List(Vec<Json>),
    Boxed(Box<Json>),
    Map(HashMap<String, Json>),
}

#[derive(Debug, Default, Clone, serde::Deserialize)]
struct Skipped {
    #[serde(skip)]
    _large: [u64; 16],
}

/// Nesting, on the smallest stack that a thread of ours has, in a debug build too.
#[test]
fn depth() {
    let on_a_small_stack = || {
        for bytes in [[1, 1].repeat(50_000), [2].repeat(100_000), [3, 1, 0].repeat(30_000)] {
            assert_eq!(refused::<Json>(&bytes), DecodeError::Depth);
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(on_a_small_stack).unwrap().join().unwrap();
}

/// What people really nest is far from the limit.
#[test]
fn deep_enough() {
    let mut value = Json::Null;
    for _ in 0..60 {
        value = Json::List(vec![value]);
    }
    let bytes = postcard::to_stdvec(&value).unwrap();
    assert_eq!(decode::<Json>(&bytes, LIMITS), Ok(value));
}

/// A claimed length allocates nothing, whatever claims it.
#[test]
fn claimed_lengths() {
    for claimed in [1 << 20, 1 << 40, u64::MAX] {
        let bytes = length(claimed);
        assert_eq!(refused::<Vec<u64>>(&bytes), DecodeError::Ends);
        assert_eq!(refused::<HashMap<u64, [u64; 4]>>(&bytes), DecodeError::Ends);
        assert_eq!(refused::<BTreeMap<u64, u64>>(&bytes), DecodeError::Ends);
        assert!(matches!(refused::<Vec<Skipped>>(&bytes), DecodeError::Empty | DecodeError::Memory(_)));
    }
    assert_eq!(refused::<String>(&length(u64::MAX)), DecodeError::Ends);
}

/// Elements that take no bytes would spin, or fill memory, for as long as the claim says.
#[test]
fn elements_without_bytes() {
    let bytes = length(u64::MAX);
    assert_eq!(refused::<Vec<()>>(&bytes), DecodeError::Empty);
    assert_eq!(refused::<HashSet<()>>(&bytes), DecodeError::Empty);
    assert_eq!(refused::<BTreeMap<(), ()>>(&bytes), DecodeError::Empty);
    assert_eq!(refused::<HashMap<(), ()>>(&bytes), DecodeError::Empty);
    assert_eq!(decode::<Vec<()>>(&length(1000), LIMITS).map(|list| list.len()), Ok(1000), "a few are fine");
    assert_eq!(decode::<BTreeMap<(), ()>>(&length(1000), LIMITS).map(|map| map.len()), Ok(1));
}

/// Small on the wire, large in memory.
#[test]
fn amplification() {
    let many = |element: &[u8], count: usize| [length(count as u64), element.repeat(count)].concat();
    assert!(matches!(refused::<Vec<String>>(&many(&[0], 4 << 20)), DecodeError::Memory(_)));
    assert!(matches!(refused::<Vec<Option<[u64; 32]>>>(&many(&[0], 1 << 20)), DecodeError::Memory(_)));
    assert!(matches!(refused::<Vec<BTreeMap<u8, [u64; 32]>>>(&many(&[0], 1 << 20)), DecodeError::Memory(_)));
    assert!(decode::<Vec<String>>(&many(&[0], 64 << 10), LIMITS).is_ok(), "64 Ki strings are no attack");
    let map_in_map = [3, 1, 0].repeat(400);
    assert!(matches!(refused::<Json>(&map_in_map), DecodeError::Depth));
}

#[test]
fn trailing_bytes_and_bad_values() {
    assert_eq!(refused::<u8>(&[1, 2, 3]), DecodeError::Trailing(2));
    assert_eq!(refused::<String>(&[1, 0xff]), DecodeError::Utf8);
    assert_eq!(refused::<bool>(&[2]), DecodeError::Value);
    assert_eq!(refused::<Option<u8>>(&[7, 0]), DecodeError::Value);
    assert_eq!(refused::<u16>(&[0xff, 0xff, 0xff]), DecodeError::Number);
    assert_eq!(refused::<Json>(&[9]), DecodeError::Value);
    assert_eq!(refused::<u64>(&[]), DecodeError::Ends);
}

type Honest<'a> = (u8, i64, &'a str, Option<Vec<u32>>, HashMap<String, [f32; 3]>, char, u128);

/// What is not hostile comes out as postcard alone would give it, borrowed where it can be.
#[test]
fn honest_values() {
    let value =
        (1u8, -5i64, "text", Some(vec![1u32, 2]), HashMap::from([("k".to_owned(), [1.5f32; 3])]), 'x', 1u128 << 100);
    let bytes = postcard::to_stdvec(&value).unwrap();
    let back: Honest<'_> = decode(&bytes, LIMITS).unwrap();
    assert_eq!(back, value);
    assert!(bytes.as_ptr_range().contains(&back.2.as_ptr()), "a &str borrows from the message");
}
