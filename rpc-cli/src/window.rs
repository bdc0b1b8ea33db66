//! How much a terminal shows.

/// The size of the terminal that stdout is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Window {
    /// None where it is not known: where stdout is no terminal, or one that says that it has no size.
    #[cfg(unix)]
    pub(crate) fn of_stdout() -> Option<Self> {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        let window = Self { rows: size.ws_row.into(), columns: size.ws_col.into() };
        (window.rows > 0 && window.columns > 0).then_some(window)
    }

    #[cfg(not(unix))]
    pub(crate) fn of_stdout() -> Option<Self> {
        None
    }
}
