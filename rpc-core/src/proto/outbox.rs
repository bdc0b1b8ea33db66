//! Bytes that wait to be written, and how far writing has come.
//!
//! Two kinds of bytes wait here. *Frames* are small, and go out in the order in which they came. What is bulky, items and
//! large answers, waits in *lanes*, one for each call, and goes out in frames of bounded size, the lanes in turn. So nothing
//! small waits behind more than one batch of what is large, and no stream holds up another.
//!
//! Positions count all bytes of frames that are ever queued on a connection. So "was this frame sent?" is a comparison, and
//! the outcome of a call whose connection died is known, not guessed.
//!
//! A large part of an answer is not copied: its head goes into the queue, and a [`Slice`] of the answer is sent behind it.
//!
//! Descriptors are kept beside the queue by the positions of their frames, and go with the first byte of a batch. So a frame
//! that has some begins one.
use crate::wire::{
    Batch, CallId, Cut, Cutter, Fds, HEAD_BYTES, Kind, Message, Slice, is_kept, kind_of, put_large_part, put_part,
    set_cpu, set_fds, void,
};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// From this size on a frame is not copied into the queue, if it can become the queue.
const SWAP_BYTES: usize = 16 << 10;

/// What one frame of a lane carries at most: it takes some ten microseconds to write, and as much to read.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;

/// From this size on a part is sent from where it lies: below it, one write of one piece is quicker.
const SLICE_BYTES_MIN: usize = 16 << 10;

/// What is left of an answer behind such a part, and is less, goes with it.
const LEFT_OVER_BYTES: usize = 4 << 10;

/// One batch takes no more from lanes once it has this much.
const BATCH_BYTES: usize = 64 << 10;

/// An answer up to this size never waits in a lane for others' bulk.
const SMALL_BYTES: usize = 4 << 10;

/// What a descriptor that waits weighs beside bytes: a process may have a thousand of them by default, and megabytes cost it
/// nothing. So no more wait for a peer that reads nothing than one message may have, or two.
const FD_BYTES: usize = 16 << 10;

/// A queue of frames for one connection, its lanes, and at most one batch of them in a writer's hands.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Vec<u8>,
    /// What is sent in the midst of it.
    splice: Option<Splice>,
    /// An emptied buffer, to become the next queue.
    spare: Vec<u8>,
    /// The kernel has taken all bytes before this position.
    written: u64,
    /// Bytes from `written` on that are in a writer's hands. The kernel may have taken some of them.
    writing: u64,
    /// Whose turn it is, first. Most connections never have any.
    #[expect(clippy::box_collection, reason = "an idle connection should not pay for what it never uses")]
    lanes: Option<Box<VecDeque<Lane>>>,
    /// The last frame that left a lane ends at this position. Until that is written no other leaves one: a socket that takes
    /// nothing would empty all lanes into the queue, and what is small would wait behind that.
    lanes_end: u64,
    /// What waits in all lanes.
    bulk: usize,
    /// The part of it that no receiver has granted: answers.
    owed: usize,
    /// Something has been queued since [`settle`](Self::settle).
    fresh: bool,
    /// What waits begins in the midst of a frame.
    ragged: bool,
    /// Descriptors of queued frames, by where those begin. Most connections never have any.
    #[expect(clippy::box_collection, reason = "an idle connection should not pay for what it never uses")]
    fds: Option<Box<VecDeque<(u64, Fds)>>>,
}

/// Who has made a call: the two sides of a connection count their calls up independently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// This side made it.
    Caller,
    /// The other side made it.
    Callee,
}

/// A frame that will not be sent, because the system does not pass its descriptors.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Voided {
    /// The answer of this call of the other side's.
    Answer(CallId),
    /// This side's call, and where its frame begins.
    Call { id: CallId, start: u64 },
}

/// Bytes that are sent behind the first `at` of the queue.
#[derive(Debug)]
struct Splice {
    at: usize,
    slice: Slice,
}

/// What one call has to send.
#[derive(Debug)]
struct Lane {
    side: Side,
    call: CallId,
    parts: VecDeque<Part>,
}

/// Bytes of one kind; those before `at` have left.
#[derive(Debug)]
struct Part {
    kind: Kind,
    /// Shared with who writes them.
    bytes: Arc<Vec<u8>>,
    at: usize,
    /// They go with its first frame.
    fds: Fds,
}

impl Outbox {
    /// Queues a frame with its descriptors; gives its place among all bytes. A large one is swapped in instead of copied.
    pub(crate) fn push_message(&mut self, frame: &mut Message) -> Range<u64> {
        self.attach(self.end(), frame.fds.take());
        self.push(&mut frame.bytes)
    }

    /// These belong to the frame that begins there, behind all that have some.
    fn attach(&mut self, position: u64, fds: Fds) {
        if !fds.is_empty() {
            self.fds.get_or_insert_default().push_back((position, fds));
        }
    }

    /// Queues frames; gives their place among all bytes. A large `frames` is swapped in instead of copied.
    pub(crate) fn push(&mut self, frames: &mut Vec<u8>) -> Range<u64> {
        self.fresh = true;
        let start = self.end();
        let end = start + frames.len() as u64;
        if frames.len() >= SWAP_BYTES && self.queue.is_empty() {
            std::mem::swap(&mut self.queue, frames);
        } else {
            self.queue.extend_from_slice(frames);
        }
        start..end
    }

