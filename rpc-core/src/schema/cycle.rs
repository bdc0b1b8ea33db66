//! Types that contain themselves with no way out: `struct Endless { inside: Endless }`.
use super::{Body, Type, TypeId, Types};

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    /// On the path from the root to where the walk is.
    Open,
    Done,
}

/// The first type, if any, that is part of itself without an option, a list, a map or an enum between.
///
/// A walk in depth with a stack of its own, for a hostile chain of types is longer than the thread's.
pub(crate) fn find(types: &Types) -> Option<TypeId> {
    let mut marks = vec![Mark::New; types.len()];
    for (root, _) in types.iter() {
        let mut path = vec![Visit { id: root, next: 0 }];
        while let Some(visit) = path.last_mut() {
            let at = visit.id.0 as usize;
            let mark = marks.get_mut(at)?;
            match (*mark, visit.next) {
                (Mark::Open, 0) => return Some(visit.id),
                (Mark::Done, 0) => {
                    path.pop();
                    continue;
                }
                _ => *mark = Mark::Open,
            }
            let part = part(types.get(visit.id), visit.next);
            visit.next += 1;
            match part {
                Some(part) => path.push(Visit { id: part, next: 0 }),
                None => {
                    *mark = Mark::Done;
                    path.pop();
                }
            }
        }
    }
    None
}

struct Visit {
    id: TypeId,
    /// Which of its parts comes next.
    next: usize,
}

/// The part of a type at `index` that every value of it has, with no byte that says whether it is there.
fn part(ty: Option<&Type>, index: usize) -> Option<TypeId> {
    match ty? {
        Type::Array(item, length) if *length > 0 && index == 0 => Some(*item),
        Type::Tuple(ids) | Type::Struct { body: Body::Tuple(ids), .. } => ids.get(index).copied(),
        Type::Struct { body: Body::Newtype(inside), .. } if index == 0 => Some(*inside),
        Type::Struct { body: Body::Fields(fields), .. } => fields.get(index).map(|field| field.ty),
        _ => None,
    }
}
