//! Serving one link: one read, and every call that came with it.
//!
//! Only one worker at a time serves a link. It runs handlers itself, so a call costs no hand-over; what happens when one of
//! them takes long is in `standby`.
use super::back::Broken;
use super::call::Call;
use super::engine::{Engine, UNSENT_BYTES_MAX};
use super::job::Job;
use super::link::{Detached, Link};
use super::seat::{Batch, Running};
use super::services::Served;
use super::worker::{COPY_BYTES_MAX, READ_BYTES, Worker};
use crate::net::{Received, Wait};
use crate::proto::{Fault, Request, Step, clamp};
use crate::service::{Cancel, Context};
use crate::wire::{Kind, kind_of};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long one link may be served while others wait. No call of it need be slow: one read can hold thousands.
const TURN_TIME_MAX: Duration = Duration::from_millis(1);

/// Calls between two looks at the clock.
const TURN_CALLS: u32 = 8;

/// A deadline closer than this is looked at again before each call of a batch: a batch can take that long.
const TIGHT: Duration = Duration::from_secs(1);

/// How serving a link ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// All that had come is dealt with.
    Drained,
    /// Nothing had come.
    Nothing,
    /// There is more, but it is others' turn.
    Yields,
    /// It is held, blocked or closed: somebody else brings it back.
    Lost,
    /// A handler of ours was slow, and somebody else has our part now.
    Stolen,
}

/// One link being served.
struct Serving<'a> {
    engine: &'a Arc<Engine>,
    link: &'a Arc<Link>,
    /// What has been read; bytes before `at` are dealt with.
    bytes: Arc<Vec<u8>>,
    at: usize,
    /// When it was read: deadlines count from here, also when it was laid aside since.
    read_at: Option<Instant>,
    /// When the first of its calls was looked at here.
    now: Option<Instant>,
    /// Bytes that wait to be sent, as far as is known here.
    unsent: usize,
    /// What handlers are told, but for what differs from call to call; made for the first call.
    cx: Option<Context>,
    /// Calls since it was read.
    calls: u32,
}

impl Engine {
    /// One read, and every call that came with it.
    pub(super) fn serve(self: &Arc<Self>, worker: &mut Worker, link: &Arc<Link>, wait: Wait) -> End {
        let (rest, read_at) = {
            let mut read = link.read();
            if read.writing {
                drop(read);
                if !self.unblock(link) {
                    return End::Lost;
                }
                read = link.read();
            }
            if read.closed {
                return End::Lost;
            }
            if read.held {
                self.mute(link, &mut read);
                return End::Lost;
            }
            (std::mem::take(&mut read.rest), read.read_at.take())
        };
        let bytes = worker.load(rest);
        let mut serving =
            Serving { engine: self, link, bytes, at: 0, read_at, now: None, unsent: 0, cx: None, calls: 0 };
        let end = serving.frames(worker, wait);
        // However it ended: what the standby sees of this worker must never be an earlier link's. (A thief's victim has
        // nothing left that could be seen.)
        serving.idle(worker);
        let bytes = std::mem::take(&mut serving.bytes);
        if bytes.capacity() <= 2 * READ_BYTES {
            worker.bytes = bytes;
        }
        end
    }

    /// The socket may take more. False: it is not read even so.
    fn unblock(self: &Arc<Self>, link: &Arc<Link>) -> bool {
        {
            let mut read = link.read();
            (read.writing, read.blocked) = (false, false);
        }
        self.flush(link, None);
        let mut read = link.read();
        let unblocked = !read.blocked && !read.closed;
        if unblocked {
            self.arm(link, &mut read);
        }
        drop(read);
        self.ended();
        unblocked
    }
}