    /// Queues a frame; gives its place among all bytes.
    pub(crate) fn push_frame(&mut self, kind: Kind, call: CallId, body: &[u8]) -> Range<u64> {
        self.fresh = true;
        let start = self.end();
        put_part(&mut self.queue, kind, call, body, false);
        start..self.end()
    }

    /// Queues frames that need no place.
    pub(crate) fn push_bytes(&mut self, frames: &[u8]) {
        self.fresh = true;
        self.queue.extend_from_slice(frames);
    }

    /// Queues the body of a frame behind whatever its call has in a lane: at once as a frame if it is small and has
    /// nothing before it, else in its lane.
    pub(crate) fn push_in_turn(&mut self, side: Side, call: CallId, kind: Kind, body: &[u8]) {
        if body.len() <= CHUNK_BYTES && self.has_place() && !self.has_lane(side, call) {
            self.push_frame(kind, call, body);
            return;
        }
        let last = self.lane(side, call).and_then(|lane| lane.parts.back_mut());
        match last.filter(|last| last.is_stream() && last.kind == kind) {
            // The bytes of a stream may be cut, and joined, anywhere.
            Some(last) => {
                Arc::make_mut(&mut last.bytes).extend_from_slice(body);
                self.fresh = true;
                self.count();
            }
            None => {
                self.push_part(side, call, Part { kind, bytes: Arc::new(body.to_vec()), at: 0, fds: Fds::default() })
            }
        }
    }

    /// Queues the frame of a call's answer, which stands behind whatever the call has in its lane. A large one goes out in
    /// parts. `frame` is emptied.
    pub(crate) fn push_answer(&mut self, call: CallId, frame: &mut Message) {
        let size = frame.bytes.len();
        let is_small = size <= SMALL_BYTES || size <= CHUNK_BYTES + HEAD_BYTES && self.has_place();
        let Some(kind) = kind_of(&frame.bytes) else { return };
        if is_small && !self.has_lane(Side::Callee, call) {
            self.attach(self.end(), frame.fds.take());
            self.push(&mut frame.bytes);
            return frame.reuse();
        }
        let Message { bytes, fds } = std::mem::replace(frame, Message::from(self.emptied()));
        self.push_part(Side::Callee, call, Part { kind, bytes: Arc::new(bytes), at: HEAD_BYTES, fds });
    }

    /// A buffer that was of use, and is in none.
    fn emptied(&mut self) -> Vec<u8> {
        match self.queue.is_empty() && self.queue.capacity() > self.spare.capacity() {
            true => std::mem::take(&mut self.queue),
            false => std::mem::take(&mut self.spare),
        }
    }

    /// Puts a part behind what its call has in its lane.
    fn push_part(&mut self, side: Side, call: CallId, part: Part) {
        self.fresh = true;
        match self.lane(side, call) {
            Some(lane) => lane.parts.push_back(part),
            None => self.lanes.get_or_insert_default().push_back(Lane { side, call, parts: [part].into() }),
        }
        self.count();
    }

    fn lane(&mut self, side: Side, call: CallId) -> Option<&mut Lane> {
        self.lanes.as_mut()?.iter_mut().find(|lane| lane.is_of(side, call))
    }

    /// Whether one more frame of bulk may stand before what is small: there is less than a batch that is not written.
    fn has_place(&self) -> bool {
        self.writing as usize + self.unwritten() < BATCH_BYTES
    }

    /// Counts anew what waits in lanes. There are few, and few parts in each.
    fn count(&mut self) {
        let parts = || self.lanes.iter().flat_map(|lanes| lanes.iter()).flat_map(|lane| &lane.parts);
        (self.bulk, self.owed) =
            (parts().map(Part::left).sum(), parts().filter(|part| !part.is_stream()).map(Part::left).sum());
    }

    /// Whether something of this call waits in a lane.
    pub(crate) fn has_lane(&self, side: Side, call: CallId) -> bool {
        self.lanes.iter().flat_map(|lanes| lanes.iter()).any(|lane| lane.is_of(side, call))
    }

    /// How many calls have items in their lanes that were made by that side, and are not among those that `runs` knows.
    pub(crate) fn streams_left(&self, side: Side, runs: impl Fn(CallId) -> bool) -> usize {
        let left = |lane: &&Lane| lane.side == side && lane.parts.iter().any(Part::is_stream) && !runs(lane.call);
        self.lanes.iter().flat_map(|lanes| lanes.iter()).filter(left).count()
    }

    /// Nobody wants the items any more that this call has in its lane. An answer stays: the caller counts on one.
    pub(crate) fn drop_items(&mut self, side: Side, call: CallId) {
        self.drop_parts(side, call, Part::is_about_items);
    }

    fn drop_parts(&mut self, side: Side, call: CallId, drops: impl Fn(&Part) -> bool) {
        let Some(lanes) = &mut self.lanes else { return };
        if let Some(at) = lanes.iter().position(|lane| lane.is_of(side, call)) {
            lanes.get_mut(at).into_iter().for_each(|lane| lane.parts.retain(|part| !drops(part)));
            if lanes.get(at).is_some_and(|lane| lane.parts.is_empty()) {
                lanes.remove(at);
            }
            self.count();
        }
    }

