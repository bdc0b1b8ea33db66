//! A streaming answer, as its caller sees it.
use super::Conversation;
use crate::value::{Own, beside};
use crate::wire::{DecodeError, DecodeLimits, Items, Message, NextItem, decode};
use crate::{Error, Value};
use std::marker::PhantomData;
use std::ops::Range;

/// A streaming answer: items, then an `R`. Dropping it cancels the call.
///
/// With nothing behind the items (`R = ()`) it is an iterator of `Result<T, Error>`. With a summary, iterate over
/// [`items`](Self::items) and then ask [`finish`](Self::finish) for it, so that a summary, which often is the service's own
/// error, is never overlooked.
///
/// It never just ends: behind the last item there is the service's answer. If the server or the connection dies before,
/// there is an error in its place.
#[must_use = "dropping a stream cancels its call"]
pub struct Stream<T, R = ()> {
    state: State<R>,
    items: Items,
    /// The largest that this side takes.
    item_bytes_max: u32,
    types: PhantomData<fn() -> T>,
}

enum State<R> {
    /// More items may come.
    Open(Box<dyn Conversation>),
    /// All of them have come, and the answer.
    Ended(R),
    /// The next item is this error.
    Failing(Error),
    Failed(Error),
}

impl<T: Value, R: Value> Stream<T, R> {
    pub(crate) fn new(call: Result<Box<dyn Conversation>, Error>) -> Self {
        let item_bytes_max = call.as_ref().map_or(0, |call| call.item_bytes_max());
        let state = call.map_or_else(State::Failing, State::Open);
        Self { state, items: Items::default(), item_bytes_max, types: PhantomData }
    }

    /// The items, one by one, until the last one, or an error.
    pub fn items(&mut self) -> impl Iterator<Item = Result<T, Error>> {
        std::iter::from_fn(|| self.recv())
    }

    /// Waits for the next item. `None` after the last one, and after an error.
    // Inlined, an item is moved once more, by loads wider than the stores before them: those wait for each other.
    #[inline(never)]
    pub fn recv(&mut self) -> Option<Result<T, Error>> {
        let place = match self.here() {
            Some(place) => place,
            None => match self.wait()? {
                Ok(place) => place,
                Err(error) => return Some(Err(error)),
            },
        };
        match decode::<Own<T>>(self.items.bytes(place), DecodeLimits::for_frames_of(self.item_bytes_max)) {
            Ok(Own(item)) => Some(Ok(item)),
            Err(error) => Some(Err(self.broken(error))),
        }
    }

    /// Waits for the answer. Items that were not taken are thrown away.
    ///
    /// # Errors
    /// Those of the call; the one that [`recv`](Self::recv) gave, if it did.
    pub fn finish(self) -> Result<R, Error> {
        match self.state {
            State::Open(mut call) => answer(&mut *call).map_err(|error| known(error, &self.items)),
            State::Ended(answer) => Ok(answer),
            State::Failing(error) | State::Failed(error) => Err(error),
        }
    }

    /// The next item, if it is here already, as nearly all are of a stream in a hurry.
    #[inline]
    fn here(&mut self) -> Option<Range<usize>> {
        let State::Open(_) = self.state else { return None };
        match self.items.next(self.item_bytes_max) {
            NextItem::Whole(place) => Some(place),
            NextItem::Partial | NextItem::TooLarge(_) => None,
        }
    }

    /// Waits for the next item.
    fn wait(&mut self) -> Option<Result<Range<usize>, Error>> {
        let error = match &mut self.state {
            State::Open(call) => match next_item(&mut **call, &mut self.items) {
                Ok(Some(place)) => return Some(Ok(place)),
                // Only a right answer is an end: whoever wants none of it would not look.
                Ok(None) => match answer(&mut **call) {
                    Ok(answer) => {
                        self.state = State::Ended(answer);
                        return None;
                    }
                    Err(error) => known(error, &self.items),
                },
                Err(error) => error,
            },
            State::Failing(error) => error.clone(),
            State::Ended(_) | State::Failed(_) => return None,
        };
        Some(Err(self.fail(error)))
    }

    /// What came is no item.
    #[cold]
    fn broken(&mut self, problem: DecodeError) -> Error {
        let method = match &self.state {
            State::Open(call) => call.name(),
            _ => String::new(),
        };
        self.fail(Error::BadReply { method, problem: format!("an item: {problem}") })
    }

    fn fail(&mut self, error: Error) -> Error {
        self.state = State::Failed(error.clone());
        error
    }
}

/// The place of the next item among `items`; `None` after the last one.
pub(crate) fn next_item(call: &mut dyn Conversation, items: &mut Items) -> Result<Option<Range<usize>>, Error> {
    let bytes_max = call.item_bytes_max();
    loop {
        let problem = match items.next(bytes_max) {
            NextItem::Whole(place) => return Ok(Some(place)),
            NextItem::TooLarge(size) => format!("an item of {size} bytes, but the limit is {bytes_max}"),
            NextItem::Partial => match call.items(items.room()) {
                Ok(true) => continue,
                Ok(false) if !items.has_rest() => return Ok(None),
                Ok(false) => "the last item is cut short".to_owned(),
                Err(error) => return Err(known(error, items)),
            },
        };
        return Err(Error::BadReply { method: call.name(), problem });
    }
}

/// An error of a call, with what its items tell of it.
pub(crate) fn known(error: Error, items: &Items) -> Error {
    if items.has_begun() { error.behind_items() } else { error }
}

