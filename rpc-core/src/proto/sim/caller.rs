//! What callers do: calls of every shape over a line, as `connection::line` and `connection::conversation` make them.
use super::ledger::{Ended, Ledger, Why};
use super::line::{Line, Until};
use super::scenario::{CallPlan, Deed, SHAPES, Scenario, Voice, message};
use super::world::{Gate, Task, World};
use crate::proto::{Next, RequestHead, Sent, Ticket, Unanswered, Waits};
use crate::wire::{CallId, HEAD_BYTES, Items, Kind, Message, put_frame, take_varint};
use crate::{Outcome, Shape};
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

/// How long dropping unfinished input waits for the news of it to be sent, as in the driver.
const ABANDON_TIME_MAX: u64 = 1_000_000;

type Failure = (Why, Outcome);

/// One caller, and what it does it with.
pub(super) struct Client {
    pub(super) world: Rc<World>,
    pub(super) line: Rc<Line>,
    pub(super) ledger: Rc<Ledger>,
    pub(super) scenario: Rc<Scenario>,
}

impl Client {
    /// Everything that one caller does.
    pub(super) async fn run(self: Rc<Self>, task: Task, deeds: Vec<Deed>) {
        for deed in deeds {
            match deed {
                Deed::Pause(time) => self.pause(task, time).await,
                Deed::Ping => self.ping(task).await,
                Deed::Together(calls) => self.together(task, &calls).await,
                Deed::Call(call) => self.call(task, call).await,
            }
        }
    }

    async fn pause(&self, task: Task, time: u64) {
        if time > 0 {
            self.world.pause(task, Gate { until: Some(self.world.now() + time), ..Gate::default() }).await;
        }
    }

    fn plan(&self, call: u32) -> &CallPlan {
        &self.scenario.calls[call as usize]
    }

    fn until(&self, call: u32) -> Until {
        self.plan(call).allowed.map(|allowed| self.world.now() + allowed)
    }

    async fn ping(&self, task: Task) {
        if self.usable().is_err() {
            return;
        }
        let mut frame = Message::default();
        crate::proto::put(&mut frame.bytes, Kind::Ping, CallId::NONE, &());
        let id = self.line.with(|caller, outbox, _| caller.start(&mut frame, outbox));
        self.line.pinged(id);
        // A goodbye refuses it; nothing else may happen to it.
        let answer = self.wait(task, id, None).await;
        assert!(!matches!(answer, Err((Why::Deadline | Why::TooLarge, _))), "a ping that ended {answer:?}");
    }

    async fn call(self: &Rc<Self>, task: Task, call: u32) {
        self.ledger.begins(call);
        let until = self.until(call);
        let ended = match self.plan(call).shape {
            Shape::Unary => match self.start(task, call, until).await {
                Ok(id) => self.reply(task, call, id, until).await,
                Err(failure) => Err(failure),
            },
            Shape::OneWay => self.post(task, call, until).await.map(|()| Ended::Answered),
            _ => self.converse(task, call, until).await,
        };
        self.ledger.ends(call, ended.unwrap_or_else(|(why, outcome)| Ended::Failed(why, outcome)));
    }

    /// Starts calls one behind the other, then waits for some of them.
    async fn together(&self, task: Task, calls: &[(u32, bool)]) {
        let mut started = Vec::new();
        for (call, waits) in calls {
            self.ledger.begins(*call);
            let until = self.until(*call);
            let id = self.start(task, *call, until).await;
            if id.is_ok() {
                self.line.nudge(task).await;
            }
            started.push((*call, *waits, until, id, self.world.now()));
        }
        for (call, waits, until, id, since) in started {
            self.ledger.pauses(call, self.world.now() - since);
            let ended = match (id, waits) {
                (Ok(id), true) => self.reply(task, call, id, until).await,
                (Ok(id), false) => {
                    self.line.forget(task, id).await;
                    Ok(Ended::Dropped)
                }
                (Err(failure), _) => Err(failure),
            };
            self.ledger.ends(call, ended.unwrap_or_else(|(why, outcome)| Ended::Failed(why, outcome)));
        }
    }

    fn usable(&self) -> Result<(), Failure> {
        self.line.with(|caller, _, _| match caller.end() {
            Some(_) => Err((Why::Lost, Outcome::NotSent)),
            None if caller.is_closing() => Err((Why::Closing, Outcome::Refused)),
            None => Ok(()),
        })
    }

    fn request(&self, call: u32, until: Until) -> Result<Message, Failure> {
        let plan = self.plan(call);
        let left = until.map(|until| Duration::from_micros(until.saturating_sub(self.world.now())));
        let method = SHAPES.iter().position(|shape| *shape == plan.shape).expect("each has a method");
        let mut frame = Vec::new();
        let put = put_frame(&mut frame, Kind::Call, CallId::NONE, |out| {
            RequestHead { service: 0, time_left: left, method: method as u32 }.put(out);
            out.extend(message(call, Voice::Caller, plan.argument_bytes));
            Ok::<_, Infallible>(())
        });
        put.expect("bytes are put without fail");
        let fits = frame.len() - HEAD_BYTES <= self.scenario.sizes.frame as usize;
        if fits { Ok(frame.into()) } else { Err((Why::TooLarge, Outcome::NotSent)) }
    }