    /// Whether something has been queued since the last [`settle`](Self::settle).
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Somebody sees to it that all of it is written.
    pub(crate) fn settle(&mut self) {
        self.fresh = false;
    }

    /// Nothing that waits will ever be sent. What was is still known.
    pub(crate) fn discard(&mut self) {
        *self = Self { written: self.written, writing: self.writing, ..Self::default() };
    }

    /// Where the next frame will stand.
    pub(crate) fn end(&self) -> u64 {
        self.written + self.writing + self.unwritten() as u64
    }

    /// Bytes of its buffers, whatever is in them.
    #[cfg(target_os = "linux")]
    pub(crate) fn capacity(&self) -> usize {
        self.queue.capacity() + self.spare.capacity()
    }

    /// Bytes that have left their lanes, and are in nobody's hands.
    fn unwritten(&self) -> usize {
        self.queue.len() + self.splice.as_ref().map_or(0, |splice| splice.slice.len())
    }

    /// How many bytes the kernel has taken in all.
    pub(crate) fn sent(&self) -> u64 {
        self.written
    }

    /// How many bytes wait, and are in nobody's hands.
    pub(crate) fn queued(&self) -> usize {
        self.unwritten() + self.bulk
    }

    /// How many bytes wait that no receiver has granted: what grows with what is asked.
    pub(crate) fn owed(&self) -> usize {
        self.unwritten() + self.owed
    }

    /// The same with the descriptors that wait, in bytes that are as much of a burden.
    pub(crate) fn burden(&self) -> usize {
        self.owed() + self.waiting_fds() * FD_BYTES
    }

    fn waiting_fds(&self) -> usize {
        let queued = self.fds.iter().flat_map(|fds| fds.iter()).map(|(_, fds)| fds.len());
        let parts = self.lanes.iter().flat_map(|lanes| lanes.iter()).flat_map(|lane| &lane.parts);
        queued.chain(parts.map(|part| part.fds.len())).sum()
    }

    /// Whether there is something to write, and nobody writes.
    pub(crate) fn is_ready(&self) -> bool {
        self.writing == 0 && !self.is_empty()
    }

    /// Whether everything is written.
    pub(crate) fn is_idle(&self) -> bool {
        self.writing == 0 && self.is_empty()
    }

    /// Whether somebody writes.
    #[cfg(test)]
    pub(crate) fn is_in_hand(&self) -> bool {
        self.writing > 0
    }

    /// Whether nothing waits that is not in a writer's hands.
    pub(crate) fn is_empty(&self) -> bool {
        self.unwritten() == 0 && self.lanes.as_ref().is_none_or(|lanes| lanes.is_empty())
    }

    /// All frames that wait, and what the lanes have, up to a batch, or to the next frame with descriptors; for one writer. He
    /// brings it back with [`wrote`](Self::wrote).
    pub(crate) fn take(&mut self) -> Batch {
        self.fill();
        let (fds, end) = self.take_fds();
        let splice_at = self.splice.as_ref().map_or(self.queue.len(), |splice| splice.at);
        let length = splice_at.min(end);
        let behind = match length < self.queue.len() {
            true => self.queue.split_off(length),
            false => std::mem::take(&mut self.spare),
        };
        let bytes = std::mem::replace(&mut self.queue, behind);
        let slice = match self.splice.take_if(|splice| splice.at == length) {
            Some(splice) => splice.slice,
            None => Slice::default(),
        };
        self.splice.iter_mut().for_each(|splice| splice.at -= length);
        let batch = Batch { frames: Message { bytes, fds }, slice };
        self.writing = batch.len() as u64;
        batch
    }

    /// Says in a batch that was just taken where it is sent from.
    pub(crate) fn stamp(&self, batch: &mut Batch, cpu: u8) {
        if !self.ragged {
            set_cpu(&mut batch.frames.bytes, cpu);
        }
    }

    /// The descriptors of the first frame that waits, and how many bytes may go with them: up to the next frame that has some.
    fn take_fds(&mut self) -> (Fds, usize) {
        let Some(waiting) = &mut self.fds else { return (Fds::default(), usize::MAX) };
        let begins_it = waiting.front().is_some_and(|(position, _)| *position == self.written);
        let fds = waiting.pop_front_if(|_| begins_it).map(|(_, fds)| fds).unwrap_or_default();
        let Some((next, _)) = waiting.front() else {
            self.fds = None;
            return (fds, usize::MAX);
        };
        (fds, usize::try_from(next - self.written).unwrap_or(usize::MAX))
    }

    /// Puts frames of the lanes behind those that wait, each lane's in its turn; at least one, so that many small frames do
    /// not keep the lanes waiting for ever. What they put there last must be written.
    fn fill(&mut self) {
        let Some(lanes) = self.lanes.as_mut().filter(|_| self.lanes_end <= self.written) else { return };
        let batch = BATCH_BYTES.max(self.queue.len() + 1);
        while self.queue.len() < batch
            && self.splice.is_none()
            && let Some(mut lane) = lanes.pop_front()
        {
            let Some(part) = lane.parts.front_mut() else { continue };
            let (start, fds) = (self.queue.len(), part.fds.take());
            let slice = part.put_next(lane.call, &fds, &mut self.queue);
            self.splice = slice.map(|slice| Splice { at: self.queue.len(), slice });
            if part.is_over() {
                lane.parts.pop_front();
            }
            if !fds.is_empty() {
                set_fds(self.queue.get_mut(start..).unwrap_or_default(), fds.len());
                // Nothing is in a writer's hands: else nothing would be put here.
                self.fds.get_or_insert_default().push_back((self.written + start as u64, fds));
            }
            if !lane.parts.is_empty() {
                lanes.push_back(lane);
            }
        }
        if lanes.is_empty() {
            self.lanes = None;
        }
        self.lanes_end = self.end();
        self.count();
    }

