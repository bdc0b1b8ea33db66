//! When two types are the same on the wire: one step deep; what is inside goes on the list.
use super::{ABSENT, Comparison, Difference, Pair, Place, Sender, Step, Todo, see_through};
use crate::schema::{Body, Field, Type, TypeId, Types, Variant, escape::push_name, name::is_word};
use std::collections::HashMap;

type Outcome = Result<(), Difference>;

impl<'a> Comparison<'a> {
    pub(super) fn pair(&self, todo: &mut Todo<'a>, pair: Pair, place: Place) -> Outcome {
        let mut inside = |step, ours: &TypeId, theirs: &TypeId| {
            todo.add(place, step, Pair { ours: *ours, theirs: *theirs, ..pair });
            Ok(())
        };
        let (Some(ours), Some(theirs)) = (self.ours.get(pair.ours), self.theirs.get(pair.theirs)) else {
            return Err(self.differ(pair, place));
        };
        match (ours, theirs) {
            (Type::Option(ours), Type::Option(theirs)) => inside(Step::Inside, ours, theirs),
            (Type::Sequence(ours), Type::Sequence(theirs)) => inside(Step::Item, ours, theirs),
            (Type::Bytes, Type::Sequence(item)) if is_byte(self.theirs, *item) => Ok(()),
            (Type::Sequence(item), Type::Bytes) if is_byte(self.ours, *item) => Ok(()),
            (Type::Array(ours, ours_length), Type::Array(theirs, theirs_length)) if ours_length == theirs_length => {
                inside(Step::Item, ours, theirs)
            }
            (Type::Map(ours_key, ours_value), Type::Map(theirs_key, theirs_value)) => {
                inside(Step::Key, ours_key, theirs_key)?;
                inside(Step::Value, ours_value, theirs_value)
            }
            (Type::Tuple(ours), Type::Tuple(theirs)) => self.elements(todo, pair, place, (ours, theirs)),
            (Type::Struct { body: ours, .. }, Type::Struct { body: theirs, .. }) => {
                self.bodies(todo, pair, place, (ours, theirs))
            }
            (Type::Enum { variants: ours, .. }, Type::Enum { variants: theirs, .. }) => {
                self.variants(todo, pair, place, (ours, theirs))
            }
            (ours, theirs) if is_word(ours) && ours == theirs => Ok(()),
            _ => Err(self.differ(pair, place)),
        }
    }

    fn bodies(&self, todo: &mut Todo<'a>, pair: Pair, place: Place, bodies: (&'a Body, &'a Body)) -> Outcome {
        match bodies {
            (Body::Unit, Body::Unit) => Ok(()),
            (Body::Newtype(ours), Body::Newtype(theirs)) => {
                todo.pairs.push((Pair { ours: *ours, theirs: *theirs, ..pair }, place));
                Ok(())
            }
            (Body::Tuple(ours), Body::Tuple(theirs)) => self.elements(todo, pair, place, (ours, theirs)),
            (Body::Fields(ours), Body::Fields(theirs)) => {
                self.fields(todo, place, ours, theirs, (pair.sender, Step::Field))
            }
            (ours, theirs) => Err(Difference { place, ours: outline(ours), theirs: outline(theirs) }),
        }
    }

