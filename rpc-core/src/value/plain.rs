//! Types that travel exactly as serde has it: the hooks stay as they are.
use super::Value;
use crate::schema::Schema;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    cmp::Reverse,
    marker::PhantomData,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::{
        NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
        NonZeroU64, NonZeroU128, NonZeroUsize, Saturating, Wrapping,
    },
    ops::{Bound, Range, RangeFrom, RangeInclusive, RangeTo},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

macro_rules! plain {
    ($($ty:ty),+ $(,)?) => {$(impl Value for $ty {})+};
}
plain! {
    (), bool, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, char, String,
    NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize,
    Duration, SystemTime, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, PathBuf, Box<str>, Arc<str>,
}

impl<T: Send + ?Sized + 'static> Value for PhantomData<T> {}

macro_rules! plain_around {
    ($($ty:ident),+) => {$(
        impl<T: Value> Value for $ty<T>
        where
            $ty<T>: Serialize + DeserializeOwned + Schema,
        {
        }
    )+};
}
plain_around!(Wrapping, Saturating, Reverse, Range, RangeInclusive, RangeFrom, RangeTo, Bound);
