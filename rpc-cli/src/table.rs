//! Columns for a person.
use std::fmt;

/// No column is wider for the sake of one long cell: every row would be as long.
const COLUMN_CHARS_MAX: usize = 64;

/// Rows under a header, each column as wide as its widest cell, but not wider than 64 characters.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With nothing but a header.
    pub(crate) fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(ToString::to_string).collect()] }
    }

    /// Adds a row, whose cells have nothing that acts on a terminal.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn width(&self, column: usize) -> usize {
        self.rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
            .min(COLUMN_CHARS_MAX)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let widths: Vec<usize> = (0..columns).map(|column| self.width(column)).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let blanks = width.saturating_sub(cell.chars().count()) + 2;
                line.extend([cell, &*" ".repeat(blanks)]);
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
