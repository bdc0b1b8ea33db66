//! Text that does not grow without end.
use std::io::{self, Write};

/// What is written to it, up to a number of bytes.
#[derive(Debug)]
pub(crate) struct Limited {
    text: Vec<u8>,
    bytes_max: usize,
}

impl Limited {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { text: Vec::new(), bytes_max }
    }

    /// All that was written, if it is text.
    pub(crate) fn into_text(self) -> io::Result<String> {
        String::from_utf8(self.text).map_err(io::Error::other)
    }
}

impl Write for Limited {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if part.len() > self.bytes_max - self.text.len() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.text.write(part)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_byte_fits_and_the_next_does_not() {
        let mut out = Limited::new(3);
        out.write_all(b"ab").unwrap();
        assert!(out.write_all(b"cd").is_err());
        out.write_all(b"c").unwrap();
        assert!(out.write_all(b"d").is_err());
        assert_eq!(out.into_text().unwrap(), "abc");
    }
}