    /// Queues a call, as soon as there is room for one more.
    async fn start(&self, task: Task, call: u32, until: Until) -> Result<CallId, Failure> {
        let mut ticket = None;
        let started = self.start_in_turn(task, call, until, &mut ticket).await;
        if let (Err(_), Some(ticket)) = (&started, ticket) {
            self.line.with(|caller, _, woken| caller.calls.leave_queue(ticket, woken));
            self.line.leave(task).await;
        }
        started
    }

    async fn start_in_turn(
        &self,
        task: Task,
        call: u32,
        until: Until,
        ticket: &mut Option<Ticket>,
    ) -> Result<CallId, Failure> {
        loop {
            let mut frame = self.request(call, until)?;
            self.usable()?;
            let had = *ticket;
            let started = self.line.with(|caller, outbox, woken| {
                if !caller.calls.may_start(had) {
                    ticket.get_or_insert_with(|| caller.calls.queue_up());
                    return None;
                }
                let id = caller.start(&mut frame, outbox);
                had.into_iter().for_each(|ticket| caller.calls.leave_queue(ticket, woken));
                Some(id)
            });
            match (started, *ticket) {
                (Some(id), _) => {
                    self.world.note(|| format!("call {call} has id {}", id.0));
                    return Ok(id);
                }
                (None, Some(ticket)) => self.room(task, ticket, until).await?,
                (None, None) => {}
            }
        }
    }

    async fn room(&self, task: Task, ticket: Ticket, until: Until) -> Result<(), Failure> {
        loop {
            let (lost, room) = self.line.with(|caller, _, _| {
                (caller.end().is_some(), caller.calls.may_start(Some(ticket)) || caller.is_closing())
            });
            let late = self.world.is_over(until);
            if lost || room || late {
                self.line.leave(task).await;
                return match (lost, room) {
                    (true, _) => Err((Why::Lost, Outcome::NotSent)),
                    (_, true) => Ok(()),
                    _ => Err((Why::Deadline, Outcome::NotSent)),
                };
            }
            self.line.advance(task, Waits::Room(ticket), until).await;
        }
    }

    async fn reply(&self, task: Task, call: u32, id: CallId, until: Until) -> Result<Ended, Failure> {
        let answer = self.wait(task, id, until).await?;
        self.ledger.answers(call, take_varint(&answer).expect("an answer's method").1);
        Ok(Ended::Answered)
    }

    /// Waits for the answer of a call.
    async fn wait(&self, task: Task, id: CallId, until: Until) -> Result<Vec<u8>, Failure> {
        // As in the driver, where the request was in it.
        let (mut has_waited, mut buffer) = (false, Message::from(vec![0xee; 20]));
        loop {
            if let Some(answer) = self.line.with(|caller, _, _| caller.take(id, &mut buffer)) {
                match has_waited {
                    true => self.line.leave(task).await,
                    false => drop(self.line.pass_on()),
                }
                return answer.map(|start| buffer.bytes.split_off(start)).map_err(fault);
            }
            if self.line.with(|caller, _, _| caller.end().is_some()) {
                let outcome = self.line.with(|caller, outbox, woken| caller.give_up(id, outbox, woken));
                self.line.leave(task).await;
                return Err((Why::Lost, outcome));
            }
            if self.world.is_over(until) {
                return Err(self.late(task, id).await);
            }
            self.line.advance(task, Waits::Answer(id), until).await;
            has_waited = true;
        }
    }

    async fn late(&self, task: Task, id: CallId) -> Failure {
        let outcome = self.line.with(|caller, outbox, woken| caller.give_up(id, outbox, woken));
        self.line.write_and_leave(task).await;
        (Why::Deadline, outcome)
    }

    /// Sends a call that nothing comes back for.
    async fn post(&self, task: Task, call: u32, until: Until) -> Result<(), Failure> {
        let mut frame = self.request(call, until)?;
        self.usable()?;
        let place = self.line.with(|caller, outbox, _| caller.post(&mut frame, outbox));
        loop {
            let (written, lost) =
                self.line.with(|caller, outbox, _| (outbox.is_written(&place), caller.end().is_some()));
            let late = self.world.is_over(until);
            if written || lost || late {
                let outcome = (!written).then(|| self.line.with(|caller, outbox, _| caller.withdraw(&place, outbox)));
                self.line.leave(task).await;
                let why = if lost { Why::Lost } else { Why::Deadline };
                return outcome.map_or(Ok(()), |outcome| Err((why, outcome)));
            }
            self.line.write_or_sleep(task, until).await;
        }
    }

