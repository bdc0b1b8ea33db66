//! Serving one link: one read, and every call that came with it.
//!
//! Only one worker at a time serves a link. It runs handlers itself, so a call costs no hand-over; what happens when one of
//! them takes long is in `standby`.
use super::back::Broken;
use super::call::{Call, body_bytes};
use super::counts::Tally;
use super::engine::{Engine, UNSENT_BYTES_MAX};
use super::incidents::Incident;
use super::job::Job;
use super::link::{Detached, Entered, Kept, Link, ReadSide};
use super::seat::Batch;
use super::services::Served;
use super::steal::Running;
use super::worker::{COPY_BYTES_MAX, READ_BYTES, Worker};
use crate::net::{Received, Wait};
use crate::proto::{Fault, Request, Step, clamp};
use crate::service::{Cancel, Context};
use crate::wire::{Arrivals, Fds, Kind, Refusal, Slice, is_filled, is_kept, kind_of};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long one link may be served while others wait. No call of it need be slow: one read can hold thousands of frames.
const TURN_TIME_MAX: Duration = Duration::from_millis(1);

/// Reads of one large frame before it is others' turn. The next one of it is tried at once: the peer is writing.
const READS_MAX: u32 = 16;

/// Frames between two looks at the clock.
const TURN_FRAMES: u32 = 8;

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
    /// The last of them are half a frame; when they came.
    partial_since: Option<Instant>,
    /// When the first of its calls was looked at here.
    now: Option<Instant>,
    /// Bytes that wait to be sent, as far as is known here.
    unsent: usize,
    /// What handlers are told, but for what differs from call to call; made for the first call.
    cx: Option<Context>,
    /// Frames since it was read.
    frames: u32,
    tally: Tally<'a>,
}

