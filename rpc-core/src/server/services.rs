//! What a server serves: its handlers, what its sessions are told of them, and which methods were found slow.
use super::introspection::Introspection;
use crate::proto::{Catalog, CatalogEntry, Limits};
use crate::wire::encode;
use crate::{Error, Handler, Method, ServiceInfo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A slow method that ran this often in a row, each time quickly, is not slow any more.
const FAST_RUNS: u32 = 8;

/// What counts as quickly: well below what a standby notices, well above a thread's hand-over.
const FAST: Duration = Duration::from_micros(100);

/// One service and its methods' marks.
pub(super) struct Served {
    pub(super) handler: Arc<dyn Handler>,
    /// Asked for once: a handler's own code must not run where methods are looked up, which is under locks, too.
    info: &'static ServiceInfo,
    marks: Vec<Mark>,
}

/// All services of one server.
pub(super) struct Services {
    served: Vec<Served>,
    pub(super) catalog: Catalog,
}

/// Whether a method gets a thread of its own. Learned: see [`Mark::is_slow`].
#[derive(Debug)]
pub(super) struct Mark {
    slow: AtomicBool,
    fast_runs: AtomicU32,
    /// It said so itself, by `#[rpc(blocking)]` or by its items, which may have to be waited for: nothing is learned.
    always: bool,
}

impl Services {
    /// With the one that describes the others.
    pub(super) fn new(handlers: Vec<Arc<dyn Handler>>, limits: Limits) -> Result<Self, Error> {
        let infos: Vec<_> = handlers.iter().map(|handler| handler.service()).collect();
        let describes: Arc<dyn Handler> = Arc::new(Introspection::serve(super::introspection::Describes::new(infos)));
        let all: Vec<_> = handlers.into_iter().chain([describes]).collect();
        let mut names = std::collections::HashSet::new();
        if let Some(twice) = all.iter().map(|handler| handler.service().name()).find(|name| !names.insert(*name)) {
            return Err(Error::DuplicateService { service: twice.to_owned() });
        }
        let entries = all.iter().map(|handler| entry(handler.service())).collect::<Result<_, _>>()?;
        let served = all.into_iter().map(Served::new).collect();
        Ok(Self { served, catalog: Catalog { entries, instance: instance(), limits } })
    }

    /// The service at this place of the catalog.
    pub(super) fn get(&self, service: usize) -> Option<&Served> {
        self.served.get(service)
    }
}

impl Served {
    fn new(handler: Arc<dyn Handler>) -> Self {
        let info = handler.service();
        let marks = info.methods().iter().map(Mark::new).collect();
        Self { handler, info, marks }
    }

    pub(super) fn method(&self, method: usize) -> Option<(&'static Method, &Mark)> {
        self.info.methods().get(method).zip(self.marks.get(method))
    }
}

impl Mark {
    fn new(method: &Method) -> Self {
        let always = method.blocking || method.shape.has_items();
        Self { slow: AtomicBool::new(always), fast_runs: AtomicU32::new(0), always }
    }

    /// Whether a call gets a thread of its own from its start.
    pub(super) fn is_slow(&self) -> bool {
        self.slow.load(Relaxed)
    }

    /// A call of it held up the thread that reads.
    pub(super) fn found_slow(&self) {
        self.fast_runs.store(0, Relaxed);
        self.slow.store(true, Relaxed);
    }

    /// A call of it has run on a thread of its own, since `start`.
    pub(super) fn ran(&self, start: Instant) {
        if self.always {
            return;
        }
        if start.elapsed() > FAST {
            self.fast_runs.store(0, Relaxed);
        } else if self.fast_runs.fetch_add(1, Relaxed) + 1 >= FAST_RUNS {
            self.fast_runs.store(0, Relaxed);
            self.slow.store(false, Relaxed);
        }
    }
}

fn entry(info: &'static ServiceInfo) -> Result<CatalogEntry, Error> {
    let mut schema = Vec::new();
    encode(info.schema(), &mut schema).map_err(|problem| Error::Encode {
        method: format!("the schema of {}", info.name()),
        problem,
        outcome: crate::Outcome::NotSent,
    })?;
    Ok(CatalogEntry {
        name: info.name().to_owned(),
        fingerprint: info.fingerprint().0,
        schema,
        shapes: info.methods().iter().map(|method| method.shape).collect(),
    })
}

/// A number that another start of a server will not have: of the process, the time, and where memory lies.
fn instance() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one((std::process::id(), std::time::SystemTime::now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(blocking: bool) -> Mark {
        Mark { slow: AtomicBool::new(blocking), fast_runs: AtomicU32::new(0), always: blocking }
    }

    #[test]
    fn a_method_is_learned_and_unlearned() {
        let mark = mark(false);
        mark.found_slow();
        assert!(mark.is_slow());
        let long_ago = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        for run in 0..2 * FAST_RUNS {
            mark.ran(if run == FAST_RUNS / 2 { long_ago } else { Instant::now() + Duration::from_secs(1) });
            assert_eq!(
                mark.is_slow(),
                run < FAST_RUNS / 2 + FAST_RUNS,
                "run {run}: eight in a row, the slow one forgotten"
            );
        }
    }

    #[test]
    fn what_is_declared_is_not_unlearned() {
        let mark = mark(true);
        (0..100).for_each(|_| mark.ran(Instant::now() + Duration::from_secs(1)));
        assert!(mark.is_slow());
    }
}
