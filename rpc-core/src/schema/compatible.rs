//! Which methods of a server a client of another version may call.
//!
//! Methods are matched by name. A method whose arguments and items the server reads as the client writes them, and whose items
//! and answer the client reads as the server writes them, is the same; any other says where the two part, and both types there.
//!
//! | on the wire | same when |
//! |---|---|
//! | a single word | it is the same word; bytes are a list of `u8` |
//! | option, list, map, array, tuple | what is inside is the same, as many |
//! | struct | as many fields with the same types; a new name at the same place is fine, a known name at another place is not |
//! | struct around one unnamed field | seen through: it is its field |
//! | enum | the *sender* has no variants but the receiver's first ones, with the same names and bodies |
//!
//! Names of structs and enums, docs and hints do not matter. Out of scope for now: translating between different types.
mod place;
mod rules;

use super::{Body, MethodSchema, ServiceSchema, Shape, Type, TypeId, Types};
use place::{Place, Places, Step};
use std::collections::{HashMap, HashSet};

/// All pairs of types looked at in one comparison, with their parts: a fraction of a second.
const STEPS_MAX: usize = 1 << 20;

/// How one method of a client is met by a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The server's method with this index understands it.
    Same {
        /// Its index at the server: what goes in front of the arguments.
        index: u32,
    },
    /// The server has no method of this name.
    Missing,
    /// The server has one of this name, but means something else.
    Incompatible(Mismatch),
}

/// Where two versions of a method part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} is {ours} here, {theirs} there")]
pub struct Mismatch {
    /// Where: `get(key)`, `returns.Ok.entries[]`; in an item, `accepts.key` and `stream.value`.
    pub path: String,
    /// What the client has there.
    pub ours: String,
    /// What the server has there.
    pub theirs: String,
}

/// What a `server` makes of each method of a `client`, in the client's order.
///
/// Both schemas may be a peer's, and unchecked: the work is bounded.
pub fn compare(client: &ServiceSchema, server: &ServiceSchema) -> Vec<Verdict> {
    // The first method of a name counts, so the last ones are entered first.
    let named = |(index, method): (usize, &MethodSchema)| (method.name.clone(), index);
    let theirs: HashMap<String, usize> = server.methods.iter().enumerate().rev().map(named).collect();
    let mut comparison =
        Comparison { ours: &client.types, theirs: &server.types, proven: HashSet::new(), steps_left: STEPS_MAX };
    let found = |ours: &MethodSchema| {
        let index = *theirs.get(&ours.name)?;
        Some((u32::try_from(index).ok()?, server.methods.get(index)?))
    };
    let mut verdicts = Vec::with_capacity(client.methods.len());
    for ours in &client.methods {
        verdicts.push(match found(ours).map(|(index, theirs)| (index, comparison.methods(ours, theirs))) {
            None => Verdict::Missing,
            Some((index, Ok(()))) => Verdict::Same { index },
            Some((_, Err(mismatch))) => Verdict::Incompatible(mismatch),
        });
    }
    verdicts
}

/// Which side writes the value: arguments and accepted items are ours, streamed items and answers are theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sender {
    Us,
    Them,
}

/// A type of ours and a type of theirs that must be the same for values of this sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Pair {
    ours: TypeId,
    theirs: TypeId,
    sender: Sender,
}

/// What is wrong, before its place is put in words.
struct Difference {
    place: Place,
    ours: String,
    theirs: String,
}

struct Comparison<'a> {
    ours: &'a Types,
    theirs: &'a Types,
    /// Pairs found the same so far.
    proven: HashSet<Pair>,
    steps_left: usize,
}

/// Pairs still to be looked at, with the place where each was met.
#[derive(Default)]
struct Todo<'a> {
    pairs: Vec<(Pair, Place)>,
    places: Places<'a>,
}

impl<'a> Todo<'a> {
    fn add(&mut self, from: Place, step: Step<'a>, pair: Pair) {
        let place = self.places.add(from, step);
        self.pairs.push((pair, place));
    }
}

