//! One call on its way to a thread of its own, and what that thread does with it.
use super::call::{Call, body_bytes};
use super::dialogue::Dialogue;
use super::engine::Engine;
use super::link::Link;
use crate::proto::Fault;
use crate::service::{Back, Cancel, Context, Flow};
use crate::wire::{CallId, Fds, Message, Slice};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Job {
    pub(super) link: Arc<Link>,
    pub(super) call: Call,
    pub(super) args: Slice,
    pub(super) fds: Fds,
    pub(super) cancel: Cancel,
    /// If it has items.
    pub(super) dialogue: Option<Arc<Dialogue>>,
}

impl Engine {
    /// Runs a call on a thread of its own.
    pub(super) fn run_job(self: &Arc<Self>, job: Job, out: &mut Message) {
        let Job { link, call, args, fds: arrived, cancel, dialogue } = job;
        let fds = arrived.len();
        if call.has_reply() {
            // It is entered: the next call of the link may be.
            self.unhold(&link);
        }
        let Some(served) = self.services.get(call.service) else { return };
        let Some((method, mark, counts)) = served.method(call.method) else { return };
        let start = Instant::now();
        if call.deadline.is_some_and(|deadline| deadline < start) {
            self.finish(&link, call.id, fds);
            self.refuse(&link, call, &Fault::Deadline);
        } else {
            let (peer, deadline, back) = (link.peer(), call.deadline, Some(link.clone() as Arc<dyn Back>));
            let stopping = self.stopping.clone();
            let cx = Context { method, peer, deadline, cancel, stopping, back };
            let flow = dialogue.clone().map(|dialogue| dialogue as Arc<dyn Flow>);
            let args_bytes = args.len();
            let mut ended = self.answer(call, &cx, (args.as_slice(), arrived), flow, out);
            let time = start.elapsed();
            mark.ran(time);
            // First its items: if the time is over before all are sent, the answer must not stand behind a part of them.
            dialogue.iter().for_each(|dialogue| dialogue.finish());
            self.forget_late_answer(call, &mut ended, out);
            counts.ran(ended.how(), time, args_bytes, body_bytes(&out.bytes));
            self.finish(&link, call.id, fds);
            if !out.is_empty() {
                self.push_patiently(&link, call.id, out);
            }
        }
        self.flush(&link, None);
        self.job_done(&link, call.has_reply());
    }

    /// A call that was handed over, and will not run.
    pub(super) fn drop_job(self: &Arc<Self>, job: Job) {
        self.finish(&job.link, job.call.id, job.fds.len());
        self.refuse(&job.link, job.call, &Fault::Overloaded);
        self.flush(&job.link, None);
        if job.call.has_reply() {
            self.unhold(&job.link);
        }
        self.job_done(&job.link, job.call.has_reply());
    }

    /// A call that ran elsewhere, and came with so many descriptors, has its answer. Its place is free, and theirs are, before the
    /// answer is queued: a client that has it may use them at once.
    pub(super) fn finish(&self, link: &Link, id: CallId, fds: usize) {
        link.user.free_fds(fds);
        link.read().session.finish(id);
        self.close_items(link, id);
    }

    /// A call that ran elsewhere than on the thread that reads has ended. One-way calls held their link until now.
    pub(super) fn job_done(self: &Arc<Self>, link: &Arc<Link>, has_reply: bool) {
        if !has_reply {
            self.unhold(link);
        }
        self.job_ended(link);
    }

    /// A call with so many descriptors is to run on a thread of its own. False: there are as many as there may be, or its user
    /// has as many as he may, or too many descriptors. All is counted even so.
    pub(super) fn job_begins(&self, link: &Link, fds: usize) -> bool {
        let (limits, user) = (self.limits(), &link.user);
        let all = self.jobs.fetch_add(1, Ordering::AcqRel);
        let own = user.jobs.fetch_add(1, Ordering::AcqRel);
        let has_fds_left = user.hold_fds(fds, limits.user_fds_max);
        all < limits.jobs_max && own < limits.user_jobs_max && has_fds_left
    }

    pub(super) fn job_ended(&self, link: &Link) {
        link.user.jobs.fetch_sub(1, Ordering::AcqRel);
        self.jobs.fetch_sub(1, Ordering::SeqCst);
        self.ended();
    }
}
