//! Columns for a person.
use crate::style::columns;
use std::fmt;

/// No column is wider for the sake of one long cell: every row would be as long.
const WIDTH_MAX: usize = 64;

/// Rows under a header, each column as wide as its widest cell, but not wider than 64 signs.
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
            .map(|cell| columns(cell))
            .max()
            .unwrap_or_default()
            .min(WIDTH_MAX)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let widths: Vec<usize> = (0..count).map(|column| self.width(column)).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let blanks = width.saturating_sub(columns(cell)) + 2;
                line.extend([cell, &*" ".repeat(blanks)]);
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_signs_take_two_columns() {
        let mut table = Table::new(&["A", "B"]);
        table.row(vec!["日本".to_owned(), "1".to_owned()]);
        table.row(vec!["e\u{301}".to_owned(), "2".to_owned()]);
        assert_eq!(table.to_string(), "A     B\n日本  1\ne\u{301}     2\n");
    }
}
