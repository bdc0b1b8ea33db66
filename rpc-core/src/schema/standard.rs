//! [`Schema`] for the standard library's types: what serde makes of each in a binary format.
//!
//! Not here, on purpose: cells, locks and atomics (state is no message), `OsString` (its form depends on the platform), and
//! arrays longer than 32, for which serde has no impl.
use super::{Body, Field, Schema, Type, TypeId, Types, Variant};
use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    marker::PhantomData,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::{
        NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
        NonZeroU64, NonZeroU128, NonZeroUsize, Saturating, Wrapping,
    },
    ops::{Bound, Range, RangeFrom, RangeInclusive, RangeTo},
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
    time::{Duration, SystemTime},
};

macro_rules! plain {
    ($($kind:ident: $($ty:ty),+;)+) => {$($(
        impl Schema for $ty {
            fn describe(types: &mut Types) -> TypeId {
                types.add(Type::$kind)
            }
        }
    )+)+};
}
// `usize` and `isize` travel as 64 bits, so that both sides agree whatever they were built for.
plain! {
    Unit: ();
    Bool: bool;
    U8: u8, NonZeroU8;
    U16: u16, NonZeroU16;
    U32: u32, NonZeroU32;
    U64: u64, usize, NonZeroU64, NonZeroUsize;
    U128: u128, NonZeroU128;
    I8: i8, NonZeroI8;
    I16: i16, NonZeroI16;
    I32: i32, NonZeroI32;
    I64: i64, isize, NonZeroI64, NonZeroIsize;
    I128: i128, NonZeroI128;
    F32: f32;
    F64: f64;
    Char: char;
    String: str, String, Path, PathBuf;
}

macro_rules! same_as_inside {
    ($($ty:ty),+) => {$(
        impl<T: Schema + ?Sized> Schema for $ty {
            fn describe(types: &mut Types) -> TypeId {
                T::describe(types)
            }
        }
    )+};
}
same_as_inside!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

macro_rules! same_as_inside_sized {
    ($($ty:ident),+) => {$(
        impl<T: Schema> Schema for $ty<T> {
            fn describe(types: &mut Types) -> TypeId {
                T::describe(types)
            }
        }
    )+};
}
same_as_inside_sized!(Wrapping, Saturating, Reverse);

impl<T: Schema + ToOwned + ?Sized> Schema for Cow<'_, T> {
    fn describe(types: &mut Types) -> TypeId {
        T::describe(types)
    }
}

impl<T: Schema> Schema for Option<T> {
    fn describe(types: &mut Types) -> TypeId {
        let inside = T::describe(types);
        types.add(Type::Option(inside))
    }
}

impl<T: Schema, E: Schema> Schema for Result<T, E> {
    fn describe(types: &mut Types) -> TypeId {
        let bodies = [("Ok", Body::Newtype(T::describe(types))), ("Err", Body::Newtype(E::describe(types)))];
        add_enum(types, "Result", bodies)
    }
}

/// A list: bytes if what it holds travels as a `u8`.
fn list_of<T: Schema>(types: &mut Types) -> TypeId {
    let item = T::describe(types);
    let list = if types.get(item) == Some(&Type::U8) { Type::Bytes } else { Type::Sequence(item) };
    types.add(list)
}

impl<T: Schema> Schema for [T] {
    fn describe(types: &mut Types) -> TypeId {
        list_of::<T>(types)
    }
}

macro_rules! lists {
    ($($ty:ident),+) => {$(
        impl<T: Schema> Schema for $ty<T> {
            fn describe(types: &mut Types) -> TypeId {
                list_of::<T>(types)
            }
        }
    )+};
}
lists!(Vec, VecDeque, LinkedList);

macro_rules! sets {
    ($($ty:ident<T $(, $hasher:ident)?>),+) => {$(
        impl<T: Schema $(, $hasher)?> Schema for $ty<T $(, $hasher)?> {
            fn describe(types: &mut Types) -> TypeId {
                let item = T::describe(types);
                types.add(Type::Sequence(item))
            }
        }
    )+};
}
sets!(HashSet<T, S>, BTreeSet<T>, BinaryHeap<T>);

macro_rules! maps {
    ($($ty:ident<K, V $(, $hasher:ident)?>),+) => {$(
        impl<K: Schema, V: Schema $(, $hasher)?> Schema for $ty<K, V $(, $hasher)?> {
            fn describe(types: &mut Types) -> TypeId {
                let (key, value) = (K::describe(types), V::describe(types));
                types.add(Type::Map(key, value))
            }
        }
    )+};
}
maps!(HashMap<K, V, S>, BTreeMap<K, V>);

