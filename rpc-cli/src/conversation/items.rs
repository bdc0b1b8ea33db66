//! The items that a service sends: printed one by one as they come, kept for one list, or passed over.
use crate::args::{Call, Format};
use crate::failure::Failure;
use crate::printer::Printer;
use rpc_core::schema::TypeId;
use std::io;

/// How much is kept for a list. A stream may go on for ever, and memory does not.
const KEPT_BYTES_MAX: usize = 64 << 20;

/// What has come so far.
pub(super) struct Items<'a> {
    printer: Printer<'a>,
    /// The type of each.
    id: TypeId,
    what_for: WhatFor,
    /// How many have come.
    pub(super) count: u64,
}

enum WhatFor {
    /// Each is printed as it comes.
    Lines,
    /// All are printed at the end.
    List { items: Vec<Vec<u8>>, bytes: usize },
    /// Only what follows them is printed.
    Summary,
}

impl<'a> Items<'a> {
    pub(super) fn new(printer: Printer<'a>, id: TypeId, args: &Call) -> Self {
        // The columns of a table are as wide as what is in them.
        let are_kept = args.collect || args.output == Some(Format::Table);
        let what_for = match args.summary {
            true => WhatFor::Summary,
            false if are_kept => WhatFor::List { items: Vec::new(), bytes: 0 },
            false => WhatFor::Lines,
        };
        Self { printer, id, what_for, count: 0 }
    }

    /// One has come.
    pub(super) fn take(&mut self, item: Vec<u8>) -> Result<(), Failure> {
        self.count += 1;
        match &mut self.what_for {
            WhatFor::Lines => self.printer.item(self.id, &item),
            WhatFor::Summary => self.printer.read(self.id, &item).map(drop),
            WhatFor::List { items, bytes } => {
                self.printer.read(self.id, &item)?;
                *bytes += item.len() + size_of::<Vec<u8>>();
                if *bytes > KEPT_BYTES_MAX {
                    return Err(Failure::Output(too_many()));
                }
                items.push(item);
                Ok(())
            }
        }
    }

    /// No more will come.
    pub(super) fn end(self) -> Result<(), Failure> {
        match self.what_for {
            WhatFor::List { items, .. } => self.printer.list(self.id, &items),
            WhatFor::Lines | WhatFor::Summary => Ok(()),
        }
    }
}

fn too_many() -> io::Error {
    let max = KEPT_BYTES_MAX >> 20;
    io::Error::other(format!("the items have more than {max} MiB (one by one, as JSON, they have no limit)"))
}
