//! Links, the workers that serve them, and the place that a thief inherits.
use crate::every_order;
use crate::link::Link;
use crate::ready::{Done, Next, Ready};
use crate::seat::Batch;
use crate::steal::{Running, Stage};
use crate::sync::{Arc, Condvar, Mutex, Ordering};

/// What the kernel knows: how many messages wait at each link, and whether it reports that. Whoever waits sleeps here.
struct Kernel {
    links: Vec<Arc<Link>>,
    state: Mutex<Vec<(usize, bool)>>,
    kicked: Mutex<bool>,
    event: Condvar,
    served: Mutex<usize>,
    done: Condvar,
}

impl Kernel {
    fn new(links: usize) -> Arc<Self> {
        Arc::new(Self {
            links: (0..links).map(|_| Arc::default()).collect(),
            state: Mutex::new(vec![(0, true); links]),
            kicked: Mutex::new(false),
            event: Condvar::new(),
            served: Mutex::new(0),
            done: Condvar::new(),
        })
    }

    fn place(&self, link: &Link) -> usize {
        self.links.iter().position(|known| std::ptr::eq(&**known, link)).unwrap()
    }

    /// A client sends a message.
    fn send(&self, link: usize) {
        self.state.lock().unwrap()[link].0 += 1;
        self.event.notify_one();
    }

    fn kick(&self) {
        let _state = self.state.lock().unwrap();
        *self.kicked.lock().unwrap() = true;
        self.event.notify_one();
    }

    /// Level-triggered.
    fn wait(&self, patient: bool) -> Vec<Arc<Link>> {
        let mut state = self.state.lock().unwrap();
        loop {
            let ready = |(_, (messages, armed)): &(_, &(usize, bool))| *messages > 0 && *armed;
            let links: Vec<_> = self.links.iter().zip(&*state).filter(ready).map(|(link, _)| link.clone()).collect();
            if !links.is_empty() || !patient || std::mem::take(&mut *self.kicked.lock().unwrap()) {
                return links;
            }
            state = self.event.wait(state).unwrap();
        }
    }

    fn mute(&self, link: &Link) {
        self.state.lock().unwrap()[self.place(link)].1 = false;
    }

    /// The end of a turn.
    fn arm(&self, link: &Link) {
        self.state.lock().unwrap()[self.place(link)].1 = true;
        self.event.notify_one();
    }

    /// One read.
    fn read(&self, link: &Link) -> usize {
        std::mem::take(&mut self.state.lock().unwrap()[self.place(link)].0)
    }

    fn answer(&self, messages: usize) {
        *self.served.lock().unwrap() += messages;
        self.done.notify_all();
    }

    fn await_answers(&self, messages: usize) {
        let mut served = self.served.lock().unwrap();
        while *served < messages {
            served = self.done.wait(served).unwrap();
        }
    }
}

/// As `poll` does it. A handler that is stolen from takes the thread out of it.
fn work(ready: &Arc<Ready>, kernel: &Arc<Kernel>, stage: Option<&Stage>, long: bool) {
    let mut done = None;
    loop {
        match ready.next(done.take()) {
            Next::Serve { link, .. } => {
                assert!(!link.busy.swap(true, Ordering::Relaxed), "one worker at a time serves a link");
                let messages = kernel.read(&link);
                let stolen = stage.is_some_and(|stage| messages > 0 && is_stolen(stage));
                kernel.answer(messages);
                if stolen {
                    return;
                }
                link.busy.store(false, Ordering::Relaxed);
                kernel.arm(&link);
                done = Some(Done { link, long: long.then_some(true), again: false });
            }
            Next::Look => {
                ready.found(kernel.wait(false).into_iter(), |link| kernel.mute(link));
                if ready.call() {
                    let (ready, kernel) = (ready.clone(), kernel.clone());
                    loom::thread::spawn(move || work(&ready, &kernel, None, false));
                }
            }
            Next::Wait => ready.found(kernel.wait(true).into_iter(), |link| kernel.mute(link)),
            Next::Leave => return,
        }
    }
}

/// A handler, in which the standby may see the worker.
fn is_stolen(stage: &Stage) -> bool {
    stage.publish(Some(Batch(0)));
    stage.enter(1, Running { call: 1, service: 0, method: 0, frame_end: 0, fds: 0 });
    !stage.leave(1)
}

/// A worker that calls another one, and messages that come meanwhile: none is served twice, at once, or never.
#[test]
fn workers_share_links() {
    for links in [1, 2] {
        every_order(move || {
            let (ready, kernel) = (Arc::new(Ready::new(2)), Kernel::new(links));
            let first = {
                let (ready, kernel) = (ready.clone(), kernel.clone());
                loom::thread::spawn(move || work(&ready, &kernel, None, true))
            };
            kernel.send(0);
            kernel.send(links - 1);
            kernel.await_answers(1);
            kernel.send(0);
            kernel.await_answers(3);
            ready.stop();
            kernel.kick();
            first.join().unwrap();
            assert_eq!(*kernel.served.lock().unwrap(), 3, "each message once");
        });
    }
}

