//! What handlers do, each in a task of its own, as `server::job` and `server::flow` have it.
use super::link::{Call, Link, State};
use super::scenario::{Step, Voice, message};
use super::transport::{Time, Way};
use super::world::{Gate, Task};
use crate::proto::{Fault, Sent, Taken, Waits, put};
use crate::wire::{HEAD_BYTES, Items, Kind, Message, put_frame, put_varint};
use std::rc::Rc;

/// As the driver has it.
const STALL_TIME_MAX: Time = 1_000_000;

/// Nobody takes, or sends, any more items.
struct Stopped;

/// A handler's `input`.
#[derive(Default)]
struct Input {
    items: Items,
    over: bool,
}

impl Link {
    /// One call, from its start to its answer.
    pub(super) async fn run(self: Rc<Self>, task: Task, call: Call) {
        let plan = &self.scenario.calls[call.number as usize].handler;
        self.wait(task, plan.starts_after.unwrap_or_default()).await;
        if self.is_late(&call) {
            if call.has_reply() {
                self.unhold();
            }
            self.finish(call.id);
            self.refuse(&call, &Fault::Deadline);
        } else {
            self.ledger.enters(call.number, call.id.0);
            if call.has_reply() {
                self.unhold();
            }
            let ran = self.steps(task, &call).await;
            let mut answer = self.answer(&call, ran.is_ok()).into();
            self.ledger.returns(call.number);
            self.finish(call.id);
            self.push_patiently(task, &call, &mut answer).await;
        }
        self.flush();
        if !call.has_reply() {
            self.unhold();
        }
        self.job_ended();
    }

    async fn wait(&self, task: Task, time: Time) {
        if time > 0 {
            self.world.pause(task, Gate { until: Some(self.world.now() + time), ..Gate::default() }).await;
        }
    }

    async fn steps(&self, task: Task, call: &Call) -> Result<(), Stopped> {
        let plan = &self.scenario.calls[call.number as usize].handler;
        let mut input = Input::default();
        let mut done = Ok(());
        for step in &plan.steps {
            done = match step {
                Step::Pause(time) => {
                    self.wait(task, *time).await;
                    Ok(())
                }
                Step::Send(count) => self.send(task, call, *count).await,
                Step::Take(count) => self.take(task, call, &mut input, Some(*count)).await,
                Step::TakeAll => self.take(task, call, &mut input, None).await,
                Step::StopInput => {
                    self.stop_input(call, &mut input);
                    Ok(())
                }
            };
            if done.is_err() {
                break;
            }
        }
        self.stop_input(call, &mut input);
        // Who stops because its items are not wanted has not sent all; nor has who panics.
        if done.is_ok() && plan.answer_bytes.is_some() {
            self.ledger.finishes(call.number, Voice::Handler);
        }
        done
    }

    /// The frame of the answer; empty for a one-way call.
    pub(super) fn answer(&self, call: &Call, ran: bool) -> Vec<u8> {
        let plan = &self.scenario.calls[call.number as usize].handler;
        let mut out = Vec::new();
        if !call.has_reply() {
            return out;
        }
        let made = put_frame(&mut out, Kind::Reply, call.id, |out| {
            let bytes = plan.answer_bytes.ok_or(Fault::Panicked)?;
            if !ran {
                return Err(Fault::NoReply("its items are not wanted".to_owned()));
            }
            put_varint(call.shape as u64, out);
            out.extend(message(call.number, Voice::Handler, bytes));
            let (size, limit) = ((out.len() - HEAD_BYTES) as u64, u64::from(call.peer.frame_bytes_max));
            if size > limit { Err(Fault::ReplyTooLarge { size, limit }) } else { Ok(()) }
        });
        if let Err(fault) = made {
            put(&mut out, Kind::Fault, call.id, &fault);
        }
        if self.is_late(call) {
            out.clear();
            put(&mut out, Kind::Fault, call.id, &Fault::Late);
        }
        out
    }

    /// Queues an answer, with patience for a client that has much to read.
    async fn push_patiently(&self, task: Task, call: &Call, frame: &mut Message) {
        while self.lock().outbox.owed() > self.limits().unsent_bytes_max {
            self.flush();
            let until = Some(self.world.now() + STALL_TIME_MAX);
            self.world.pause(task, Gate { writable: Some(Way::Down), until, ..Gate::default() }).await;
            if !self.world.transport.borrow().is_writable(Way::Down) {
                return self.close();
            }
        }
        self.push_answer(call.id, frame);
    }

    fn is_over(&self, call: &Call) -> bool {
        call.cancel.get() || self.is_late(call)
    }

    /// Sends so many items together.
    async fn send(&self, task: Task, call: &Call, count: u32) -> Result<(), Stopped> {
        let mut bytes = Vec::new();
        (0..count).for_each(|_| self.ledger.put(call.number, Voice::Handler, &mut bytes));
        let mut at = 0;
        while at < bytes.len() {
            match self.send_some(call, &bytes[at..]) {
                Sent::Some(count) if !self.is_over(call) => at += count,
                _ => return Err(Stopped),
            }
            if at < bytes.len() {
                self.sleep(task, call, Waits::Credit(call.id)).await;
            } else {
                self.flush();
            }
        }
        Ok(())
    }

    fn send_some(&self, call: &Call, bytes: &[u8]) -> Sent {
        let State { streams, outbox, closed, .. } = &mut *self.lock();
        if *closed { Sent::Stopped } else { streams.send(call.id, bytes, outbox) }
    }

    /// Sleeps until somebody brings what this handler waits for.
    async fn sleep(&self, task: Task, call: &Call, what: Waits) {
        self.lock().waiting.push((what, task));
        self.flush();
        self.world.park(task, call.deadline).await;
        self.lock().waiting.retain(|(waits, other)| *waits != what || *other != task);
    }

    /// Takes so many items, or all.
    async fn take(&self, task: Task, call: &Call, input: &mut Input, count: Option<u32>) -> Result<(), Stopped> {
        let before = self.ledger.came(call.number, Voice::Caller);
        while !input.over && count.is_none_or(|count| self.ledger.came(call.number, Voice::Caller) - before < count) {
            match self.take_some(call, &mut input.items) {
                Taken::Bytes => {
                    let grants = self.lock().outbox.is_fresh();
                    if grants {
                        self.flush();
                    }
                    self.ledger.takes(call.number, Voice::Caller, &mut input.items);
                }
                Taken::Finished => {
                    input.over = true;
                    self.ledger.completes(call.number, Voice::Caller, &input.items);
                }
                Taken::Abandoned => return Err(Stopped),
                Taken::Nothing if self.is_over(call) => return Err(Stopped),
                Taken::Nothing => self.sleep(task, call, Waits::Items(call.id)).await,
            }
        }
        Ok(())
    }

    fn take_some(&self, call: &Call, items: &mut Items) -> Taken {
        let State { streams, outbox, .. } = &mut *self.lock();
        streams.take(call.id, items.room(), outbox)
    }

    /// Drops its `input`.
    fn stop_input(&self, call: &Call, input: &mut Input) {
        if call.shape.accepts() && !std::mem::replace(&mut input.over, true) {
            let mut state = self.lock();
            let State { streams, outbox, .. } = &mut *state;
            streams.stop_input(call.id, outbox);
            drop(state);
            self.flush();
        }
    }
}