    fn elements(&self, todo: &mut Todo<'a>, pair: Pair, place: Place, ids: (&[TypeId], &[TypeId])) -> Outcome {
        let (ours, theirs) = ids;
        if ours.len() != theirs.len() {
            let count = |ids: &[TypeId]| format!("{} elements", ids.len());
            return Err(Difference { place, ours: count(ours), theirs: count(theirs) });
        }
        for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            todo.add(place, Step::Element(index), Pair { ours: *ours, theirs: *theirs, ..pair });
        }
        Ok(())
    }

    /// Fields travel in order and without names. So a name tells only what the people on both sides meant: a name that both
    /// sides know, but at different places, is a reordering, and a name that only one side knows is a renaming.
    pub(super) fn fields(
        &self,
        todo: &mut Todo<'a>,
        place: Place,
        ours: &'a [Field],
        theirs: &'a [Field],
        (sender, step): (Sender, fn(&'a str) -> Step<'a>),
    ) -> Outcome {
        let same_names = ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| a.name == b.name);
        if !same_names && let Some((field, words)) = self.moved(ours, theirs) {
            let place = todo.places.add(place, step(&field.name));
            return Err(Difference { place, ours: words.0, theirs: words.1 });
        }
        for (ours, theirs) in ours.iter().zip(theirs) {
            todo.add(place, step(&ours.name), Pair { ours: ours.ty, theirs: theirs.ty, sender });
        }
        Ok(())
    }

    /// The first field that one side has and the other has not, or has at another place; with both sides in words.
    fn moved(&self, ours: &'a [Field], theirs: &'a [Field]) -> Option<(&'a Field, (String, String))> {
        let (our_places, their_places) = (places(ours), places(theirs));
        let ours_in_words = |field: &Field| self.ours.name_of(field.ty);
        let theirs_in_words = |field: &Field| self.theirs.name_of(field.ty);
        let as_many = ours.len() == theirs.len();
        for index in 0..ours.len().max(theirs.len()) {
            let (our, their) = (ours.get(index), theirs.get(index));
            if our.map(|field| &field.name) == their.map(|field| &field.name) {
                continue;
            }
            let there = our.map(|field| (field, their_places.get(field.name.as_str())));
            let here = their.map(|field| (field, our_places.get(field.name.as_str())));
            let nth = |place: usize| format!("field {}", place + 1);
            match (there, here) {
                (Some((our, Some(place))), _) if as_many => return Some((our, (nth(index), nth(*place)))),
                (_, Some((their, Some(place)))) if as_many => return Some((their, (nth(*place), nth(index)))),
                (Some((our, None)), _) if !as_many => return Some((our, (ours_in_words(our), ABSENT.to_owned()))),
                (_, Some((their, None))) if !as_many => {
                    return Some((their, (ABSENT.to_owned(), theirs_in_words(their))));
                }
                (Some((our, Some(place))), _) => return Some((our, (nth(index), nth(*place)))),
                _ => {}
            }
        }
        None
    }

    fn variants(
        &self,
        todo: &mut Todo<'a>,
        pair: Pair,
        place: Place,
        (ours, theirs): (&'a [Variant], &'a [Variant]),
    ) -> Outcome {
        let sent = if pair.sender == Sender::Us { ours.len() } else { theirs.len() };
        for index in 0..sent {
            match (ours.get(index), theirs.get(index)) {
                (Some(our), Some(their)) if our.name == their.name => {
                    let place = todo.places.add(place, Step::Variant(&our.name));
                    self.bodies(todo, pair, place, (&our.body, &their.body))?;
                }
                (ours, theirs) => {
                    let words = |variant| variant_in_words(index, variant);
                    return Err(Difference { place, ours: words(ours), theirs: words(theirs) });
                }
            }
        }
        Ok(())
    }

    /// Both types in words, which differ.
    fn differ(&self, pair: Pair, place: Place) -> Difference {
        let (ours, theirs) = (self.ours.name_of(pair.ours), self.theirs.name_of(pair.theirs));
        if ours != theirs {
            return Difference { place, ours, theirs };
        }
        let kind = |ty: Option<&Type>| match ty {
            Some(Type::Struct { .. }) => "struct",
            Some(Type::Enum { .. }) => "enum",
            Some(_) => "type",
            None => "missing type",
        };
        let in_words = |types: &Types, id, name: String| format!("{} {name}", kind(types.get(id)));
        Difference {
            place,
            ours: in_words(self.ours, pair.ours, ours),
            theirs: in_words(self.theirs, pair.theirs, theirs),
        }
    }
}

fn is_byte(types: &Types, id: TypeId) -> bool {
    types.get(see_through(types, id)) == Some(&Type::U8)
}

fn places(fields: &[Field]) -> HashMap<&str, usize> {
    fields.iter().enumerate().map(|(index, field)| (field.name.as_str(), index)).collect()
}

fn outline(body: &Body) -> String {
    match body {
        Body::Unit => "without fields".to_owned(),
        Body::Newtype(_) => "around one unnamed field".to_owned(),
        Body::Tuple(ids) => format!("of {} unnamed fields", ids.len()),
        Body::Fields(fields) => format!("of {} named fields", fields.len()),
    }
}

fn variant_in_words(index: usize, variant: Option<&Variant>) -> String {
    let Some(variant) = variant else { return format!("without a variant {index}") };
    let mut text = format!("variant {index} ");
    push_name(&mut text, &variant.name);
    text
}
