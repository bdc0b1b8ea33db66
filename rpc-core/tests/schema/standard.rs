//! Every type of the standard library that can travel: its schema against serde, its hooks against serde, JSON and back.

use crate::zoo::{self, check};
use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    marker::PhantomData,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::{NonZeroI8, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU64, NonZeroUsize, Saturating, Wrapping},
    ops::Bound,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

#[test]
fn words() {
    check(());
    check(true);
    check(false);
    macro_rules! integers {
        ($($ty:ident)+) => {$(
            for number in [$ty::MIN, $ty::MIN + 1, 0, 1, 63, 64, 127, $ty::MAX / 2, $ty::MAX - 1, $ty::MAX] {
                check(number);
                check(number.wrapping_neg());
            }
        )+};
    }
    integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);
    for number in
        [0.0, -0.0, 0.1, 1e-45, f32::MIN_POSITIVE, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, 16_777_217.0]
    {
        check(number);
    }
    for number in
        [0.0, -0.0, 0.1, 5e-324, f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY, 9_007_199_254_740_993.0]
    {
        check(number);
    }
    zoo::check_bytes(&f32::NAN);
    zoo::check_bytes(&f64::NAN);
    for character in ['a', 'é', '€', '🦀', '\0', '"', '\u{10ffff}'] {
        check(character);
    }
    for text in ["", "a", "grüße\n\t\"\\\u{0}\u{7f}", &"long ".repeat(10_000)] {
        check(text.to_owned());
        check(PathBuf::from(text));
        check(Box::<str>::from(text));
        check(Arc::<str>::from(text));
        check(Cow::<'static, str>::Owned(text.to_owned()));
    }
    check(NonZeroU8::MAX);
    check(NonZeroI8::MIN);
    check(NonZeroU64::MIN);
    check(NonZeroUsize::MAX);
    check(NonZeroIsize::MIN);
    check(NonZeroI128::MIN);
    check((Wrapping(7u16), Saturating(-7i32), Reverse(1u8)));
}

#[test]
fn floats_of_any_bits_come_back() {
    let (types, id) = zoo::described::<f32>();
    let mut bits = 1u32;
    for _ in 0..100_000 {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let bytes = bits.to_le_bytes();
        if f32::from_bits(bits).is_nan() {
            continue;
        }
        let json = zoo::json(&types, id, &bytes).unwrap();
        assert_eq!(zoo::from_json(&types, id, &json).as_deref(), Ok(&bytes[..]), "{json}");
    }
    let (types, id) = zoo::described::<f64>();
    let mut bits = 1u64;
    for _ in 0..100_000 {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bytes = bits.to_le_bytes();
        if f64::from_bits(bits).is_nan() {
            continue;
        }
        let json = zoo::json(&types, id, &bytes).unwrap();
        assert_eq!(zoo::from_json(&types, id, &json).as_deref(), Ok(&bytes[..]), "{json}");
    }
}

