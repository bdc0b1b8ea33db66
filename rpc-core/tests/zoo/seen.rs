//! A serializer that writes down which of serde's calls a value makes.
use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// One call, and what was inside of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seen {
    Unit,
    /// A scalar, by the name of its Rust type.
    Word(&'static str),
    Bytes,
    None,
    Some(Box<Seen>),
    /// The announced length, and the elements.
    Sequence(Option<usize>, Vec<Seen>),
    Tuple(usize, Vec<Seen>),
    Map(Option<usize>, Vec<(Seen, Seen)>),
    Struct(&'static str, Inside),
    Variant(&'static str, u32, &'static str, Inside),
}

/// What a struct or a variant holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Inside {
    Unit,
    Newtype(Box<Seen>),
    /// The announced length, and the fields.
    Tuple(usize, Vec<Seen>),
    Fields(usize, Vec<(&'static str, Seen)>),
}

/// The calls of a value, to a format that is no text.
pub(crate) fn record(value: &(impl Serialize + ?Sized)) -> Seen {
    value.serialize(Recorder).expect("a recorder takes everything")
}

struct Recorder;

type Outcome = Result<Seen, std::fmt::Error>;

macro_rules! words {
    ($($method:ident $ty:ty),+) => {$(
        fn $method(self, _: $ty) -> Outcome {
            Ok(Seen::Word(stringify!($ty)))
        }
    )+};
}

impl Serializer for Recorder {
    type Ok = Seen;
    type Error = std::fmt::Error;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = List;
    type SerializeStruct = List;
    type SerializeStructVariant = List;

    words! {
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128,
        serialize_f32 f32, serialize_f64 f64, serialize_char char, serialize_str &str
    }

    fn is_human_readable(&self) -> bool {
        false
    }
    fn serialize_bytes(self, _: &[u8]) -> Outcome {
        Ok(Seen::Bytes)
    }
    fn serialize_none(self) -> Outcome {
        Ok(Seen::None)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        Ok(Seen::Some(Box::new(record(value))))
    }
    fn serialize_unit(self) -> Outcome {
        Ok(Seen::Unit)
    }
    fn serialize_unit_struct(self, name: &'static str) -> Outcome {
        Ok(Seen::Struct(name, Inside::Unit))
    }
    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Outcome {
        Ok(Seen::Variant(name, index, variant, Inside::Unit))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Outcome {
        Ok(Seen::Struct(name, Inside::Newtype(Box::new(record(value)))))
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Outcome {
        Ok(Seen::Variant(name, index, variant, Inside::Newtype(Box::new(record(value)))))
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<List, std::fmt::Error> {
        Ok(List::new(move |list| Seen::Sequence(length, list.items)))
    }
    fn serialize_tuple(self, length: usize) -> Result<List, std::fmt::Error> {
        Ok(List::new(move |list| Seen::Tuple(length, list.items)))
    }
    fn serialize_tuple_struct(self, name: &'static str, length: usize) -> Result<List, std::fmt::Error> {
        Ok(List::new(move |list| Seen::Struct(name, Inside::Tuple(length, list.items))))
    }
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<List, std::fmt::Error> {
        Ok(List::new(move |list| Seen::Variant(name, index, variant, Inside::Tuple(length, list.items))))
    }
    fn serialize_map(self, length: Option<usize>) -> Result<List, std::fmt::Error> {
        Ok(List::new(move |list| Seen::Map(length, list.keys.into_iter().zip(list.items).collect())))
    }
    fn serialize_struct(self, name: &'static str, length: usize) -> Result<List, std::fmt::Error> {
        Ok(List::new(move |list| Seen::Struct(name, Inside::Fields(length, list.named()))))
    }
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<List, std::fmt::Error> {
        Ok(List::new(move |list| Seen::Variant(name, index, variant, Inside::Fields(length, list.named()))))
    }
}

/// Something of several parts, on its way; `done` puts it together.
struct List {
    names: Vec<&'static str>,
    keys: Vec<Seen>,
    items: Vec<Seen>,
    done: Option<Box<dyn FnOnce(List) -> Seen>>,
}

impl List {
    fn new(done: impl FnOnce(List) -> Seen + 'static) -> Self {
        Self { names: Vec::new(), keys: Vec::new(), items: Vec::new(), done: Some(Box::new(done)) }
    }

    fn named(self) -> Vec<(&'static str, Seen)> {
        self.names.into_iter().zip(self.items).collect()
    }

    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), std::fmt::Error> {
        self.items.push(record(value));
        Ok(())
    }

    fn finish(mut self) -> Outcome {
        let done = self.done.take().ok_or(std::fmt::Error)?;
        Ok(done(self))
    }
}

macro_rules! lists {
    ($($trait:ident $method:ident),+) => {$(
        impl $trait for List {
            type Ok = Seen;
            type Error = std::fmt::Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), std::fmt::Error> {
                self.item(value)
            }
            fn end(self) -> Outcome {
                self.finish()
            }
        }
    )+};
}
lists! {
    SerializeSeq serialize_element, SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field, SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($trait:ident),+) => {$(
        impl $trait for List {
            type Ok = Seen;
            type Error = std::fmt::Error;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), std::fmt::Error> {
                self.names.push(name);
                self.item(value)
            }
            fn end(self) -> Outcome {
                self.finish()
            }
        }
    )+};
}
fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for List {
    type Ok = Seen;
    type Error = std::fmt::Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), std::fmt::Error> {
        self.keys.push(record(key));
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), std::fmt::Error> {
        self.item(value)
    }
    fn end(self) -> Outcome {
        self.finish()
    }
}
