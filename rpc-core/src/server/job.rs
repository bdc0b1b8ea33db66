//! One call on its way to a thread of its own, and what that thread does with it.
use super::call::Call;
use super::dialogue::Dialogue;
use super::engine::Engine;
use super::link::Link;
use super::services::Mark;
use crate::proto::Fault;
use crate::service::{Back, Cancel, Context, Flow};
use crate::wire::CallId;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Job {
    pub(super) link: Arc<Link>,
    pub(super) call: Call,
    pub(super) args: Vec<u8>,
    pub(super) cancel: Cancel,
    /// If it has items.
    pub(super) dialogue: Option<Arc<Dialogue>>,
}

impl Engine {
    /// Runs a call on a thread of its own.
    pub(super) fn run_job(self: &Arc<Self>, job: Job, out: &mut Vec<u8>) {
        let Job { link, call, args, cancel, dialogue } = job;
        if call.has_reply() {
            // It is entered: the next call of the link may be.
            self.unhold(&link);
        }
        let Some((method, mark)) = self.services.get(call.service).and_then(|served| served.method(call.method)) else {
            return;
        };
        let start = Instant::now();
        if call.deadline.is_some_and(|deadline| deadline < start) {
            self.finish(&link, call.id);
            self.refuse(&link, call, &Fault::Deadline);
        } else {
            let (peer, deadline, back) = (link.peer, call.deadline, Some(link.clone() as Arc<dyn Back>));
            let stopping = self.stopping.clone();
            let cx = Context { method, peer, deadline, cancel, stopping, back };
            self.answer(call, &cx, &args, dialogue.clone().map(|dialogue| dialogue as Arc<dyn Flow>), out);
            Mark::ran(mark, start);
            // First its items: if the time is over before all are sent, the answer must not stand behind a part of them.
            dialogue.iter().for_each(|dialogue| dialogue.finish());
            self.forget_late_answer(call, out);
            self.finish(&link, call.id);
            if !out.is_empty() {
                self.push_patiently(&link, call.id, out);
            }
        }
        self.flush(&link, None);
        self.job_done(&link, call.has_reply());
    }

    /// A call that was handed over, and will not run.
    pub(super) fn drop_job(self: &Arc<Self>, job: Job) {
        self.finish(&job.link, job.call.id);
        self.refuse(&job.link, job.call, &Fault::Overloaded);
        self.flush(&job.link, None);
        if job.call.has_reply() {
            self.unhold(&job.link);
        }
        self.job_done(&job.link, job.call.has_reply());
    }

    /// A call that ran elsewhere has its answer. Its place is free before the answer is queued: a client that has it may use
    /// that place at once.
    pub(super) fn finish(&self, link: &Link, id: CallId) {
        link.read().session.finish(id);
        self.close_items(link, id);
    }

    /// A call that ran elsewhere than on the thread that reads has ended. One-way calls held their link until now.
    pub(super) fn job_done(self: &Arc<Self>, link: &Arc<Link>, has_reply: bool) {
        if !has_reply {
            self.unhold(link);
        }
        self.job_ended();
    }

    pub(super) fn job_ended(&self) {
        self.jobs.fetch_sub(1, Ordering::SeqCst);
        self.ended();
    }
}
