//! Calls without generated code: what a shell, a proxy or a test recorder needs.
use super::ask::{Ask, Place, Request, Until, body};
use super::{Connection, Inner, opening, scratch};
use crate::proto::MethodPlan;
use crate::schema::{MethodSchema, ServiceSchema, Shape};
use crate::wire::Wanted;
use crate::{Encode, Error};
use std::time::Duration;

/// Bytes that are encoded already.
struct Encoded<'a>(&'a [u8]);

impl Encode for Encoded<'_> {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(self.0);
        Ok(())
    }
}

impl Connection {
    /// Calls `method` of `service`, as a schema describes them: `args` are the encoded arguments, what comes back is the
    /// encoded answer (empty for a one-way method). `allowed` is how long it may take; `None`: for ever.
    ///
    /// The schema is compared with the server's as a generated client's is.
    ///
    /// # Errors
    /// Those of a call by a generated client; [`Error::UnknownService`] for a handler in this process.
    pub fn call_dynamic(
        &self,
        service: &ServiceSchema,
        method: &MethodSchema,
        args: &[u8],
        allowed: Option<Duration>,
    ) -> Result<Vec<u8>, Error> {
        let name = || format!("{}.{}", service.name, method.name);
        let Inner::Socket(shared) = &self.0 else {
            return Err(Error::UnknownService { service: service.name.clone(), known: Vec::new() });
        };
        let mut until = Until::after(allowed);
        let wanted = Wanted { name: service.name.clone(), fingerprint: service.fingerprint().0 };
        let plan = opening::plan_for(service, opening::open(shared, &wanted, &name, until)?)?;
        until.look();
        let index = service.methods.iter().position(|known| known.name == method.name);
        let index = index.and_then(|index| u32::try_from(index).ok()).unwrap_or(u32::MAX);
        let index = match plan.method(index) {
            MethodPlan::Index(index) => index,
            MethodPlan::Missing => return Err(Error::UnknownMethod { method: name() }),
            MethodPlan::Incompatible { path, ours, theirs } => {
                return Err(Error::Incompatible { method: name(), path, ours, theirs });
            }
        };
        let request = Request { service: plan.service, method: index, args: &Encoded(args) };
        let ask = Ask { until, name: &name };
        scratch::with(|buffer| {
            if method.shape == Shape::OneWay {
                return shared.post(request, ask, buffer).map(|()| Vec::new());
            }
            let started = shared.start(request, ask, buffer)?;
            let start = shared.wait_for(started, ask, buffer)?;
            let bad = |problem| Error::BadReply { method: name(), problem };
            body(buffer, Place { start, method: index }).map(<[u8]>::to_vec).map_err(bad)
        })
    }
}
