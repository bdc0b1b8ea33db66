//! Where a service has descriptors: such methods take another way through encoding and decoding.
use super::{MethodSchema, ServiceSchema, Type, TypeId, Types, text::push_parts};
use std::collections::HashSet;

/// Where one method has descriptors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FdUse {
    /// In its arguments or its answer.
    pub(crate) in_messages: bool,
    /// In items, where they cannot travel.
    pub(crate) in_items: bool,
}

impl ServiceSchema {
    /// Whether there are any.
    pub(crate) fn has_fds(&self) -> bool {
        self.types.iter().any(|(_, ty)| *ty == Type::Fd)
    }

    /// Where each method has them; `None`: nowhere.
    pub(crate) fn fd_uses(&self) -> Option<Vec<FdUse>> {
        self.has_fds().then(|| self.methods.iter().map(|method| method.fd_use(&self.types)).collect())
    }
}

impl MethodSchema {
    fn fd_use(&self, types: &Types) -> FdUse {
        let messages = self.arguments.iter().map(|argument| argument.ty).chain([self.returns]);
        let items = self.accepts.into_iter().chain(self.stream);
        FdUse { in_messages: types.hold_fds(messages.collect()), in_items: types.hold_fds(items.collect()) }
    }
}

impl Types {
    /// Whether values of one of these types may hold descriptors.
    fn hold_fds(&self, mut todo: Vec<TypeId>) -> bool {
        let mut seen = HashSet::new();
        while let Some(id) = todo.pop() {
            match self.get(id) {
                Some(Type::Fd) => return true,
                Some(ty) if seen.insert(id) => push_parts(&mut todo, ty),
                _ => {}
            }
        }
        false
    }
}