impl Engine {
    /// One read, more of a large frame, and every call that came with it.
    pub(super) fn serve(self: &Arc<Self>, worker: &mut Worker, link: &Arc<Link>, wait: Wait) -> End {
        let (kept, greets) = {
            let mut read = link.read();
            if read.writing {
                drop(read);
                if !self.unblock(link, worker) {
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
            (read.kept.take().map_or_else(Kept::default, |kept| *kept), !read.session.is_open())
        };
        let Kept { bytes, read_at, partial_since } = kept;
        let bytes = worker.load(bytes);
        let mut serving = Serving {
            engine: self,
            link,
            bytes,
            at: 0,
            read_at,
            partial_since,
            now: None,
            unsent: 0,
            cx: None,
            frames: 0,
            tally: Tally::default(),
        };
        let end = serving.frames(worker, wait);
        // However it ended: what the standby sees of this worker must never be an earlier link's. (A thief's victim has
        // nothing left that could be seen.)
        serving.idle(worker);
        if greets && link.read().session.is_open() {
            self.greeted(link);
        }
        let bytes = serving.bytes;
        if is_kept(bytes.capacity(), bytes.len()) {
            worker.bytes = Some(bytes);
        }
        end
    }

    /// The socket may take more. False: it is not read even so.
    fn unblock(self: &Arc<Self>, link: &Arc<Link>, worker: &mut Worker) -> bool {
        {
            let mut read = link.read();
            (read.writing, read.blocked) = (false, None);
        }
        self.flush(link, Some(&mut worker.spare));
        let mut read = link.read();
        let unblocked = read.blocked.is_none() && !read.closed;
        if unblocked {
            self.arm(link, &mut read);
        }
        drop(read);
        self.ended();
        unblocked
    }
}

impl<'a> Serving<'a> {
    fn frames(&mut self, worker: &mut Worker, wait: Wait) -> End {
        let mut missing = if self.bytes.is_empty() { 1 } else { 0 };
        let mut reads = 0;
        loop {
            if missing > 0 {
                // What was kept may have held whole calls: their answers go out before anybody waits for more.
                if self.at > 0 || reads > 0 && (self.bytes.len() <= COPY_BYTES_MAX || reads >= READS_MAX) {
                    return self.finish(worker, End::Drained);
                }
                match self.fill(missing, if reads == 0 { wait } else { Wait::No }) {
                    Received::Bytes(_) => {
                        (self.read_at, self.partial_since, self.now) = (None, None, None);
                        if reads == 0 {
                            worker.spin.heard(&self.bytes);
                        }
                        reads += 1;
                    }
                    Received::Nothing if reads > 0 => return self.finish(worker, End::Drained),
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
                let mut read = self.link.read();
                read.entered = false;
                let stray = read.arrivals.check_rest(rest);
                drop(read);
                return stray.map(|()| 1).map_err(|error| self.break_off(error.to_string().into()));
            }
            let Some(step) = self.step(rest, worker) else { return Err(self.held(worker)) };
            match step {
                Step::Partial(total) => return Ok(total.saturating_sub(rest.len()).max(1)),
                Step::Done(used) => self.at += used,
                Step::Refused(called, used) => {
                    self.at += used;
                    self.engine.refused(self.link, called);
                }
                Step::Cancel(id, used) => {
                    self.at += used;
                    if let Err(problem) = self.engine.cancel(self.link, id) {
                        return Err(self.cut_off(problem));
                    }
                }
                Step::Items(head, body, used) => {
                    self.at += used;
                    if let Err(problem) = self.engine.items(self.link, head, body) {
                        return Err(self.break_off(problem.into()));
                    }
                }
                Step::Answer(head, body, fds, used) => {
                    self.at += used;
                    if let Err(broken) = self.engine.answered(self.link, head, body, fds) {
                        return Err(self.break_off(broken));
                    }
                }
                Step::Call(request, used) => {
                    self.at += used;
                    if let Some(end) = self.call(request, bytes, worker) {
                        return Err(end);
                    }
                }
                Step::LargeAnswer(head, used) => {
                    self.at += used;
                    if let Err(broken) = self.engine.large_answer(self.link, head) {
                        return Err(self.break_off(broken));
                    }
                }
                Step::Close => {
                    self.engine.flush(self.link, None);
                    self.engine.close_gently(self.link);
                    return Err(End::Lost);
                }
            }
            if self.unsent > UNSENT_BYTES_MAX && !self.relieve(worker) {
                return Err(End::Lost);
            }
            if wait == Wait::No && self.has_had_its_turn() {
                return Err(self.finish(worker, End::Yields));
            }
        }
    }

    /// The client broke the protocol, and is told how.
    fn break_off(&self, broken: Broken) -> End {
        self.engine.turn_away(self.link, &Refusal::Malformed(broken.problem));
        broken.woken.into_iter().for_each(|thread| thread.unpark());
        End::Lost
    }

    /// The client went too far, and is told so.
    fn cut_off(&self, problem: String) -> End {
        self.engine.incidents.count(Incident::Abusive);
        self.engine.turn_away(self.link, &Refusal::Cut(problem));
        End::Lost
    }

    /// Says so if the client leaves too many error replies unread. Asked when all has been sent that the socket takes.
    fn unread_faults(&self, read: &mut ReadSide) -> Option<String> {
        let (faults, most) = (read.session.faults(), self.engine.limits().faults_max);
        if faults > 0 && self.link.owed() == 0 {
            read.session.forget_faults();
            return None;
        }
        (faults > most).then(|| format!("{faults} error replies wait for it, and {most} may"))
    }

    fn has_had_its_turn(&mut self) -> bool {
        self.frames += 1;
        self.frames.is_multiple_of(TURN_FRAMES)
            && self.at < self.bytes.len()
            && self.now.get_or_insert_with(Instant::now).elapsed() > TURN_TIME_MAX
    }

    /// Sends what waits. False: the socket does not take all of it, or the link is closed; what is left over waits.
    fn relieve(&mut self, worker: &mut Worker) -> bool {
        self.unsent = 0;
        // Where nobody tells when the socket takes more, this thread waits for that: it keeps no standby awake meanwhile.
        self.idle(worker);
        self.engine.flush(self.link, Some(&mut worker.spare));
        let mut read = self.link.read();
        let problem = self.unread_faults(&mut read).filter(|_| !read.closed);
        let blocked = read.blocked.is_some();
        if blocked && !read.closed {
            read.entered = false;
            read.kept = self.keep();
        }
        let goes_on = !blocked && !read.closed && problem.is_none();
        drop(read);
        problem.map(|problem| self.cut_off(problem));
        goes_on
    }

    /// What the next frame means; what is said to it at once is queued. `None`: it is a call that must wait; the link is held, and
    /// no longer ours.
    fn step<'b>(&mut self, bytes: &'b [u8], worker: &mut Worker) -> Option<Step<'b>> {
        let out = &mut worker.out.bytes;
        out.clear();
        let mut read = self.link.read();
        if read.holds > 0 && kind_of(bytes) == Some(Kind::Call) {
            let read_at = self.read_at.unwrap_or_else(Instant::now);
            (read.held, read.entered, read.kept) = (true, false, Kept::new(bytes.to_vec(), Some(read_at)));
            return None;
        }
        let ReadSide { session, arrivals, .. } = &mut *read;
        let step = session.step(bytes, arrivals, &self.engine.services.catalog, out);
        if let Step::Done(_) = step
            && session.expects_fds()
        {
            self.link.stream().expect_fds(self.engine.limits().fds_max);
        }
        // Under the lock that a drain takes to say which call was the last: it waits for this one, or does not count it.
        read.entered = matches!(step, Step::Call(..));
        if !out.is_empty() {
            // Under it, too: the goodbye, or a refusal, that another thread has for this link must not overtake a welcome.
            self.unsent = self.link.push(out, Some(&mut worker.spare));
            drop(read);
            self.engine.cut_off(self.link, self.unsent);
        }
        Some(step)
    }

    /// Another call must be over before the next one, which is with its link now.
    fn held(&mut self, worker: &mut Worker) -> End {
        self.idle(worker);
        self.engine.flush(self.link, Some(&mut worker.spare));
        self.engine.ended();
        End::Lost
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
        let mut arrivals = Arrivals::default();
        let received = self.link.stream().recv_beside(buffer, &mut arrivals, wait).unwrap_or(Received::End);
        if !arrivals.is_empty() {
            let mut read = self.link.read();
            if !read.closed {
                read.arrivals.append(arrivals);
            }
        }
        received
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
        let (_, mark, _) = served.method(call.method)?;
        if mark.is_slow() {
            return self.hand_over(call, (request.args, request.fds), worker);
        }
        let is_tight = request.time_left.is_some_and(|left| left < TIGHT);
        if call.deadline.is_some_and(|end| end < now || is_tight && end < Instant::now()) {
            self.engine.refuse(self.link, call, &Fault::Deadline);
            return None;
        }
        self.run_here(call, served, (request.args, request.fds), is_tight, bytes, worker)
    }

    /// A method that is known to be slow. The link is held until the call has been entered. A one-way call may take its time
    /// until the next may be entered: what is no call is dealt with meanwhile.
    fn hand_over(&mut self, call: Call, (args, fds): (&[u8], Fds), worker: &mut Worker) -> Option<End> {
        let may = self.engine.job_begins(self.link, fds.len());
        if !may || call.shape.has_items() && self.engine.has_all_streams(self.link) {
            self.link.user.free_fds(fds.len());
            self.engine.job_ended(self.link);
            self.engine.refuse(self.link, call, &Fault::Overloaded);
            return None;
        }
        let cancel = Cancel::default();
        let dialogue = call.shape.has_items().then(|| self.engine.open_items(self.link, call, cancel.clone()));
        let args = match args.len() > COPY_BYTES_MAX && is_filled(self.bytes.capacity(), args.len()) {
            // They stay where they are, and the next read gets a buffer of its own.
            true => Slice::new(&self.bytes, self.at.saturating_sub(args.len())..self.at),
            false => Slice::from(args.to_vec()),
        };
        let job = Job { link: self.link.clone(), call, args, fds, cancel, dialogue };
        {
            let mut read = self.link.read();
            read.holds += 1;
            read.entered = false;
            if call.has_reply() {
                read.held = true;
                read.kept = Kept::new(self.bytes.get(self.at..).unwrap_or_default().to_vec(), self.read_at);
            }
            let Call { id, service, method, deadline, .. } = call;
            let entered = Entered { id, service, method, since: self.read_at.unwrap_or_else(Instant::now) };
            let (cancel, dialogue) = (job.cancel.clone(), job.dialogue.clone());
            read.detach(id, Detached { cancel, deadline, dialogue, entered });
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
        served: &'a Served,
        args: (&[u8], Fds),
        is_tight: bool,
        bytes: &Arc<Vec<u8>>,
        worker: &mut Worker,
    ) -> Option<End> {
        let (method, _, counts) = served.method(call.method)?;
        self.engine.enter_batch(worker, self.link, bytes, self.read_at);
        worker.ticket += 1;
        let fds = args.1.len();
        let Call { id, service, method: index, .. } = call;
        let running = Running { call: id.0, service, method: index, frame_end: self.at, fds };
        worker.seat.stage.enter(worker.ticket, running);
        let (timed, args_bytes) = (self.tally.begin(counts), args.0.len());
        let (peer, deadline, link, engine) = (self.link.peer(), call.deadline, self.link, self.engine);
        let cx = self.cx.get_or_insert_with(|| Context {
            method,
            peer,
            deadline,
            cancel: worker.cancel.clone(),
            stopping: engine.stopping.clone(),
            back: Some(link.clone()),
        });
        (cx.method, cx.deadline) = (method, deadline);
        let mut ended = self.engine.answer(call, cx, args, None, &mut worker.out);
        if is_tight {
            self.engine.forget_late_answer(call, &mut ended, &mut worker.out);
        }
        if worker.seat.stage.leave(worker.ticket) {
            timed.inspect(|(start, alike)| counts.took(start.elapsed(), *alike));
            self.tally.end(ended.how(), args_bytes, body_bytes(&worker.out.bytes));
            if !worker.out.is_empty() {
                self.unsent = self.engine.push_answer(self.link, call.id, &mut worker.out, Some(&mut worker.spare));
            }
            return None;
        }
        // The thief has the role and what is behind this call; its answer is all that is left to us.
        worker.cancel = Cancel::default();
        self.engine.forget_late_answer(call, &mut ended, &mut worker.out);
        self.tally.settle();
        // One that is not timed is so slow that the calls before it in this read, which were quick, do not matter.
        let start = timed.map(|(start, _)| start).or(self.now);
        let time = start.map(|start| start.elapsed()).unwrap_or_default();
        counts.ran(ended.how(), time, args_bytes, body_bytes(&worker.out.bytes));
        worker.seat.active.store(false, Ordering::SeqCst);
        self.engine.finish(self.link, call.id, fds);
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
        if let Some(problem) = self.unread_faults(&mut read) {
            drop(read);
            return self.cut_off(problem);
        }
        read.entered = false;
        if self.at < self.bytes.len() {
            read.kept = self.keep();
        }
        if let (true, Some(kept)) = (end != End::Yields, &mut read.kept) {
            kept.partial_since = self.partial_since.or_else(|| Some(Instant::now()));
            self.engine.may_stall();
        }
        let end = if read.blocked.is_some() { End::Lost } else { end };
        self.engine.arm(self.link, &mut read);
        drop(read);
        // Only now: whoever waits for the replies of this link looks whether they are sent.
        self.engine.ended();
        end
    }

    /// What is left over: in the buffer that it is in if it is large.
    fn keep(&mut self) -> Option<Box<Kept>> {
        Kept::new(self.rest(), self.read_at)
    }

    fn rest(&mut self) -> Vec<u8> {
        let left = self.bytes.len() - self.at;
        if left > COPY_BYTES_MAX
            && is_filled(self.bytes.capacity(), left)
            && let Some(buffer) = Arc::get_mut(&mut self.bytes)
        {
            buffer.drain(..self.at);
            return std::mem::take(buffer);
        }
        self.bytes.get(self.at..).unwrap_or_default().to_vec()
    }

    fn idle(&mut self, worker: &Worker) {
        self.tally.settle();
        if worker.seat.active.load(Ordering::Relaxed) {
            worker.seat.stage.publish(None);
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
        worker.seat.stage.publish(Some(batch));
        // Either the standby sees this before it falls asleep, or this worker sees that it has.
        worker.seat.active.store(true, Ordering::SeqCst);
        self.wake_standby();
    }
}