impl<'a> Comparison<'a> {
    fn methods(&mut self, ours: &'a MethodSchema, theirs: &'a MethodSchema) -> Result<(), Mismatch> {
        if ours.shape != theirs.shape {
            let text = |shape| shape_name(shape).to_owned();
            return Err(Mismatch { path: ours.name.clone(), ours: text(ours.shape), theirs: text(theirs.shape) });
        }
        let mut todo = Todo::default();
        self.fields(&mut todo, Place::ROOT, &ours.arguments, &theirs.arguments, (Sender::Us, Step::Argument))
            .and_then(|()| self.work_off(&mut todo))
            .map_err(|difference| todo.places.mismatch(&ours.name, difference))?;
        self.items("accepts", (ours.accepts, theirs.accepts), Sender::Us)?;
        self.items("stream", (ours.stream, theirs.stream), Sender::Them)?;
        self.whole("returns", Pair { ours: ours.returns, theirs: theirs.returns, sender: Sender::Them })
    }

    /// Methods of one shape have the same kinds of items, unless a schema is hostile.
    fn items(&mut self, root: &str, items: (Option<TypeId>, Option<TypeId>), sender: Sender) -> Result<(), Mismatch> {
        match items {
            (None, None) => Ok(()),
            (Some(ours), Some(theirs)) => self.whole(root, Pair { ours, theirs, sender }),
            (ours, theirs) => {
                let in_words = |types: &Types, id: Option<TypeId>| id.map_or(ABSENT.to_owned(), |id| types.name_of(id));
                let (ours, theirs) = (in_words(self.ours, ours), in_words(self.theirs, theirs));
                Err(Mismatch { path: root.to_owned(), ours, theirs })
            }
        }
    }

    /// A value that travels by itself; its path begins with `root`.
    fn whole(&mut self, root: &str, pair: Pair) -> Result<(), Mismatch> {
        let mut todo = Todo::default();
        todo.pairs.push((pair, Place::ROOT));
        self.work_off(&mut todo).map_err(|difference| todo.places.mismatch(root, difference))
    }

    /// Looks at all pairs on the list, and at what they lead to.
    ///
    /// A pair that leads back to itself is taken to be the same, which it is if nothing else differs; so what is learned
    /// here counts for other methods only when all went well.
    fn work_off(&mut self, todo: &mut Todo<'a>) -> Result<(), Difference> {
        let mut assumed = HashSet::new();
        todo.pairs.reverse();
        while let Some((pair, place)) = todo.pairs.pop() {
            let pair =
                Pair { ours: see_through(self.ours, pair.ours), theirs: see_through(self.theirs, pair.theirs), ..pair };
            if self.proven.contains(&pair) || !assumed.insert(pair) {
                continue;
            }
            let before = todo.pairs.len();
            self.pair(todo, pair, place)?;
            // The list is a stack: turned round, the first part is looked at first, and the first difference is told.
            let parts = todo.pairs.get_mut(before..).unwrap_or_default();
            parts.reverse();
            let cost = parts.len() + 1;
            self.steps_left = self.steps_left.checked_sub(cost).ok_or_else(|| too_large(place))?;
        }
        self.proven.extend(assumed);
        Ok(())
    }
}

/// What stands for a type where one side has none.
const ABSENT: &str = "absent";

fn too_large(place: Place) -> Difference {
    let text = "part of a schema too large to compare".to_owned();
    Difference { place, ours: text.clone(), theirs: text }
}

/// What a chain of structs around one unnamed field is in the end. A chain without end stays what it is.
fn see_through(types: &Types, id: TypeId) -> TypeId {
    const LINKS_MAX: usize = 128;
    let mut at = id;
    for _ in 0..LINKS_MAX {
        match types.get(at) {
            Some(Type::Struct { body: Body::Newtype(inside), .. }) => at = *inside,
            _ => return at,
        }
    }
    id
}

fn shape_name(shape: Shape) -> &'static str {
    match shape {
        Shape::Unary => "a call with one answer",
        Shape::OneWay => "a call without an answer",
        Shape::Stream => "a call that sends items",
        Shape::Upload => "a call that takes items",
        Shape::Duplex => "a call that takes and sends items",
    }
}