impl Serving<'_> {
    fn frames(&mut self, worker: &mut Worker, wait: Wait) -> End {
        let mut missing = if self.bytes.is_empty() { 1 } else { 0 };
        let mut has_read = false;
        loop {
            if missing > 0 {
                // What was kept may have held whole calls: their answers go out before anybody waits for more.
                if has_read || self.at > 0 {
                    return self.finish(worker, End::Drained);
                }
                has_read = true;
                match self.fill(missing, wait) {
                    Received::Bytes(_) => (self.read_at, self.now) = (None, None),
                    Received::Nothing => return self.finish(worker, End::Nothing),
                    Received::End => {
                        self.engine.close(self.link);
                        return End::Lost;
                    }
                }
            }
            // Handlers borrow from it while `self` goes on: one count for all of a read's frames, not one for each.
            let bytes = self.bytes.clone();
            match self.batch(&bytes, wait, worker) {
                Ok(more) => missing = more,
                Err(end) => return end,
            }
        }
    }

    /// The frames in `bytes`; says how many bytes are missing to the next one, or how it ended.
    fn batch(&mut self, bytes: &Arc<Vec<u8>>, wait: Wait, worker: &mut Worker) -> Result<usize, End> {
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                self.link.read().entered = false;
                return Ok(1);
            }
            let Some(step) = self.step(rest, &mut worker.out) else { return Err(self.held(worker)) };
            match step {
                Step::Partial(total) => return Ok(total.saturating_sub(rest.len()).max(1)),
                Step::Done(used) => {
                    self.at += used;
                    self.say(&worker.out);
                }
                Step::Cancel(id, used) => {
                    self.at += used;
                    self.engine.cancel(self.link, id);
                }
                Step::Items(head, body, used) => {
                    self.at += used;
                    if let Err(problem) = self.engine.items(self.link, head, body) {
                        return Err(self.break_off(problem.into(), worker));
                    }
                }
                Step::Answer(head, body, used) => {
                    self.at += used;
                    if let Err(broken) = self.engine.answered(self.link, head, body) {
                        return Err(self.break_off(broken, worker));
                    }
                }
                Step::Call(request, used) => {
                    self.at += used;
                    if let Some(end) = self.call(request, bytes, worker) {
                        return Err(end);
                    }
                    if wait == Wait::No && self.has_had_its_turn() {
                        return Err(self.finish(worker, End::Yields));
                    }
                }
                Step::LargeAnswer(head, used) => {
                    self.at += used;
                    if let Err(broken) = self.engine.large_answer(self.link, head) {
                        return Err(self.break_off(broken, worker));
                    }
                }
                Step::Close => return Err(self.turn_away(worker)),
            }
            if self.unsent > UNSENT_BYTES_MAX && !self.relieve() {
                return Err(End::Lost);
            }
        }
    }

    /// The client broke the protocol, and is told how.
    fn break_off(&mut self, broken: Broken, worker: &mut Worker) -> End {
        worker.out.clear();
        self.link.read().session.violation(broken.problem, &mut worker.out);
        let end = self.turn_away(worker);
        broken.woken.into_iter().for_each(|thread| thread.unpark());
        end
    }

    /// Sends the client its last words, and closes.
    fn turn_away(&mut self, worker: &Worker) -> End {
        self.say(&worker.out);
        self.engine.flush(self.link, None);
        self.engine.close_gently(self.link);
        End::Lost
    }

    fn has_had_its_turn(&mut self) -> bool {
        self.calls += 1;
        self.calls.is_multiple_of(TURN_CALLS)
            && self.at < self.bytes.len()
            && self.now.is_some_and(|now| now.elapsed() > TURN_TIME_MAX)
    }

    /// Sends what waits. False: the socket does not take all of it, or the link is closed; what is left over waits.
    fn relieve(&mut self) -> bool {
        self.unsent = 0;
        self.engine.flush(self.link, None);
        let mut read = self.link.read();
        if read.blocked && !read.closed {
            read.entered = false;
            (read.rest, read.read_at) = (self.keep(), self.read_at);
        }
        !read.blocked && !read.closed
    }

    /// What the next frame means. `None`: it is a call that must wait; the link is held, and no longer ours.
    fn step<'b>(&self, bytes: &'b [u8], out: &mut Vec<u8>) -> Option<Step<'b>> {
        out.clear();
        let mut read = self.link.read();
        if read.holds > 0 && kind_of(bytes) == Some(Kind::Call) {
            (read.held, read.entered, read.rest) = (true, false, bytes.to_vec());
            read.read_at = Some(self.read_at.unwrap_or_else(Instant::now));
            return None;
        }
        let step = read.session.step(bytes, &self.engine.services.catalog, out);
        // Under the lock that a drain takes to say which call was the last: it waits for this one, or does not count it.
        read.entered = matches!(step, Step::Call(..));
        Some(step)
    }

    /// Another call must be over before the next one, which is with its link now.
    fn held(&self, worker: &mut Worker) -> End {
        self.idle(worker);
        self.engine.flush(self.link, Some(&mut worker.spare));
        self.engine.ended();
        End::Lost
    }

    fn say(&mut self, out: &[u8]) {
        if !out.is_empty() {
            self.unsent = self.engine.push(self.link, out, None);
        }
    }

    /// Reads once, with room for what is missing; but memory grows with what has come, not with what is claimed.
    fn fill(&mut self, missing: usize, wait: Wait) -> Received {
        let Some(buffer) = Arc::get_mut(&mut self.bytes) else { return Received::Nothing };
        buffer.drain(..self.at);
        self.at = 0;
        let room = missing.clamp(READ_BYTES / 2, buffer.len().max(READ_BYTES));
        if buffer.capacity() - buffer.len() < room {
            buffer.reserve_exact(room);
        }
        self.link.stream().recv(buffer, wait).unwrap_or(Received::End)
    }

    /// Runs a call here, or hands it to a thread of its own. `None`: go on.
    fn call(&mut self, request: Request<'_>, bytes: &Arc<Vec<u8>>, worker: &mut Worker) -> Option<End> {
        let now = *self.now.get_or_insert_with(Instant::now);
        let read_at = *self.read_at.get_or_insert(now);
        let call = Call {
            id: request.id,
            service: request.service,
            method: request.method,
            shape: request.shape,
            deadline: request.time_left.map(|left| read_at + clamp(left)),
            peer: request.peer,
        };
        let served = self.engine.services.get(call.service)?;
        let (_, mark) = served.method(call.method)?;
        if mark.is_slow() {
            return self.hand_over(call, request.args, worker);
        }
        let is_tight = request.time_left.is_some_and(|left| left < TIGHT);
        if call.deadline.is_some_and(|end| end < now || is_tight && end < Instant::now()) {
            self.engine.refuse(self.link, call, &Fault::Deadline);
            return None;
        }
        self.run_here(call, served, request.args, is_tight, bytes, worker)
    }

    /// A method that is known to be slow. The link is held until the call has been entered. A one-way call may take its time
    /// until the next may be entered: what is no call is dealt with meanwhile.
    fn hand_over(&mut self, call: Call, args: &[u8], worker: &mut Worker) -> Option<End> {
        let full = self.engine.jobs.fetch_add(1, Ordering::AcqRel) >= self.engine.limits().jobs_max;
        if full || call.shape.has_items() && self.engine.has_all_streams(self.link) {
            self.engine.job_ended();
            self.engine.refuse(self.link, call, &Fault::Overloaded);
            return None;
        }
        let cancel = Cancel::default();
        let dialogue = call.shape.has_items().then(|| self.engine.open_items(self.link, call, cancel.clone()));
        let job = Job { link: self.link.clone(), call, args: args.to_vec(), cancel, dialogue };
        {
            let mut read = self.link.read();
            read.holds += 1;
            read.entered = false;
            if call.has_reply() {
                read.held = true;
                read.rest = self.bytes.get(self.at..).unwrap_or_default().to_vec();
                read.read_at = self.read_at;
            }
            read.detach(call.id, Detached { cancel: job.cancel.clone(), dialogue: job.dialogue.clone() });
        }
        self.idle(worker);
        self.engine.flush(self.link, Some(&mut worker.spare));
        for refused in self.engine.submit(job) {
            self.engine.drop_job(refused);
        }
        call.has_reply().then_some(End::Lost)
    }

    fn run_here(
        &mut self,
        call: Call,
        served: &Served,
        args: &[u8],
        is_tight: bool,
        bytes: &Arc<Vec<u8>>,
        worker: &mut Worker,
    ) -> Option<End> {
        let (method, _) = served.method(call.method)?;
        self.engine.enter_batch(worker, self.link, bytes, self.read_at);
        worker.ticket += 1;
        let (id, frame_end) = (call.id, self.at);
        worker.seat.enter(worker.ticket, Running { id, service: call.service, method: call.method, frame_end });
        let (peer, deadline, link, engine) = (self.link.peer, call.deadline, self.link, self.engine);
        let cx = self.cx.get_or_insert_with(|| Context {
            method,
            peer,
            deadline,
            cancel: worker.cancel.clone(),
            stopping: engine.stopping.clone(),
            back: Some(link.clone()),
        });
        (cx.method, cx.deadline) = (method, deadline);
        self.engine.answer(call, cx, args, None, &mut worker.out);
        if is_tight {
            self.engine.forget_late_answer(call, &mut worker.out);
        }
        if worker.seat.leave(worker.ticket) {
            if !worker.out.is_empty() {
                self.unsent = self.engine.push_answer(self.link, call.id, &mut worker.out, Some(&mut worker.spare));
            }
            return None;
        }
        // The thief has the role and what is behind this call; its answer is all that is left to us.
        worker.cancel = Cancel::default();
        self.engine.forget_late_answer(call, &mut worker.out);
        worker.seat.active.store(false, Ordering::SeqCst);
        self.engine.finish(self.link, call.id);
        if !worker.out.is_empty() {
            self.engine.push_patiently(self.link, call.id, &mut worker.out);
        }
        self.engine.flush(self.link, None);
        self.engine.job_done(self.link, call.has_reply());
        Some(End::Stolen)
    }

    /// The batch is over: replies are sent, what is left over waits for more, and a worker that sleeps keeps no standby awake.
    fn finish(&mut self, worker: &mut Worker, end: End) -> End {
        self.idle(worker);
        self.engine.flush(self.link, Some(&mut worker.spare));
        let mut read = self.link.read();
        if read.closed {
            return End::Lost;
        }
        read.entered = false;
        if self.at < self.bytes.len() {
            (read.rest, read.read_at) = (self.keep(), self.read_at);
        }
        let end = if read.blocked { End::Lost } else { end };
        self.engine.arm(self.link, &mut read);
        drop(read);
        // Only now: whoever waits for the replies of this link looks whether they are sent.
        self.engine.ended();
        end
    }

    /// What is left over: in the buffer that it is in if it is large.
    fn keep(&mut self) -> Vec<u8> {
        let left = self.bytes.len() - self.at;
        if left > COPY_BYTES_MAX
            && let Some(buffer) = Arc::get_mut(&mut self.bytes)
        {
            buffer.drain(..self.at);
            return std::mem::take(buffer);
        }
        self.bytes.get(self.at..).unwrap_or_default().to_vec()
    }

    fn idle(&self, worker: &Worker) {
        if worker.seat.active.load(Ordering::Relaxed) {
            worker.seat.publish(None);
            worker.seat.active.store(false, Ordering::SeqCst);
            self.engine.ended();
        }
    }
}

impl Engine {
    /// Before the first handler of a batch: the standby can see what this worker serves, and is awake.
    fn enter_batch(&self, worker: &Worker, link: &Arc<Link>, bytes: &Arc<Vec<u8>>, read_at: Option<Instant>) {
        if worker.seat.active.load(Ordering::Relaxed) {
            return;
        }
        let batch = Batch { link: link.clone(), bytes: bytes.clone(), read_at, cancel: worker.cancel.clone() };
        worker.seat.publish(Some(batch));
        // Either the standby sees this before it falls asleep, or this worker sees that it has.
        worker.seat.active.store(true, Ordering::SeqCst);
        self.wake_standby();
    }
}
