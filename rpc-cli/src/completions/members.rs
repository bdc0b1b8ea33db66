//! The METHOD of `call` and `each`, and the ITEM of `describe`.
use super::candidate::{Candidates, is_name};
use crate::item::{Item, Part};
use crate::method::Method;
use rpc_core::schema::ServiceSchema;
use std::collections::{HashMap, HashSet};

/// Adds the methods: by the last part of the name if only one ends so, by the full name if there are more, or if that
/// is what is being typed. Those with items only where they can be called.
pub(crate) fn methods(services: &[ServiceSchema], with_items: bool, found: &mut Candidates<'_>) {
    let named = || services.iter().flat_map(Method::all).map(|method| (method.full_name(), method));
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (name, _) in named() {
        *counts.entry(tail(&name).to_owned()).or_default() += 1;
    }
    for (name, method) in named().filter(|(_, method)| with_items || !method.schema.shape.has_items()) {
        let is_only = counts.get(tail(&name)) == Some(&1);
        add(&name, is_only, !is_only || !found.word.is_empty(), || described(method), found);
    }
}

/// Adds services, methods and types. The last part of a name may stand for several: `describe` shows all of them.
pub(crate) fn items(services: &[ServiceSchema], found: &mut Candidates<'_>) {
    let mut tails = HashSet::new();
    for Item { name, service, part } in Item::all(services) {
        let is_first = tails.insert(tail(&name).to_owned());
        let describe = || match part {
            Part::Whole => service.doc.clone(),
            Part::Method(method) => described(method),
            Part::Type { doc, .. } => doc.to_owned(),
        };
        add(&name, is_first, !found.word.is_empty(), describe, found);
    }
}

/// Adds the last part of a name, the whole name, or both.
fn add(name: &str, by_tail: bool, in_full: bool, describe: impl Fn() -> String, found: &mut Candidates<'_>) {
    if by_tail && is_name(tail(name)) {
        found.add_with(tail(name), &describe);
    }
    if in_full && name != tail(name) && is_name(name) {
        found.add_with(name, &describe);
    }
}

fn tail(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, tail)| tail)
}

/// The first line of its docs, and what it takes and answers.
fn described(method: Method<'_>) -> String {
    let doc = method.schema.doc.lines().next().unwrap_or_default();
    format!("{} {}", doc.trim(), method.signature())
}
