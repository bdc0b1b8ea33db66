//! stdin, line by line. A line is there as soon as it is written, and it has a number.
use crate::failure::{Failure, Misfit};
use std::io::{self, BufRead, BufReader, Read, Stdin};

/// How long a line may be. A message has 4 MiB, and a byte of it takes five in JSON as an array of numbers.
const LINE_BYTES_MAX: usize = 64 << 20;

/// What is left of stdin.
#[derive(Debug)]
pub(crate) struct Lines<R = Stdin> {
    input: BufReader<R>,
    number: u64,
    bytes: u64,
}

/// A line that is not blank.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Counted from 1, blank ones too.
    pub(crate) number: u64,
    /// How much of stdin has been read with it.
    pub(crate) bytes_read: u64,
    bytes: Vec<u8>,
}

impl Lines {
    /// All of it.
    pub(crate) fn of_stdin() -> Self {
        Self::of(io::stdin())
    }
}

impl<R: Read> Lines<R> {
    fn of(input: R) -> Self {
        Self { input: BufReader::new(input), number: 0, bytes: 0 }
    }

    /// Waits for the next line that is not blank; `None` after the last one.
    pub(crate) fn next(&mut self) -> Result<Option<Line>, Failure> {
        loop {
            self.number += 1;
            let bytes = self.line().map_err(|error| Failure::Lines { number: self.number, error })?;
            self.bytes += bytes.len() as u64;
            if bytes.is_empty() {
                return Ok(None);
            }
            if !bytes.trim_ascii().is_empty() {
                return Ok(Some(Line { number: self.number, bytes_read: self.bytes, bytes }));
            }
        }
    }

    /// Whether the next line need not be waited for.
    pub(crate) fn is_next_there(&self) -> bool {
        self.input.buffer().contains(&b'\n')
    }

    /// The next line with its end; empty after the last one.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&mut self.input).take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut bytes)?;
        if bytes.len() > LINE_BYTES_MAX {
            return Err(io::Error::other(format!("it has more than {} MiB", LINE_BYTES_MAX >> 20)));
        }
        Ok(bytes)
    }
}

impl Line {
    /// It without its end.
    pub(crate) fn text(&self) -> Result<&str, Misfit> {
        let text = std::str::from_utf8(self.bytes.trim_ascii_end());
        text.map_err(|error| Misfit {
            problem: format!("it is not valid UTF-8: byte {} is wrong", error.valid_up_to() + 1),
            marked: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a piece a read, as a pipe does.
    struct Pieces(Vec<&'static [u8]>);

    impl Read for Pieces {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() { Ok(0) } else { self.0.remove(0).read(room) }
        }
    }

    fn numbered(line: Option<Line>) -> Option<(u64, String, u64)> {
        line.map(|line| (line.number, line.text().unwrap().to_owned(), line.bytes_read))
    }

    #[test]
    fn lines_are_counted_and_blank_ones_passed_over() {
        let mut lines = Lines::of(Pieces(vec![b"1\n 2", b" \r\n3\n", b"\n \t\n\r\n4"]));
        let mut next = || numbered(lines.next().unwrap());
        assert_eq!(next(), Some((1, "1".to_owned(), 2)));
        assert_eq!(next(), Some((2, " 2".to_owned(), 7)));
        assert_eq!(next(), Some((3, "3".to_owned(), 9)));
        assert_eq!(next(), Some((7, "4".to_owned(), 16)));
        assert_eq!((next(), next()), (None, None));
    }

    #[test]
    fn what_is_there_is_known() {
        let mut lines = Lines::of(Pieces(vec![b"1\n2\n3", b"\n"]));
        let mut after = || (lines.next().unwrap().is_some(), lines.is_next_there());
        assert_eq!([after(), after(), after(), after()], [(true, true), (true, false), (true, false), (false, false)]);
    }

    #[test]
    fn what_is_no_text() {
        let line = Lines::of(&b"ab\xff\n"[..]).next().unwrap().unwrap();
        assert_eq!(line.text().unwrap_err().problem, "it is not valid UTF-8: byte 3 is wrong");
    }

    #[test]
    fn a_line_without_end_ends() {
        let error = Lines::of(io::repeat(b'1')).next().unwrap_err();
        assert_eq!(error.to_string(), "cannot read line 1 of stdin: it has more than 64 MiB");
    }
}