    /// The kernel took the first `count` bytes of the batch, and its descriptors with the first of them. What it did not take
    /// waits again, before everything else.
    pub(crate) fn wrote(&mut self, batch: Batch, count: usize) {
        let length = batch.len();
        let Batch { frames: Message { mut bytes, fds }, mut slice } = batch;
        if count == 0 && !fds.is_empty() {
            self.fds.get_or_insert_default().push_front((self.written, fds));
        }
        self.written += count as u64;
        self.writing = 0;
        self.ragged = count < length && (count > 0 || self.ragged);
        let used = bytes.len();
        bytes.drain(..count.min(used));
        slice.advance(count.saturating_sub(used));
        self.splice.iter_mut().for_each(|splice| splice.at += bytes.len());
        if !slice.is_empty() {
            self.splice = Some(Splice { at: bytes.len(), slice });
        } else if let Some(buffer) = slice.into_buffer() {
            let used = buffer.len();
            self.keep(buffer, used);
        }
        if bytes.is_empty() {
            self.keep(bytes, used);
        } else {
            bytes.append(&mut self.queue);
            self.queue = bytes;
        }
    }

    /// Puts by a buffer that had `used` bytes, unless there is a larger one.
    fn keep(&mut self, mut buffer: Vec<u8>, used: usize) {
        if is_kept(buffer.capacity(), used) && buffer.capacity() > self.spare.capacity() {
            buffer.clear();
            self.spare = buffer;
        }
    }

    /// Nothing of this batch is taken, because of its descriptors. The call or the answer that they belong to, at its start, will
    /// not be sent, nor any more of it: gives which it is. The batch waits again.
    pub(crate) fn void_first(&mut self, batch: Batch) -> Option<Voided> {
        let head = match Cutter::default().cut(&batch.frames.bytes, u32::MAX) {
            Ok(Cut::Frame { head, used, .. }) => Some((head, used as u64)),
            _ => None,
        };
        self.wrote(batch, 0);
        let (head, length) = head?;
        let start = self.written;
        match head.kind {
            Kind::Reply => {
                void(&mut self.queue);
                self.fds.iter_mut().for_each(|fds| drop(fds.pop_front()));
                self.drop_parts(Side::Callee, head.call, |part| part.kind == Kind::Reply);
                Some(Voided::Answer(head.call))
            }
            Kind::Call => {
                self.take_back(&(start..start + length));
                self.drop_items(Side::Caller, head.call);
                Some(Voided::Call { id: head.call, start })
            }
            _ => None,
        }
    }

    /// Gives its emptied buffers back.
    pub(crate) fn shrink(&mut self) {
        self.spare = Vec::new();
        if self.queue.is_empty() {
            self.queue = Vec::new();
        }
    }

    /// Counts positions anew, for another connection: nothing waits here. One buffer is kept.
    pub(crate) fn restart(&mut self) {
        let (queue, spare) = (std::mem::take(&mut self.queue), std::mem::take(&mut self.spare));
        let queue = if spare.capacity() > 0 { spare } else { queue };
        *self = Self { queue, ..Self::default() };
    }

    /// Whether the kernel has taken all of the frame at `frame`.
    pub(crate) fn is_written(&self, frame: &Range<u64>) -> bool {
        frame.end <= self.written
    }

    /// Whether the kernel may have taken all of the frame at `frame`.
    pub(crate) fn may_be_sent(&self, frame: &Range<u64>) -> bool {
        frame.end <= self.written + self.writing
    }

    /// Takes back a queued frame, and what stands of its call's items behind it: their receiver will skip them. False: some
    /// of it is written, or in a writer's hands.
    pub(crate) fn take_back(&mut self, frame: &Range<u64>) -> bool {
        let Some(at) = self.place_of(frame.start).filter(|at| *at < self.queue.len()) else { return false };
        if let Some(fds) = &mut self.fds {
            fds.retain(|(position, _)| *position != frame.start);
        }
        let length = self.queue.len();
        let (before, behind) =
            self.queue.split_at_mut(self.splice.as_ref().map_or(length, |splice| splice.at.min(length)));
        let (first, behind) = match at.checked_sub(before.len()) {
            Some(at) => (behind.get_mut(at..).unwrap_or_default(), Default::default()),
            None => (before.get_mut(at..).unwrap_or_default(), behind),
        };
        let mut call = None;
        void(first);
        void_input(first, &mut call);
        void_input(behind, &mut call);
        true
    }

    /// Where in the queue the frame at this position is.
    fn place_of(&self, position: u64) -> Option<usize> {
        let place = position.checked_sub(self.written + self.writing)? as usize;
        match &self.splice {
            Some(Splice { at, slice }) if place > *at => place.checked_sub(slice.len()),
            _ => Some(place),
        }
    }
}

