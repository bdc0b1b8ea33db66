//! A checksum of what is sent in pieces, so that nobody ever holds all of it.

use rpc_core::{Context, Schema, Service, Source, Stopped};
use serde::{Deserialize, Serialize};

/// Computes checksums.
#[derive(Service)]
pub enum Checksum {
    /// The checksum of all pieces, one behind the other. Where they are cut does not matter.
    #[rpc(accepts = Vec<u8>, returns = Sum)]
    Crc32,
}

/// What is known of all the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Schema)]
pub struct Sum {
    /// Their CRC-32, as gzip and zip have it.
    pub crc32: u32,
    /// How many there are.
    pub bytes: u64,
}

/// Keeps no more than one piece at a time.
#[derive(Debug, Clone, Copy)]
pub struct Summing;

impl ChecksumHandler for Summing {
    fn crc32(&self, _cx: &Context, input: Source<Vec<u8>>) -> Result<Sum, Stopped> {
        let (mut crc, mut bytes) = (Crc32::default(), 0);
        for piece in input {
            // Whoever gives up in the midst of a file does not get a sum of its first half.
            let piece = piece?;
            crc.update(&piece);
            bytes += piece.len() as u64;
        }
        Ok(Sum { crc32: crc.value(), bytes })
    }
}

/// The CRC-32 of IEEE 802.3: a check against accidents, not against forgers.
#[derive(Debug, Clone, Copy)]
pub struct Crc32(u32);

/// What each value of a byte does to the sum.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

impl Default for Crc32 {
    /// Of no bytes.
    fn default() -> Self {
        Self(!0)
    }
}

impl Crc32 {
    /// Further bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |crc, byte| (crc >> 8) ^ TABLE[usize::from(crc as u8 ^ byte)]);
    }

    /// Of all bytes so far.
    pub fn value(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpc_core::Connection;

    /// The check value that every description of this CRC gives.
    #[test]
    fn pieces_make_one_sum() {
        let checksum = Checksum::client(Connection::local(Checksum::serve(Summing)));
        let sum = Sum { crc32: 0xCBF4_3926, bytes: 9 };
        for pieces in [&["123456789"][..], &["1234", "", "56789"]] {
            let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
            assert_eq!(checksum.crc32().send_all(&pieces).unwrap(), sum);
        }
        assert_eq!(checksum.crc32().finish().unwrap(), Sum { crc32: 0, bytes: 0 });
    }
}
