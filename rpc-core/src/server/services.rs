//! What a server serves: its handlers, what its sessions are told of them, which methods were found slow, and what is counted
//! of each.
use super::counts::Counts;
use super::engine::Engine;
use super::introspection::{Introspection, Tells};
use super::stats::MethodStats;
use crate::proto::{Called, Catalog, CatalogEntry, Limits};
use crate::wire::encode;
use crate::{Error, Handler, Method, ServiceInfo};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

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
    counts: Vec<Counts>,
}

/// All services of one server.
pub(super) struct Services {
    served: Vec<Served>,
    /// The program's own come first. Nothing is told of the one behind them, which tells.
    own: usize,
    /// For that one.
    engine: Arc<OnceLock<Weak<Engine>>>,
    /// Calls that were not run, and are of none of their methods.
    refused: AtomicU64,
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
    /// With the one that tells of the others, if it is `introspected`.
    pub(super) fn new(handlers: Vec<Arc<dyn Handler>>, introspected: bool, limits: Limits) -> Result<Self, Error> {
        let (own, engine) = (handlers.len(), Arc::<OnceLock<Weak<Engine>>>::default());
        let tells = || -> Arc<dyn Handler> {
            let services = handlers.iter().map(|handler| handler.service()).collect();
            Arc::new(Introspection::serve(Tells { services, engine: engine.clone() }))
        };
        let tells = introspected.then(tells);
        let all: Vec<_> = handlers.into_iter().chain(tells).collect();
        let mut names = std::collections::HashSet::new();
        if let Some(twice) = all.iter().map(|handler| handler.service().name()).find(|name| !names.insert(*name)) {
            return Err(Error::DuplicateService { service: twice.to_owned() });
        }
        let entries = all.iter().map(|handler| entry(handler.service())).collect::<Result<_, _>>()?;
        let served = all.into_iter().map(Served::new).collect();
        Ok(Self {
            served,
            own,
            engine,
            refused: AtomicU64::new(0),
            catalog: Catalog { entries, instance: instance(), limits },
        })
    }

    /// They belong to this server from now on.
    pub(super) fn belong_to(&self, engine: Weak<Engine>) {
        let _ = self.engine.set(engine);
    }

    /// The service at this place of the catalog.
    pub(super) fn get(&self, service: usize) -> Option<&Served> {
        self.served.get(service)
    }

    /// What is counted of a method.
    pub(super) fn counts(&self, service: usize, method: usize) -> Option<&Counts> {
        self.get(service)?.counts.get(method)
    }

    /// Counts a call that is not run: with its method, which is given back, if that is known.
    pub(super) fn refuse(&self, called: Option<Called>) -> Option<(&'static ServiceInfo, &'static Method)> {
        let served = called.and_then(|Called { service, method }| {
            let served = self.get(service)?;
            let (method, _, counts) = served.method(method)?;
            counts.refused();
            Some((served.info(), method))
        });
        if served.is_none() {
            self.refused.fetch_add(1, Relaxed);
        }
        served
    }

    /// How many calls of no method were not run.
    pub(super) fn refused_without_method(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// The names of a method's service and of the method, if anything is told of it.
    pub(super) fn told(&self, service: usize, method: usize) -> Option<(&'static str, &'static str)> {
        let served = self.own().get(service)?;
        Some((served.info.name(), served.info.methods().get(method)?.name))
    }

    /// What each method has done.
    pub(super) fn stats(&self) -> Vec<MethodStats> {
        let of_service = |served: &Served| {
            let counted = served.info.methods().iter().zip(&served.counts);
            counted.map(|(method, counts)| counts.told(served.info.name(), method.name)).collect::<Vec<_>>()
        };
        self.own().iter().flat_map(of_service).collect()
    }

    /// How many calls have run and ended.
    pub(super) fn ended(&self) -> u64 {
        self.own().iter().flat_map(|served| &served.counts).map(Counts::ended).sum()
    }

    /// How many calls were not run.
    pub(super) fn refused(&self) -> u64 {
        let of_methods = self.own().iter().flat_map(|served| &served.counts).map(Counts::not_run);
        of_methods.sum::<u64>() + self.refused_without_method()
    }

    fn own(&self) -> &[Served] {
        self.served.get(..self.own).unwrap_or_default()
    }
}

impl Served {
    fn new(handler: Arc<dyn Handler>) -> Self {
        let info = handler.service();
        let marks = info.methods().iter().map(Mark::new).collect();
        let counts = info.methods().iter().map(|_| Counts::default()).collect();
        Self { handler, info, marks, counts }
    }

    /// The service's own constant.
    pub(super) fn info(&self) -> &'static ServiceInfo {
        self.info
    }

    /// Whether descriptors may go with calls of a method, or with its answers.
    pub(super) fn carries_fds(&self, method: usize) -> bool {
        u32::try_from(method).is_ok_and(|method| self.info.carries_fds(method))
    }

    pub(super) fn method(&self, method: usize) -> Option<(&'static Method, &Mark, &Counts)> {
        Some((self.info.methods().get(method)?, self.marks.get(method)?, self.counts.get(method)?))
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

    /// A call of it has run on a thread of its own, for so long.
    pub(super) fn ran(&self, time: Duration) {
        if self.always {
            return;
        }
        if time > FAST {
            self.fast_runs.store(0, Relaxed);
        } else if self.fast_runs.fetch_add(1, Relaxed) + 1 >= FAST_RUNS {
            self.fast_runs.store(0, Relaxed);
            self.slow.store(false, Relaxed);
        }
    }
}

fn entry(info: &'static ServiceInfo) -> Result<CatalogEntry, Error> {
    info.methods().iter().try_for_each(|method| info.check_items(method))?;
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
        has_fds: info.has_fds(),
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
        for run in 0..2 * FAST_RUNS {
            mark.ran(if run == FAST_RUNS / 2 { 2 * FAST } else { FAST });
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
        (0..100).for_each(|_| mark.ran(Duration::ZERO));
        assert!(mark.is_slow());
    }
}