    /// A call with items. Input and answers are two halves; those of a two-way call are in two tasks.
    async fn converse(self: &Rc<Self>, task: Task, call: u32, until: Until) -> Result<Ended, Failure> {
        let id = self.start(task, call, until).await?;
        let shape = self.plan(call).shape;
        self.line.with(|caller, _, _| caller.open(id, shape));
        self.line.write_and_leave(task).await;
        if shape == Shape::Duplex {
            let (this, other) = (self.clone(), self.world.task());
            self.world.spawn(other, async move { this.input(other, call, id, until).await });
        } else if shape.accepts() {
            self.input(task, call, id, until).await;
        }
        let ended = self.answers(task, call, id, until).await;
        // Dropping the half that takes.
        self.line.forget(task, id).await;
        ended
    }

    /// The sending half.
    async fn input(&self, task: Task, call: u32, id: CallId, until: Until) {
        let plan = &self.plan(call).input;
        let (mut sent, mut bytes, mut put) = (true, Vec::new(), 0);
        while sent && put < plan.items {
            bytes.clear();
            for _ in 0..plan.group.min(plan.items - put) {
                self.ledger.put(call, Voice::Caller, &mut bytes);
                put += 1;
            }
            sent = self.send(task, id, &bytes, until).await;
            sent &= !plan.waits || self.written(task, id, until).await;
            self.ledger.pauses(call, plan.pause);
            self.pause(task, plan.pause).await;
        }
        let finishes = sent && plan.finishes;
        let soon = self.world.now() + ABANDON_TIME_MAX;
        let until = if finishes { until } else { Some(until.map_or(soon, |until| until.min(soon))) };
        if finishes {
            self.ledger.finishes(call, Voice::Caller);
        }
        self.line.with(|caller, outbox, _| caller.end_items(id, finishes, outbox));
        self.written(task, id, until).await;
    }

    /// Sends bytes of items. False: nobody takes them.
    async fn send(&self, task: Task, id: CallId, bytes: &[u8], until: Until) -> bool {
        let mut at = 0;
        while at < bytes.len() {
            match self.line.with(|caller, outbox, _| caller.send_items(id, &bytes[at..], outbox)) {
                Sent::Stopped => {
                    self.line.leave(task).await;
                    return false;
                }
                Sent::Some(0) if self.world.is_over(until) => {
                    self.line.leave(task).await;
                    return false;
                }
                Sent::Some(0) => self.line.advance(task, Waits::Credit(id), until).await,
                Sent::Some(count) => at += count,
            }
        }
        self.line.leave(task).await;
        true
    }

    /// Waits until everything that this half has queued is written.
    async fn written(&self, task: Task, id: CallId, until: Until) -> bool {
        let mut mark = None;
        loop {
            let (written, over) = self.line.with(|caller, outbox, _| {
                if mark.is_none() && !caller.has_lane(id, outbox) {
                    mark = Some(outbox.end());
                }
                (mark.is_some_and(|mark| outbox.sent() >= mark), !caller.is_usable())
            });
            if written || over || self.world.is_over(until) {
                self.line.leave(task).await;
                return written;
            }
            self.line.write_or_sleep(task, until).await;
        }
    }

    /// The taking half.
    async fn answers(&self, task: Task, call: u32, id: CallId, until: Until) -> Result<Ended, Failure> {
        let plan = &self.plan(call).taking;
        let mut items = Items::default();
        loop {
            if plan.drops_after.is_some_and(|count| self.ledger.came(call, Voice::Handler) >= count) {
                return Ok(Ended::Dropped);
            }
            let room = items.room();
            match self.line.with(|caller, outbox, _| caller.take_items(id, room, outbox)) {
                Next::Items => {
                    self.line.leave(task).await;
                    self.ledger.takes(call, Voice::Handler, &mut items);
                    self.ledger.pauses(call, plan.pause);
                    self.pause(task, plan.pause).await;
                    continue;
                }
                Next::Answered => {
                    self.line.leave(task).await;
                    self.ledger.completes(call, Voice::Handler, &items);
                    return self.answer(task, call, id).await;
                }
                Next::Failed => return Err(self.failed(task, id).await),
                Next::Nothing => {}
            }
            if self.world.is_over(until) {
                return Err(self.late(task, id).await);
            }
            self.line.advance(task, Waits::Items(id), until).await;
        }
    }

    async fn answer(&self, task: Task, call: u32, id: CallId) -> Result<Ended, Failure> {
        let mut buffer = Message::default();
        let Some(Ok(start)) = self.line.with(|caller, _, _| caller.take(id, &mut buffer)) else {
            return Err(self.failed(task, id).await);
        };
        self.ledger.answers(call, take_varint(&buffer.bytes[start..]).expect("an answer's method").1);
        Ok(Ended::Answered)
    }

    /// Why nothing more comes.
    async fn failed(&self, task: Task, id: CallId) -> Failure {
        let failure = self.line.with(|caller, outbox, woken| match caller.take(id, &mut Message::default()) {
            Some(Err(why)) => fault(why),
            _ => (Why::Lost, caller.give_up(id, outbox, woken)),
        });
        self.line.leave(task).await;
        failure
    }
}

/// What a caller is told of it.
fn fault(why: Unanswered) -> Failure {
    let Unanswered::Fault(fault) = why else { panic!("nothing here has descriptors") };
    let outcome = fault.clone().into_error(String::new(), None).outcome();
    (Why::Fault(fault), outcome)
}
