//! A service and its methods, as constants: what the derive knows at compile time.
use crate::schema::FdUse;
use crate::schema::{Field, Fingerprint, MethodSchema, ServiceSchema, Shape, TypeId, Types};
use crate::{Error, Outcome};
use std::{sync::OnceLock, time::Duration};

/// One argument of a method.
#[derive(Debug)]
pub struct Argument {
    /// The field's name.
    pub name: &'static str,
    /// Its documentation, lines joined by `\n`, may be empty.
    pub doc: &'static str,
    /// [`Schema::describe`](crate::Schema::describe) of its type.
    pub describe: fn(&mut Types) -> TypeId,
}

/// One method, as layers, authorization and the schema see it. One constant per variant.
#[derive(Debug)]
pub struct Method {
    /// The variant's name in snake case.
    pub name: &'static str,
    /// Its documentation, lines joined by `\n`, may be empty.
    pub doc: &'static str,
    /// The variant's index: the first bytes of a request's body, as a varint.
    pub index: u32,
    /// How the two sides talk.
    pub shape: Shape,
    /// Whether a call may be repeated without harm.
    pub idempotent: bool,
    /// Whether the handler is known to be slow, and gets a thread of its own from its first call.
    pub blocking: bool,
    /// The method's own default for how long a call may take; `None`: the channel's.
    pub timeout: Option<Duration>,
    /// The arguments in the order in which they travel.
    pub arguments: &'static [Argument],
    /// [`Schema::describe`](crate::Schema::describe) of the items that follow the request, if there are any.
    pub accepts: Option<fn(&mut Types) -> TypeId>,
    /// [`Schema::describe`](crate::Schema::describe) of the items that come before the answer, if there are any.
    pub stream: Option<fn(&mut Types) -> TypeId>,
    /// [`Schema::describe`](crate::Schema::describe) of what it answers; of `()` for one-way methods.
    pub returns: fn(&mut Types) -> TypeId,
}

/// A service, as the derive knows it: one constant per enum.
#[derive(Debug)]
pub struct ServiceInfo {
    name: &'static str,
    doc: &'static str,
    methods: &'static [Method],
    schema: OnceLock<Described>,
}

/// What is made of the methods once.
#[derive(Debug)]
struct Described {
    schema: ServiceSchema,
    fingerprint: Fingerprint,
    /// Where each method has descriptors; `None`: nowhere.
    fds: Option<Vec<FdUse>>,
}

impl ServiceInfo {
    #[doc(hidden)]
    pub const fn new(name: &'static str, doc: &'static str, methods: &'static [Method]) -> Self {
        Self { name, doc, methods, schema: OnceLock::new() }
    }

    /// The service's name on the wire: the enum's.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The enum's documentation, lines joined by `\n`, may be empty.
    pub fn doc(&self) -> &'static str {
        self.doc
    }

    /// One per variant, in their order.
    pub fn methods(&self) -> &'static [Method] {
        self.methods
    }

    /// The whole description, made at the first use.
    pub fn schema(&self) -> &ServiceSchema {
        &self.described().schema
    }

    /// What tells whether another program was built with the same service.
    pub fn fingerprint(&self) -> Fingerprint {
        self.described().fingerprint
    }

    /// Whether any method has descriptors in what it takes or answers.
    pub(crate) fn has_fds(&self) -> bool {
        self.described().fds.is_some()
    }

    /// Whether descriptors may go with calls of the method at `index`, or with its answers.
    #[inline]
    pub(crate) fn carries_fds(&self, index: u32) -> bool {
        self.described().fds.as_ref().is_some_and(|fds| fds.get(index as usize).is_some_and(|fds| fds.in_messages))
    }

    /// Items carry no descriptors: many would be on their way, and nobody could say whose they are.
    ///
    /// # Errors
    /// [`Error::Encode`] when the items of `method` have some.
    pub(crate) fn check_items(&self, method: &Method) -> Result<(), Error> {
        let fds = self.described().fds.as_ref().and_then(|fds| fds.get(method.index as usize));
        match fds {
            Some(FdUse { in_items: true, .. }) => Err(Error::Encode {
                method: format!("{}.{}", self.name, method.name),
                problem: "its items hold descriptors, which travel only in arguments and answers".to_owned(),
                outcome: Outcome::NotSent,
            }),
            _ => Ok(()),
        }
    }

    fn described(&self) -> &Described {
        self.schema.get_or_init(|| {
            let mut types = Types::default();
            let methods = self.methods.iter().map(|method| method.schema(&mut types)).collect();
            let schema = ServiceSchema { name: self.name.to_owned(), doc: self.doc.to_owned(), methods, types };
            let fingerprint = schema.fingerprint();
            let fds = schema.fd_uses();
            Described { schema, fingerprint, fds }
        })
    }
}

impl Method {
    fn schema(&self, types: &mut Types) -> MethodSchema {
        let field = |types: &mut Types, argument: &Argument| Field {
            name: argument.name.to_owned(),
            doc: argument.doc.to_owned(),
            ty: (argument.describe)(types),
        };
        MethodSchema {
            name: self.name.to_owned(),
            doc: self.doc.to_owned(),
            shape: self.shape,
            idempotent: self.idempotent,
            timeout: self.timeout,
            arguments: self.arguments.iter().map(|argument| field(types, argument)).collect(),
            accepts: self.accepts.map(|describe| describe(types)),
            stream: self.stream.map(|describe| describe(types)),
            returns: (self.returns)(types),
        }
    }
}
