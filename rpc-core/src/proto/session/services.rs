//! The services that a connection has opened, by the number that its calls carry: places in the catalog.
//!
//! Most connections open one, and are idle most of the time: so one needs no list.

/// Open services.
#[derive(Debug, Default)]
pub(super) struct Services {
    first: Option<u32>,
    #[expect(clippy::box_collection, reason = "most connections should not pay for what they never use")]
    others: Option<Box<Vec<u32>>>,
}

impl Services {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all().count()
    }

    /// The place of the service of this number.
    pub(super) fn place(&self, number: u32) -> Option<usize> {
        let place = match number.checked_sub(1) {
            None => self.first,
            Some(other) => self.others.as_ref()?.get(other as usize).copied(),
        };
        place.map(|place| place as usize)
    }

    /// Opens the service at this place; gives its number, which is the same if it was open.
    pub(super) fn open(&mut self, place: usize) -> u32 {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let known = self.all().position(|known| known == place);
        let number = known.unwrap_or_else(|| {
            let number = self.len();
            match self.first {
                None => self.first = Some(place),
                Some(_) => self.others.get_or_insert_default().push(place),
            }
            number
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn all(&self) -> impl Iterator<Item = u32> {
        self.first.into_iter().chain(self.others.iter().flat_map(|others| others.iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_in_order_and_once() {
        let mut services = Services::default();
        assert_eq!(services.place(0), None);
        assert_eq!([7, 0, 7, 3, 0, 3].map(|place| services.open(place)), [0, 1, 0, 2, 1, 2]);
        assert_eq!([0, 1, 2, 3].map(|number| services.place(number)), [Some(7), Some(0), Some(3), None]);
        assert_eq!(services.len(), 3);
    }
}