#[test]
fn around_one() {
    check(Some(1u8));
    check(None::<u8>);
    check(Some(vec![1u8, 2]));
    check(vec![Some(vec![0u8; 300]), None]);
    for nested in [None, Some(None), Some(Some(None)), Some(Some(Some(())))] {
        check::<Option<Option<Option<()>>>>(nested);
    }
    check(Ok::<Vec<u8>, String>(vec![1, 2, 3]));
    check(Err::<(), _>(Some("no".to_owned())));
    check(Some(Ok::<(), ()>(())));
    check(Box::new(vec![7u8; 200]));
    check(Arc::new((1u8, vec![2u8])));
    check(Cow::<'static, [u8]>::Borrowed(b"bytes"));
    check(Cow::<'static, [u32]>::Owned(vec![1, 70_000]));
    check(Cow::<'static, u32>::Owned(70_000));
    check(PhantomData::<str>);
    check(Some(PhantomData::<u8>));
}

#[test]
fn lists() {
    for length in [0usize, 1, 2, 127, 128, 129, 16_383, 16_384, 70_000] {
        check(vec![255u8; length]);
        check(vec![Some(false); length]);
        check(vec![7u8; length].into_boxed_slice());
        check(Arc::<[u8]>::from(vec![7u8; length]));
        check(VecDeque::from(vec![7u8; length]));
    }
    check(vec![(); 1000]);
    check(vec![vec![vec![1u8], vec![]], vec![]]);
    check(vec![vec![1u16, 2], vec![]].into_boxed_slice());
    check(LinkedList::from(["a".to_owned(), "b".to_owned()]));
    let mut round: VecDeque<u8> = (0..100).collect();
    round.rotate_left(30);
    assert!(!round.as_slices().1.is_empty(), "it goes round the end of its buffer");
    check(round);
    check(BTreeSet::from([1u8, 2, 3]));
    check(HashSet::<String>::from(["a".into(), "b".into()]));
    check(HashSet::<Vec<u8>>::from([vec![1], vec![2]]));
    zoo::check_bytes(&BinaryHeap::from(vec![vec![1u8], vec![3], vec![2]]));
}

#[test]
fn arrays_and_tuples() {
    check::<[u64; 0]>([]);
    check([1u8]);
    check([vec![1u8], vec![2], vec![]]);
    check([0.5f32; 32]);
    check([[(1u8, 'x'); 3]; 2]);
    check([(); 5]);
    check((1u8,));
    check((vec![1u8], Some(vec![2u8])));
    check((1u8, 2u16, 3u32, 4u64, 5u128, -1i8, -2i16, -3i32, -4i64, -5i128, 'c', "s".to_owned()));
    check((0u8, 1u8, 2u8, 3u8, 4u8, 5u8, 6u8, 7u8, 8u8, 9u8, 10u8, 11u8));
    // The standard library compares and shows no longer ones.
    let (types, id) = zoo::described::<(u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8)>();
    assert_eq!(zoo::json(&types, id, &[1; 16]).unwrap(), "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]");
}

#[test]
fn maps() {
    check(BTreeMap::from([("b".to_owned(), 1u8), ("a".to_owned(), 2)]));
    check(HashMap::from([(1u8, vec![1u8, 2]), (2, vec![])]));
    check(BTreeMap::from([(i128::MIN, ()), (i128::MAX, ())]));
    check(BTreeMap::from([(true, 'x'), (false, 'y')]));
    check(BTreeMap::from([('"', 1), ('🦀', 2)]));
    check(BTreeMap::from([((1u8, 2u8), "pair".to_owned())]));
    check(BTreeMap::from([(Some(1u8), 1u8), (None, 0)]));
    check(BTreeMap::from([(vec![1u8], BTreeMap::from([((), ())]))]));
    check(BTreeMap::<String, u8>::new());
    check(BTreeMap::<(), u8>::new());
    check((0..300u16).map(|n| (n, n.to_string())).collect::<BTreeMap<_, _>>());
}

#[test]
fn structs_and_enums_of_the_library() {
    check(Duration::new(u64::MAX, 999_999_999));
    check(SystemTime::UNIX_EPOCH + Duration::new(1, 2));
    for address in ["127.0.0.1", "::1"] {
        check(address.parse::<IpAddr>().unwrap());
    }
    check(Ipv4Addr::BROADCAST);
    check(Ipv6Addr::LOCALHOST);
    check("1.2.3.4:5".parse::<SocketAddr>().unwrap());
    check("[::1]:65535".parse::<SocketAddr>().unwrap());
    check("1.2.3.4:5".parse::<SocketAddrV4>().unwrap());
    check("[::1]:65535".parse::<SocketAddrV6>().unwrap());
    check(1u8..5);
    check('a'..='e');
    check(7u64..);
    check(..9i8);
    check((Bound::Included(vec![1u8]), Bound::<Vec<u8>>::Unbounded, Bound::Excluded(3u8)));
}

#[test]
fn bytes_travel_as_one_block() {
    use crate::zoo::seen::{Inside, Seen, record};
    use rpc_core::__private::Ours;
    let block = || Box::new(Seen::Bytes);
    assert_eq!(record(&Ours(&vec![1u8])), Seen::Bytes);
    assert_eq!(record(&Ours(&Some(vec![1u8]))), Seen::Some(block()));
    assert_eq!(record(&Ours(&VecDeque::from([1u8]))), Seen::Bytes);
    assert_eq!(record(&Ours(&Cow::<'static, [u8]>::Borrowed(b"1"))), Seen::Bytes);
    let ok = Ok::<Box<[u8]>, ()>(Box::from([1u8]));
    assert_eq!(record(&Ours(&ok)), Seen::Variant("Result", 0, "Ok", Inside::Newtype(block())));
    assert_eq!(
        record(&Ours(&BTreeMap::from([('a', Arc::new(vec![1u8]))]))),
        Seen::Map(Some(1), vec![(Seen::Word("char"), Seen::Bytes)])
    );
    for seen in [
        record(&Ours(&HashMap::from([(vec![1u8], vec![1u8])]))),
        record(&Ours(&BTreeMap::from([(vec![1u8], vec![1u8])]))),
    ] {
        assert_eq!(seen, Seen::Map(Some(1), vec![(Seen::Bytes, Seen::Bytes)]));
    }
    assert_eq!(record(&Ours(&(vec![1u8],))), Seen::Tuple(1, vec![Seen::Bytes]));
    assert_eq!(record(&Ours(&[vec![1u8]])), Seen::Tuple(1, vec![Seen::Bytes]));
    assert_ne!(record(&vec![1u8]), Seen::Bytes, "serde itself writes a list");
}