/// The items of this call become void, in as many whole frames as there are; if none is given, of that of the first frame.
fn void_input(mut frames: &mut [u8], call: &mut Option<CallId>) {
    let mut cutter = Cutter::default();
    while let Ok(Cut::Frame { head, used, .. }) = cutter.cut(frames, u32::MAX) {
        if *call.get_or_insert(head.call) == head.call && matches!(head.kind, Kind::Input | Kind::InputEnd) {
            void(frames);
        }
        frames = frames.get_mut(used..).unwrap_or_default();
    }
}

impl Lane {
    fn is_of(&self, side: Side, call: CallId) -> bool {
        self.side == side && self.call == call
    }
}

impl Part {
    fn is_stream(&self) -> bool {
        matches!(self.kind, Kind::Items | Kind::Input)
    }

    fn is_about_items(&self) -> bool {
        self.is_stream() || self.kind == Kind::InputEnd
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at + HEAD_BYTES
    }

    fn is_over(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Whether its next frame is sent from where it lies. One with descriptors may have to be taken back, whole; and a stream's
    /// bytes still change.
    fn is_sliced(&self, fds: &Fds) -> bool {
        self.left() >= SLICE_BYTES_MIN && fds.is_empty() && !self.is_stream()
    }

    /// What its next frame may carry: only answers and items are put together again.
    fn most(&self) -> usize {
        let may_be_cut = self.kind == Kind::Reply || self.is_stream();
        if may_be_cut { CHUNK_BYTES } else { usize::MAX }
    }

    /// Appends the next frame, with which these descriptors go; of one that is sent from where it lies the head, and gives its
    /// body.
    fn put_next(&mut self, call: CallId, fds: &Fds, out: &mut Vec<u8>) -> Option<Slice> {
        let (is_sliced, length) = (self.is_sliced(fds), self.bytes.len());
        let mut end = length.min(self.at.saturating_add(self.most()));
        // A little that is left over is not worth a write of its own.
        if is_sliced && length - end < LEFT_OVER_BYTES {
            end = length;
        }
        let place = std::mem::replace(&mut self.at, end)..end;
        // Only replies are put together again; a stream has no frames of its own.
        let more = end < length && !self.is_stream();
        if is_sliced {
            put_large_part(out, self.kind, call, place.len(), more);
            return Some(Slice::new(&self.bytes, place));
        }
        put_part(out, self.kind, call, self.bytes.get(place).unwrap_or_default(), more);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Cut, Cutter, cpu_of, put_preface};

    /// F2: where a batch is sent from stands in its first frame, and nowhere if it begins in the midst of one.
    #[test]
    fn a_batch_says_where_it_is_sent_from() {
        let (mut outbox, mut frame) = (Outbox::default(), Vec::new());
        put_part(&mut frame, Kind::Ping, CallId(1), &[], false);
        let stamped = |outbox: &mut Outbox| {
            let mut batch = outbox.take();
            let before = batch.bytes();
            outbox.stamp(&mut batch, 5);
            let after = batch.bytes();
            let differs = after.iter().zip(&before).filter(|(stamped, before)| stamped != before);
            (differs.count(), cpu_of(&after), batch)
        };
        (0..2).for_each(|_| outbox.push_bytes(&frame));
        let (differ, cpu, batch) = stamped(&mut outbox);
        assert_eq!((differ, cpu), (1, Some(5)));
        outbox.wrote(batch, 3);
        for written in [0, 4] {
            let (differ, _, batch) = stamped(&mut outbox);
            assert_eq!(differ, 0, "the rest of a frame");
            outbox.wrote(batch, written);
        }
        let (differ, _, batch) = stamped(&mut outbox);
        assert_eq!(differ, 0);
        let length = batch.len();
        outbox.wrote(batch, length);
        outbox.push_bytes(&frame);
        assert_eq!(stamped(&mut outbox).1, Some(5));
    }

    /// Its peer may be a stranger that is told what this is: what is no frame keeps all its bytes.
    #[test]
    fn a_preface_is_not_stamped() {
        let (mut outbox, mut preface) = (Outbox::default(), Vec::new());
        put_preface(&mut preface);
        outbox.push_bytes(&preface);
        let mut batch = outbox.take();
        outbox.stamp(&mut batch, 5);
        assert_eq!(batch.bytes(), preface);
    }

    #[test]
    fn positions_tell_what_was_sent() {
        let mut outbox = Outbox::default();
        let (a, b) = (outbox.push(&mut vec![1; 10]), outbox.push(&mut vec![2; 10]));
        let batch = outbox.take();
        assert!(!outbox.is_ready(), "one writer at a time");
        let c = outbox.push(&mut vec![3; 10]);
        assert!(outbox.may_be_sent(&b), "it may be on its way");
        outbox.wrote(batch, 15);
        assert!(outbox.may_be_sent(&a) && !outbox.may_be_sent(&b) && !outbox.may_be_sent(&c));
        assert!(!outbox.take_back(&b), "half of it is gone");
        assert!(outbox.take_back(&c));
        assert_eq!(
            outbox.take().bytes(),
            [vec![2; 5], vec![3, 3, 3, 3, 0, 0, 0], vec![3; 3]].concat(),
            "c has become void"
        );
    }

    #[test]
    fn what_was_sent_is_known_after_the_end() {
        let mut outbox = Outbox::default();
        let (a, b) = (outbox.push(&mut vec![1; 10]), outbox.push(&mut vec![2; 10]));
        let batch = outbox.take();
        outbox.wrote(batch, 15);
        outbox.discard();
        assert!(outbox.may_be_sent(&a) && !outbox.may_be_sent(&b) && outbox.is_empty());
    }

    #[test]
    fn a_large_frame_is_not_copied() {
        let mut outbox = Outbox::default();
        let mut large = vec![1; SWAP_BYTES];
        let at = large.as_ptr();
        assert_eq!(outbox.push(&mut large), 0..SWAP_BYTES as u64);
        assert!(large.is_empty());
        let taken = outbox.take();
        assert_eq!(taken.frames.bytes.as_ptr(), at);
    }

    /// Everything that is written, as frames: kind, call, length, and whether it goes on. And how many came in each batch.
    fn drain(outbox: &mut Outbox) -> Vec<Vec<(Kind, u32, usize, bool)>> {
        let mut batches = Vec::new();
        while outbox.is_ready() {
            let (batch, mut cutter, mut at, mut seen) = (outbox.take(), Cutter::default(), 0, Vec::new());
            while let Ok(Cut::Frame { head, used, .. }) = cutter.cut(&batch.bytes()[at..], u32::MAX) {
                seen.push((head.kind, head.call.0, head.length as usize, head.more));
                at += used;
            }
            assert_eq!(at, batch.len(), "whole frames");
            outbox.wrote(batch, at);
            batches.push(seen);
        }
        assert_eq!(outbox.queued(), 0, "what is counted is what waits");
        batches
    }

    /// T7: a small frame waits for one batch of bulk at most, and every lane has its turn.
    #[test]
    fn bulk_goes_in_turns_and_small_frames_before_it() {
        const LAST: usize = LEFT_OVER_BYTES;
        let mut outbox = Outbox::default();
        for call in [1, 2] {
            outbox.push_in_turn(Side::Callee, CallId(call), Kind::Reply, &vec![7; 2 * CHUNK_BYTES + LAST]);
        }
        let first = outbox.take();
        let mut small = Vec::new();
        put_part(&mut small, Kind::Pong, CallId(9), b"", false);
        outbox.push(&mut small);
        let written = first.len();
        outbox.wrote(first, written);
        let batches = drain(&mut outbox);
        assert_eq!(batches[0], [(Kind::Pong, 9, 0, false), (Kind::Reply, 2, CHUNK_BYTES, true)]);
        let order: Vec<_> = batches[1..].concat();
        let expected = [(1, CHUNK_BYTES, true), (2, CHUNK_BYTES, true), (1, LAST, false), (2, LAST, false)];
        assert_eq!(order, expected.map(|(call, length, more)| (Kind::Reply, call, length, more)));
    }

    /// T7, where the socket takes nothing: whoever tries all the same moves no bulk.
    #[test]
    fn bulk_stays_in_its_lane_until_the_last_is_written() {
        let mut outbox = Outbox::default();
        for call in 1..=4 {
            outbox.push_in_turn(Side::Callee, CallId(call), Kind::Items, &vec![7; 2 * CHUNK_BYTES]);
        }
        let first = outbox.take();
        let rest = first.len() - 10;
        outbox.wrote(first, 10);
        let again = outbox.take();
        assert_eq!(again.len(), rest, "nothing follows what is not written");
        let answer = |length| {
            let mut frame = Message::default();
            put_part(&mut frame.bytes, Kind::Reply, CallId(9), &vec![1; length], false);
            frame
        };
        outbox.push_answer(CallId(9), &mut answer(CHUNK_BYTES));
        outbox.push_answer(CallId(8), &mut answer(10));
        outbox.wrote(again, 0);
        let again = outbox.take();
        assert_eq!(again.len(), rest + HEAD_BYTES + 10, "but for what is small");
        let all = again.len();
        outbox.wrote(again, all);
        assert_eq!(drain(&mut outbox).concat().len(), 8);
    }

    /// A large answer is sent from where it lies, in whatever pieces the socket takes it, and its buffer comes back.
    #[test]
    fn a_large_answer_is_sent_from_where_it_lies() {
        let body: Vec<u8> = (0..CHUNK_BYTES * 2 + 7).map(|at| at as u8).collect();
        for step in [1 << 10, CHUNK_BYTES - 1, CHUNK_BYTES + HEAD_BYTES, usize::MAX] {
            let (mut outbox, mut frame) = (Outbox::default(), Message::default());
            put_part(&mut frame.bytes, Kind::Reply, CallId(1), &body, false);
            let at = frame.bytes.as_ptr();
            outbox.push_answer(CallId(1), &mut frame);
            let (mut sent, mut behind) = (Vec::new(), None);
            while outbox.is_ready() {
                let batch = outbox.take();
                assert!(batch.frames.bytes.len() < 1 << 10, "the body is not copied");
                assert!(!outbox.is_ready(), "one writer at a time");
                let count = step.min(batch.len());
                sent.extend_from_slice(&batch.bytes()[..count]);
                outbox.wrote(batch, count);
                assert_eq!(outbox.sent(), sent.len() as u64);
                behind.get_or_insert_with(|| {
                    let places = [
                        outbox.push_frame(Kind::Call, CallId(2), b"a"),
                        outbox.push_frame(Kind::Call, CallId(3), b"b"),
                    ];
                    assert!(outbox.take_back(&places[0]) && !outbox.may_be_sent(&places[1]));
                });
            }
            let (mut cutter, mut whole, mut others, mut rest) = (Cutter::default(), Vec::new(), Vec::new(), &sent[..]);
            while let Ok(Cut::Frame { head, body, used }) = cutter.cut(rest, u32::MAX) {
                match head.kind {
                    Kind::Reply => whole.extend_from_slice(body),
                    kind => others.push((kind, head.call.0)),
                }
                rest = &rest[used..];
            }
            assert!(whole == body && rest.is_empty(), "{step} bytes at a time");
            assert_eq!(others, [(Kind::Void, 2), (Kind::Call, 3)]);
            assert_eq!(outbox.spare.as_ptr(), at, "for the next answer");
        }
    }

    /// F4: no fault goes on in a further frame, however long its text is.
    #[test]
    fn a_fault_is_one_frame() {
        const LONG: usize = 3 * CHUNK_BYTES;
        for items in [0, CHUNK_BYTES + 1] {
            let (mut outbox, mut frame) = (Outbox::default(), Message::default());
            outbox.push_in_turn(Side::Callee, CallId(1), Kind::Items, &vec![1; items]);
            put_part(&mut frame.bytes, Kind::Fault, CallId(1), &[7; LONG], false);
            outbox.push_answer(CallId(1), &mut frame);
            let frames = drain(&mut outbox).concat();
            assert_eq!(frames.last(), Some(&(Kind::Fault, 1, LONG, false)), "behind {items} bytes of items");
        }
    }

    #[test]
    fn an_answer_never_overtakes_its_items() {
        let mut outbox = Outbox::default();
        let call = CallId(1);
        outbox.push_in_turn(Side::Callee, call, Kind::Items, &vec![1; CHUNK_BYTES]);
        outbox.push_in_turn(Side::Callee, call, Kind::Items, &vec![2; CHUNK_BYTES + 5]);
        outbox.push_in_turn(Side::Callee, call, Kind::Items, b"last");
        outbox.push_in_turn(Side::Callee, call, Kind::Reply, b"answer");
        assert!(outbox.has_lane(Side::Callee, call) && !outbox.has_lane(Side::Caller, call));
        let kinds: Vec<_> =
            drain(&mut outbox).concat().into_iter().map(|(kind, _, length, _)| (kind, length)).collect();
        let items = [(Kind::Items, CHUNK_BYTES), (Kind::Items, CHUNK_BYTES), (Kind::Items, 9), (Kind::Reply, 6)];
        assert_eq!(kinds, items);
    }

    /// F6: the items of a call that is taken back would be of a call that was never made.
    #[test]
    fn a_call_is_taken_back_with_its_items() {
        let mut outbox = Outbox::default();
        let frame = |kind, call| {
            let mut frame = Vec::new();
            put_part(&mut frame, kind, CallId(call), b"body", false);
            frame
        };
        outbox.push(&mut frame(Kind::Input, 1));
        let call = outbox.push(&mut frame(Kind::Call, 2));
        for (kind, call) in [(Kind::Input, 2), (Kind::Input, 1), (Kind::Reply, 2), (Kind::InputEnd, 2)] {
            outbox.push(&mut frame(kind, call));
        }
        assert!(outbox.take_back(&call));
        let left: Vec<_> = drain(&mut outbox).concat().iter().map(|frame| (frame.0, frame.1)).collect();
        let kinds = [Kind::Input, Kind::Void, Kind::Void, Kind::Input, Kind::Reply, Kind::Void];
        let calls = [1, 2, 2, 1, 2, 2];
        assert_eq!(left, kinds.into_iter().zip(calls).collect::<Vec<_>>());
    }

    #[test]
    fn dropped_items_leave_the_answer() {
        let mut outbox = Outbox::default();
        outbox.push_in_turn(Side::Caller, CallId(1), Kind::Input, &vec![1; 3 * CHUNK_BYTES]);
        outbox.push_in_turn(Side::Caller, CallId(2), Kind::Input, &vec![1; CHUNK_BYTES + 1]);
        outbox.drop_items(Side::Caller, CallId(1));
        outbox.push_in_turn(Side::Callee, CallId(3), Kind::Items, &vec![1; CHUNK_BYTES + 1]);
        outbox.push_in_turn(Side::Callee, CallId(3), Kind::Reply, b"answer");
        outbox.drop_items(Side::Callee, CallId(3));
        let left: Vec<_> = drain(&mut outbox).concat().iter().map(|frame| (frame.0, frame.1)).collect();
        assert_eq!(left, [(Kind::Input, 2), (Kind::Reply, 3), (Kind::Input, 2)]);
    }

    #[cfg(unix)]
    fn descriptor() -> crate::wire::Descriptor {
        crate::wire::Descriptor::new(std::fs::File::open("/dev/null").unwrap().into())
    }

    /// A frame with so many descriptors.
    #[cfg(unix)]
    fn with_fds(kind: Kind, call: u32, length: usize, count: usize) -> Message {
        let mut frame = Message::default();
        let put = crate::wire::put_message(&mut frame, kind, CallId(call), |frame| {
            frame.bytes.resize(frame.bytes.len() + length, 7);
            (0..count).for_each(|_| frame.fds.push(descriptor()));
            Ok::<_, ()>(())
        });
        put.unwrap();
        frame
    }

    /// F9: each batch begins with the one frame in it that has descriptors, or has none at all; and what a writer brings back
    /// without having sent a byte keeps them.
    #[cfg(unix)]
    #[test]
    fn descriptors_go_with_the_first_byte_of_their_frame() {
        for step in [1, 5, HEAD_BYTES, 1000] {
            let mut outbox = Outbox::default();
            for (call, count) in [(1, 0), (2, 2), (3, 0), (4, 1), (5, 3), (6, 0)] {
                outbox.push_message(&mut with_fds(Kind::Call, call, 3, count));
            }
            outbox.push_answer(CallId(7), &mut with_fds(Kind::Reply, 7, 3, 4));
            outbox.push_answer(CallId(8), &mut with_fds(Kind::Reply, 8, 2 * CHUNK_BYTES, 5));
            let (mut bytes, mut sent) = (Vec::new(), Vec::new());
            while outbox.is_ready() {
                let batch = outbox.take();
                outbox.wrote(batch, 0);
                let batch = outbox.take();
                if !batch.frames.fds.is_empty() {
                    sent.push((bytes.len(), batch.frames.fds.len()));
                }
                let count = step.min(batch.len());
                bytes.extend_from_slice(&batch.bytes()[..count]);
                outbox.wrote(batch, count);
            }
            let (mut cutter, mut at, mut claimed) = (Cutter::default(), 0, Vec::new());
            while let Ok(Cut::Frame { head, used, .. }) = cutter.cut(&bytes[at..], u32::MAX) {
                if head.fds > 0 {
                    claimed.push((at, usize::from(head.fds)));
                }
                at += used;
            }
            assert_eq!((at, &claimed), (bytes.len(), &sent), "{step} bytes at a time");
            assert_eq!(claimed.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 1, 3, 4, 5]);
        }
    }

