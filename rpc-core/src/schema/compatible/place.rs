//! Where in a method two types were met: kept as a link to the place before it, and put in words only for an error.
use super::{Difference, Mismatch};
use crate::schema::escape::push_name;
use std::fmt::Write;

/// A place: the root, or a step from another place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place(usize);

impl Place {
    pub(super) const ROOT: Place = Place(0);
}

/// One step of a path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Argument(&'a str),
    Field(&'a str),
    Variant(&'a str),
    /// An element of a tuple.
    Element(usize),
    /// What an option holds.
    Inside,
    /// What a list or an array holds.
    Item,
    Key,
    Value,
}

/// All places of one check: each is the place that it was reached from, and the step.
#[derive(Default)]
pub(super) struct Places<'a>(Vec<(Place, Step<'a>)>);

/// A path is for a line of text: the first steps of it, and `…`.
const STEPS_SHOWN_MAX: usize = 32;

impl<'a> Places<'a> {
    pub(super) fn add(&mut self, from: Place, step: Step<'a>) -> Place {
        self.0.push((from, step));
        Place(self.0.len())
    }

    pub(super) fn mismatch(&self, root: &str, difference: Difference) -> Mismatch {
        let mut path = String::new();
        push_name(&mut path, root);
        let mut steps = self.steps(difference.place);
        let more = steps.len() > STEPS_SHOWN_MAX;
        steps.truncate(STEPS_SHOWN_MAX);
        steps.into_iter().for_each(|step| push_step(&mut path, step));
        path.push_str(if more { "…" } else { "" });
        Mismatch { path, ours: difference.ours, theirs: difference.theirs }
    }

    /// From the root to `place`.
    fn steps(&self, place: Place) -> Vec<Step<'a>> {
        let mut steps = Vec::new();
        let mut at = place;
        while let Some((from, step)) = at.0.checked_sub(1).and_then(|index| self.0.get(index)) {
            steps.push(*step);
            at = *from;
        }
        steps.reverse();
        steps
    }
}

fn push_step(path: &mut String, step: Step<'_>) {
    match step {
        Step::Argument(name) => {
            path.push('(');
            push_name(path, name);
            path.push(')');
        }
        Step::Field(name) | Step::Variant(name) => {
            path.push('.');
            push_name(path, name);
        }
        Step::Element(index) => {
            // Writing to a string does not fail.
            let _ = write!(path, ".{index}");
        }
        Step::Inside => path.push('?'),
        Step::Item => path.push_str("[]"),
        Step::Key => path.push_str("{key}"),
        Step::Value => path.push_str("{value}"),
    }
}
