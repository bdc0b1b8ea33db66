//! The lines that handlers have last called their clients over. While they are kept, a client that is called again need not be
//! asked again for its service; and as they are few, idle connections have none.
use super::engine::{Engine, lock};
use super::link::Link;
use crate::connection::{Line, Owner};
use std::collections::VecDeque;
use std::sync::Arc;

/// How many are kept. Those that handlers hold on to are not among them.
const LINES_MAX: usize = 16;

/// Lines in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<Arc<Line>>);

impl Recent {
    /// Gives one that is no longer kept: what goes with it must not go under the lock.
    fn keep(&mut self, line: &Arc<Line>) -> Option<Arc<Line>> {
        if self.0.iter().any(|known| Arc::ptr_eq(known, line)) {
            return None;
        }
        self.0.push_back(line.clone());
        if self.0.len() > LINES_MAX { self.0.pop_front() } else { None }
    }
}

impl Engine {
    /// A handler calls over this line.
    pub(super) fn keep_line(&self, line: &Arc<Line>) {
        let dropped = lock(&self.recent).keep(line);
        drop(dropped);
    }

    /// The link is closed: nobody calls over it any more.
    pub(super) fn forget_line(&self, link: &Link) {
        let mut recent = lock(&self.recent);
        let at = recent.0.iter().position(|line| line.is_over(link.carrier()));
        let dropped = at.and_then(|at| recent.0.remove(at));
        drop(recent);
        drop(dropped);
    }
}