    /// F9: an answer that cannot be passed, in one part or in several, and what is around it.
    #[cfg(unix)]
    #[test]
    fn an_answer_that_is_not_passed_leaves_the_others() {
        // The third is in two parts, the descriptor beside the first.
        let expected = vec![(2, 1), (3, 0), (3, 1)];
        for size in [3, 2 * CHUNK_BYTES] {
            let mut outbox = Outbox::default();
            let mut frames =
                [(1, size), (2, 3), (3, 2 * CHUNK_BYTES)].map(|(call, size)| with_fds(Kind::Reply, call, size, 1));
            let held = frames[0].fds.as_slice()[0].clone();
            frames.iter_mut().zip(1..).for_each(|(frame, call)| outbox.push_answer(CallId(call), frame));
            let (mut sent, mut voided) = (Vec::new(), 0);
            while outbox.is_ready() {
                let batch = outbox.take();
                if batch.frames.fds.as_slice().iter().any(|fd| Arc::ptr_eq(fd, &held)) {
                    assert_eq!(outbox.void_first(batch), Some(Voided::Answer(CallId(1))));
                    voided += 1;
                    continue;
                }
                let (mut cutter, mut at) = (Cutter::default(), 0);
                while let Ok(Cut::Frame { head, used, .. }) = cutter.cut(&batch.bytes()[at..], u32::MAX) {
                    sent.extend((head.kind == Kind::Reply).then_some((head.call.0, head.fds)));
                    at += used;
                }
                outbox.wrote(batch, at);
            }
            sent.sort_unstable();
            assert_eq!((voided, sent), (1, expected.clone()), "{size} bytes");
            assert_eq!(Arc::strong_count(&held), 1, "closed");
            assert_eq!(outbox.queued(), 0);
        }
    }