/// Waits for the answer behind the items.
pub(super) fn answer<R: Value>(call: &mut dyn Conversation) -> Result<R, Error> {
    let mut answer = Message::default();
    let start = call.answer(&mut answer)?;
    let limits = DecodeLimits::for_frames_of(call.item_bytes_max());
    let decoded = beside::decode::<Own<R>>(answer.bytes.get(start..).unwrap_or_default(), answer.fds, limits);
    decoded.map(|own| own.0).map_err(|problem| Error::BadReply { method: call.name(), problem })
}

/// Streams that a `for` loop may use up, because nothing follows their items.
#[diagnostic::on_unimplemented(
    message = "this stream ends with a `{Self}`, which a `for` loop would throw away",
    label = "iterate over `stream.items()`, then call `stream.finish()?`",
    note = "`let mut stream = ..; for item in stream.items() {{ .. }} let summary = stream.finish()?;`"
)]
pub trait NoSummary {}

impl NoSummary for () {}

impl<T: Value, R: Value + NoSummary> Iterator for Stream<T, R> {
    type Item = Result<T, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.recv()
    }
}

impl<T, R> std::fmt::Debug for Stream<T, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::wire::put_item;

    /// Has these bytes to give, one piece after another, and then the end. What it gives may have come in any pieces.
    struct Script(std::vec::IntoIter<Vec<u8>>);

    impl Conversation for Script {
        fn items(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
            let Some(piece) = self.0.next() else { return Ok(false) };
            buffer.extend(piece);
            Ok(true)
        }

        fn answer(&mut self, _answer: &mut Message) -> Result<usize, Error> {
            Ok(0)
        }

        fn name(&self) -> String {
            "Kv.list".to_owned()
        }

        fn item_bytes_max(&self) -> u32 {
            10
        }
    }

    fn stream(pieces: Vec<Vec<u8>>) -> Stream<String> {
        Stream::new(Ok(Box::new(Script(pieces.into_iter()))))
    }

    fn item(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_item(&mut out, |out| {
            out.extend_from_slice(body);
            Ok::<_, ()>(())
        })
        .unwrap();
        out
    }

    #[test]
    fn items_that_are_here_and_items_that_are_not_come_alike() {
        let bytes = [item(b"\x01a"), item(b"\x00"), item(b"\x05hello")].concat();
        for step in 1..=bytes.len() {
            let mut stream = stream(bytes.chunks(step).map(<[u8]>::to_vec).collect());
            let items: Vec<_> = stream.items().map(Result::unwrap).collect();
            assert_eq!(items, ["a", "", "hello"], "{step} bytes at a time");
            assert!(stream.recv().is_none() && stream.finish().is_ok());
        }
    }

    /// Whoever has seen an item is not told that nobody knows whether the call ran.
    #[test]
    fn what_sent_items_has_run() {
        struct Dies(Option<Vec<u8>>);
        impl Conversation for Dies {
            fn items(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
                let dead = || Error::Disconnected { cause: "it died".to_owned(), outcome: Outcome::Unknown };
                buffer.extend(self.0.take().ok_or_else(dead)?);
                Ok(true)
            }

            fn answer(&mut self, answer: &mut Message) -> Result<usize, Error> {
                while self.items(&mut answer.bytes)? {}
                Ok(0)
            }

            fn name(&self) -> String {
                "Kv.list".to_owned()
            }

            fn item_bytes_max(&self) -> u32 {
                10
            }
        }
        let outcomes = |bytes: &[u8]| {
            let stream = || Stream::<String>::new(Ok(Box::new(Dies(Some(bytes.to_vec())))));
            let (mut read, mut finished) = (stream(), stream());
            let end = read.items().find_map(Result::err).unwrap();
            finished.recv();
            [end, read.finish().unwrap_err(), finished.finish().unwrap_err()].map(|error| error.outcome())
        };
        let whole = item(b"\x01a");
        assert_eq!(outcomes(&whole), [Outcome::Executed; 3]);
        assert_eq!(outcomes(&whole[..5]), [Outcome::Unknown; 3], "half an item is nothing that a caller sees");
    }

    /// A mistake of the server is told once, by the method's name; what came before it counts.
    #[test]
    fn what_is_no_item_ends_the_stream() {
        let cases = [
            (item(b"\x01\xff"), "an item: a text in it is not UTF-8"),
            (item(b"\x01ab"), "an item: 1 bytes follow behind its end"),
            (item(&[0; 11]), "an item of 11 bytes, but the limit is 10"),
            (item(b"\x05hello")[..7].to_vec(), "the last item is cut short"),
        ];
        for (bad, why) in cases {
            let mut stream = stream(vec![[item(b"\x01a"), bad].concat()]);
            assert_eq!(stream.recv().unwrap().unwrap(), "a");
            let error = stream.recv().unwrap().unwrap_err();
            let Error::BadReply { method, problem } = &error else { panic!("{error:?}") };
            assert_eq!((method.as_str(), problem.as_str()), ("Kv.list", why));
            assert!(stream.recv().is_none(), "no item behind it");
            assert_eq!(stream.finish().unwrap_err().to_string(), error.to_string());
        }
    }

    #[test]
    fn a_call_that_could_not_begin_is_told_once() {
        let why = Error::BadReply { method: "Kv.list".to_owned(), problem: "none".to_owned() };
        let mut stream = Stream::<String>::new(Err(why));
        assert!(stream.recv().unwrap().is_err() && stream.recv().is_none() && stream.finish().is_err());
    }
}