/// The worker is stolen from while it serves, perhaps: somebody serves what comes next, whoever was faster.
#[test]
fn a_thief_has_its_victims_place() {
    every_order(|| {
        let (ready, kernel, stage) = (Arc::new(Ready::new(1)), Kernel::new(1), Arc::new(Stage::default()));
        let victim = {
            let (ready, kernel, stage) = (ready.clone(), kernel.clone(), stage.clone());
            loom::thread::spawn(move || work(&ready, &kernel, Some(&stage), false))
        };
        let thief = {
            let (ready, kernel, stage) = (ready.clone(), kernel.clone(), stage.clone());
            loom::thread::spawn(move || {
                if stage.steal(1).is_none() {
                    return;
                }
                let link = &kernel.links[0];
                link.busy.store(false, Ordering::Relaxed);
                kernel.arm(link);
                if ready.stolen(link) {
                    kernel.kick();
                }
                work(&ready, &kernel, None, false);
            })
        };
        kernel.send(0);
        kernel.await_answers(1);
        kernel.send(0);
        kernel.await_answers(2);
        ready.stop();
        kernel.kick();
        [victim, thief].into_iter().for_each(|worker| worker.join().unwrap());
    });
}

/// A link that was kept for later is served, though the worker was about to wait.
#[test]
fn a_push_wakes_whoever_waits() {
    every_order(|| {
        let (ready, kernel) = (Arc::new(Ready::new(1)), Kernel::new(1));
        let worker = {
            let (ready, kernel) = (ready.clone(), kernel.clone());
            loom::thread::spawn(move || work(&ready, &kernel, None, false))
        };
        // It has a message that the set does not report: as after a hold.
        kernel.mute(&kernel.links[0]);
        kernel.send(0);
        if ready.push(&kernel.links[0]) {
            kernel.kick();
        }
        kernel.await_answers(1);
        ready.stop();
        kernel.kick();
        worker.join().unwrap();
    });
}

fn served(next: Next) -> Arc<Link> {
    match next {
        Next::Serve { link, .. } => link,
        other => panic!("{other:?}"),
    }
}

fn done(link: Arc<Link>, long: bool) -> Option<Done> {
    Some(Done { link, long: Some(long), again: false })
}

/// Without this a call waits behind as many computing ones as there are connections.
#[test]
fn light_links_go_first() {
    every_order(|| {
        let (ready, links) = (Ready::new(1), Kernel::new(4).links.clone());
        let [heavy, also_heavy, light, also_light] = &links[..] else { panic!("four") };
        for link in [heavy, also_heavy] {
            ready.push(link);
            assert!(matches!(ready.next(done(served(ready.next(None)), true)), Next::Look));
            ready.found(std::iter::empty(), |_| ());
        }
        [heavy, light, also_heavy, also_light].into_iter().for_each(|link| assert!(!ready.push(link)));
        for expected in [light, also_light, heavy, also_heavy] {
            assert!(Arc::ptr_eq(&served(ready.next(None)), expected));
        }
    });
}

/// Other workers are called where links wait behind a long one, as many as there are CPUs, and for nothing else.
#[test]
fn helpers_come_for_long_calls_alone() {
    every_order(|| {
        let (ready, links) = (Ready::new(3), Kernel::new(4).links.clone());
        links.iter().for_each(|link| assert!(!ready.push(link), "nobody waits who would have to be woken"));
        let first = served(ready.next(None));
        let second = served(ready.next(done(first, false)));
        assert!(matches!(ready.next(done(second, true)), Next::Look), "after a long one");
        ready.found(std::iter::empty(), |_| ());
        assert_eq!([(); 3].map(|()| ready.call()), [true, true, false], "two more, for three CPUs");
        ready.missing();
        assert!(ready.call(), "in place of one that could not be had");
        served(ready.next(None));
        served(ready.next(None));
        assert!(!ready.call(), "nobody waits");
    });
}

/// What comes for a link while it is served is not forgotten; and the set is not asked about it over and over.
#[test]
fn what_comes_meanwhile_comes_again() {
    every_order(|| {
        let (ready, links) = (Ready::new(2), Kernel::new(1).links.clone());
        ready.push(&links[0]);
        let link = served(ready.next(None));
        let muted = std::cell::Cell::new(0);
        ready.found(links.iter().cloned(), |_| muted.set(muted.get() + 1));
        assert_eq!(muted.get(), 1);
        let link = served(ready.next(done(link, false)));
        assert!(matches!(ready.next(done(link, false)), Next::Wait), "nothing came the second time");
        ready.found(links.iter().cloned(), |_| panic!("nobody serves it"));
        assert!(matches!(ready.next(None), Next::Serve { .. }));
    });
}