    /// F6, F9: who takes a call back has its descriptors closed, and those of others stay.
    #[cfg(unix)]
    #[test]
    fn a_call_is_taken_back_with_its_descriptors() {
        let mut outbox = Outbox::default();
        let mut frames = [with_fds(Kind::Call, 1, 3, 1), with_fds(Kind::Call, 2, 3, 1)];
        let held = [frames[0].fds.as_slice()[0].clone(), frames[1].fds.as_slice()[0].clone()];
        let count = |at: usize| Arc::strong_count(&held[at]);
        let places = frames.each_mut().map(|frame| outbox.push_message(frame));
        assert!(outbox.take_back(&places[0]));
        assert_eq!((count(0), count(1)), (1, 2));
        let (batch, length) = (outbox.take(), places[0].end as usize);
        assert_eq!((batch.len(), batch.frames.fds.len()), (length, 0), "the void frame, alone");
        assert_eq!(batch.bytes()[crate::wire::FDS_AT], 0);
        outbox.wrote(batch, length);
        let batch = outbox.take();
        assert_eq!(batch.frames.fds.len(), 1);
        outbox.wrote(batch, 1);
        assert_eq!((count(0), count(1)), (1, 1), "they are spent with the first byte");
        outbox.push_message(&mut with_fds(Kind::Call, 3, 3, 1));
        outbox.discard();
        assert!(outbox.take().frames.fds.is_empty());
    }
}
