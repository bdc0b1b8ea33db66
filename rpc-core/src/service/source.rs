//! What a handler takes items from.
use super::{Inlet, More, Stopped};
use crate::Value;
use crate::value::Own;
use crate::wire::{DecodeLimits, Items, NextItem, decode};
use std::marker::PhantomData;
use std::ops::Range;

/// A handler's view of the items that its caller sends: an iterator of `Result<A, Stopped>`.
///
/// It ends after the last item. [`Stopped`] instead means that there is no last one: the caller has gone, has cancelled
/// the call, or has dropped its sink without finishing. Dropping it tells the caller that no more items are wanted.
pub struct Source<A> {
    /// `None`: nothing more comes, and no whole item is left.
    inlet: Option<Box<dyn Inlet>>,
    items: Items,
    /// The largest that this side takes.
    item_bytes_max: u32,
    /// Items since the inlet was told how many.
    taken: u64,
    item: PhantomData<fn() -> A>,
}

impl<A: Value> Source<A> {
    pub(crate) fn new(inlet: Option<Box<dyn Inlet>>) -> Self {
        let item_bytes_max = inlet.as_ref().map_or(0, |inlet| inlet.item_bytes_max());
        Self { inlet, items: Items::default(), item_bytes_max, taken: 0, item: PhantomData }
    }

    #[inline]
    fn recv(&mut self) -> Option<Result<A, Stopped>> {
        let place = match self.items.next(self.item_bytes_max) {
            NextItem::Whole(place) => place,
            NextItem::Partial | NextItem::TooLarge(_) => match self.wait()? {
                Ok(place) => place,
                Err(stopped) => return Some(Err(stopped)),
            },
        };
        match decode::<Own<A>>(self.items.bytes(place), DecodeLimits::for_frames_of(self.item_bytes_max)) {
            Ok(Own(item)) => {
                self.taken += 1;
                Some(Ok(item))
            }
            Err(error) => Some(Err(self.fail(format!("an item: {error}")))),
        }
    }

    /// Waits for the next item.
    fn wait(&mut self) -> Option<Result<Range<usize>, Stopped>> {
        self.tell();
        loop {
            let inlet = self.inlet.as_mut()?;
            let problem = match self.items.next(self.item_bytes_max) {
                NextItem::Whole(place) => return Some(Ok(place)),
                NextItem::TooLarge(size) => {
                    format!("an item of {size} bytes, but the limit is {}", self.item_bytes_max)
                }
                NextItem::Partial => match inlet.more(self.items.room()) {
                    More::Bytes => continue,
                    More::Stopped => {
                        self.inlet = None;
                        return Some(Err(Stopped));
                    }
                    More::End if !self.items.has_rest() => {
                        self.inlet = None;
                        return None;
                    }
                    More::End => "the last item is cut short".to_owned(),
                },
            };
            return Some(Err(self.fail(problem)));
        }
    }

    /// What came is no item.
    #[cold]
    fn fail(&mut self, problem: String) -> Stopped {
        if let Some(mut inlet) = self.inlet.take() {
            inlet.fail(problem);
        }
        self.items = Items::default();
        Stopped
    }
}

impl<A> Source<A> {
    /// Before it waits, and at the end: not once an item, which would cost more than the item.
    fn tell(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        if let Some(inlet) = &mut self.inlet {
            inlet.took(taken);
        }
    }
}

impl<A: Value> Iterator for Source<A> {
    type Item = Result<A, Stopped>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.recv()
    }
}

impl<A> Drop for Source<A> {
    fn drop(&mut self) {
        self.tell();
    }
}

impl<A> std::fmt::Debug for Source<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Source")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::put_item;
    use std::sync::{Arc, Mutex};

    /// Has these bytes to give, at once, and then the end. What it is told is kept.
    struct Script(Vec<u8>, Arc<Mutex<Vec<String>>>);

    impl Inlet for Script {
        fn more(&mut self, buffer: &mut Vec<u8>) -> More {
            buffer.append(&mut self.0);
            if buffer.is_empty() { More::End } else { More::Bytes }
        }

        fn fail(&mut self, problem: String) {
            self.1.lock().unwrap().push(problem);
        }

        fn item_bytes_max(&self) -> u32 {
            10
        }
    }

    /// What is seen of items with these bodies, and what their caller is told.
    fn seen(bodies: &[&[u8]]) -> (Vec<Result<String, Stopped>>, Vec<String>) {
        let (mut bytes, told) = (Vec::new(), Arc::default());
        for body in bodies {
            put_item(&mut bytes, |out| {
                out.extend_from_slice(body);
                Ok::<_, ()>(())
            })
            .unwrap();
        }
        let mut source = Source::new(Some(Box::new(Script(bytes, Arc::clone(&told)))));
        let items = source.by_ref().collect();
        assert!(source.next().is_none(), "it has ended");
        drop(source);
        (items, Arc::into_inner(told).unwrap().into_inner().unwrap())
    }

    #[test]
    fn items_and_their_end() {
        assert_eq!(seen(&[b"\x01a", b"\x00"]), (vec![Ok("a".to_owned()), Ok(String::new())], vec![]));
    }

    /// Items behind it may stand on it.
    #[test]
    fn what_is_no_item_is_the_last() {
        for (bad, why) in [
            (&b"\x01\xff"[..], "an item: a text in it is not UTF-8"),
            (&[0; 11], "an item of 11 bytes, but the limit is 10"),
        ] {
            assert_eq!(
                seen(&[b"\x01a", bad, b"\x01b"]),
                (vec![Ok("a".to_owned()), Err(Stopped)], vec![why.to_owned()])
            );
        }
    }
}
