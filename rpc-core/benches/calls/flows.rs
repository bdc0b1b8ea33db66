//! A service that moves much: items of 32 bytes both ways, and what calls are measured beside.
use rpc_core::{Context, Schema, Service, Sink, Source, Stopped};
use serde::{Deserialize, Serialize};

/// What one item of bulk has.
pub(crate) const BULK_ITEM_BYTES: usize = 64 << 10;

/// What is moved, and nothing done with it.
#[derive(Service)]
pub(crate) enum Flows {
    /// Counts up from 0, until nobody wants more.
    #[rpc(stream = Sample)]
    Download,
    /// How many have come, and the sum of their numbers.
    #[rpc(accepts = Sample, returns = (u64, f64))]
    Upload,
    /// Items of [`BULK_ITEM_BYTES`], until nobody wants more.
    #[rpc(stream = Vec<u8>)]
    Bulk,
    /// The same bytes.
    #[rpc(returns = Vec<u8>)]
    Echo {
        /// Whichever.
        bytes: Vec<u8>,
    },
    /// So many bytes.
    #[rpc(returns = Vec<u8>)]
    Make {
        /// How many.
        count: u64,
    },
}

/// 32 bytes on the wire, whatever is in it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Schema)]
pub(crate) struct Sample {
    pub(crate) number: f64,
    x: f64,
    y: f64,
    z: f64,
}

impl Sample {
    pub(crate) fn new(number: f64) -> Self {
        Self { number, x: 1.0, y: 2.0, z: 3.0 }
    }
}

pub(crate) struct FlowsHere;

impl FlowsHandler for FlowsHere {
    fn download(&self, _cx: &Context, mut out: Sink<Sample>) -> Result<(), Stopped> {
        let mut number = 0.0;
        loop {
            out.send(&Sample::new(number))?;
            number += 1.0;
        }
    }

    fn upload(&self, _cx: &Context, input: Source<Sample>) -> Result<(u64, f64), Stopped> {
        let (mut count, mut sum) = (0, 0.0);
        for sample in input {
            count += 1;
            sum += sample?.number;
        }
        Ok((count, sum))
    }

    fn bulk(&self, _cx: &Context, mut out: Sink<Vec<u8>>) -> Result<(), Stopped> {
        let item = vec![7; BULK_ITEM_BYTES];
        loop {
            out.send(&item)?;
        }
    }

    fn make(&self, _cx: &Context, count: u64) -> Vec<u8> {
        vec![7; count as usize]
    }

    fn echo(&self, _cx: &Context, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}