impl<T: Schema, const N: usize> Schema for [T; N] {
    fn describe(types: &mut Types) -> TypeId {
        let item = T::describe(types);
        // An array too long to be told cannot be sent either: serde goes to 32.
        types.add(Type::Array(item, u32::try_from(N).unwrap_or(u32::MAX)))
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))+) => {$(
        impl<$($name: Schema),+> Schema for ($($name,)+) {
            fn describe(types: &mut Types) -> TypeId {
                let fields = vec![$($name::describe(types)),+];
                types.add(Type::Tuple(fields))
            }
        }
    )+};
}
tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L) (A B C D E F G H I J K L M)
    (A B C D E F G H I J K L M N) (A B C D E F G H I J K L M N O) (A B C D E F G H I J K L M N O P)
}

/// Enters an enum of the standard library. It is entered by what it holds, for it has no identity of its own when borrowed.
fn add_enum<const N: usize>(types: &mut Types, name: &str, variants: [(&str, Body); N]) -> TypeId {
    let variant = |(name, body): (&str, Body)| Variant { name: name.to_owned(), doc: String::new(), body };
    let variants = variants.map(variant).into();
    types.add(Type::Enum { name: name.to_owned(), doc: String::new(), variants })
}

/// Enters a struct of the standard library.
fn add_struct<const N: usize>(types: &mut Types, name: &str, fields: [(&str, TypeId); N]) -> TypeId {
    let field = |(name, ty): (&str, TypeId)| Field { name: name.to_owned(), doc: String::new(), ty };
    let body = Body::Fields(fields.map(field).into());
    types.add(Type::Struct { name: name.to_owned(), doc: String::new(), body })
}

impl<T: ?Sized> Schema for PhantomData<T> {
    fn describe(types: &mut Types) -> TypeId {
        types.add(Type::Struct { name: "PhantomData".to_owned(), doc: String::new(), body: Body::Unit })
    }
}

impl Schema for Duration {
    fn describe(types: &mut Types) -> TypeId {
        let fields = [("secs", u64::describe(types)), ("nanos", u32::describe(types))];
        add_struct(types, "Duration", fields)
    }
}

impl Schema for SystemTime {
    fn describe(types: &mut Types) -> TypeId {
        let fields = [("secs_since_epoch", u64::describe(types)), ("nanos_since_epoch", u32::describe(types))];
        add_struct(types, "SystemTime", fields)
    }
}

impl Schema for Ipv4Addr {
    fn describe(types: &mut Types) -> TypeId {
        <[u8; 4]>::describe(types)
    }
}

impl Schema for Ipv6Addr {
    fn describe(types: &mut Types) -> TypeId {
        <[u8; 16]>::describe(types)
    }
}

impl Schema for IpAddr {
    fn describe(types: &mut Types) -> TypeId {
        let bodies = [("V4", Ipv4Addr::describe(types)), ("V6", Ipv6Addr::describe(types))];
        add_enum(types, "IpAddr", bodies.map(|(name, id)| (name, Body::Newtype(id))))
    }
}

impl Schema for SocketAddrV4 {
    fn describe(types: &mut Types) -> TypeId {
        <(Ipv4Addr, u16)>::describe(types)
    }
}

impl Schema for SocketAddrV6 {
    fn describe(types: &mut Types) -> TypeId {
        <(Ipv6Addr, u16)>::describe(types)
    }
}

impl Schema for SocketAddr {
    fn describe(types: &mut Types) -> TypeId {
        let bodies = [("V4", SocketAddrV4::describe(types)), ("V6", SocketAddrV6::describe(types))];
        add_enum(types, "SocketAddr", bodies.map(|(name, id)| (name, Body::Newtype(id))))
    }
}

macro_rules! ranges {
    ($($ty:ident: $($end:literal),+;)+) => {$(
        impl<T: Schema> Schema for $ty<T> {
            fn describe(types: &mut Types) -> TypeId {
                let bound = T::describe(types);
                add_struct(types, stringify!($ty), [$(($end, bound)),+])
            }
        }
    )+};
}
ranges! {
    Range: "start", "end";
    RangeInclusive: "start", "end";
    RangeFrom: "start";
    RangeTo: "end";
}

impl<T: Schema> Schema for Bound<T> {
    fn describe(types: &mut Types) -> TypeId {
        let bound = T::describe(types);
        let bodies =
            [("Unbounded", Body::Unit), ("Included", Body::Newtype(bound)), ("Excluded", Body::Newtype(bound))];
        add_enum(types, "Bound", bodies)
    }
}
