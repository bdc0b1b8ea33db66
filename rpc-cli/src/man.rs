//! `man DIRECTORY`: the man pages, from the same definitions as `--help`.
use crate::args::{Args, Man};
use crate::failure::Failure;
use clap::CommandFactory;
use clap_mangen::roff::{Roff, roman};
use std::{fs, io, path::PathBuf};

/// Writes a page for the program, and one for each command.
pub(crate) fn run(args: &Man) -> Result<(), Failure> {
    for (name, page) in pages() {
        let path: PathBuf = args.directory.join(name);
        page.and_then(|page| fs::write(&path, page)).map_err(|error| Failure::File { path, error })?;
    }
    Ok(())
}

/// The name of each page, and its text.
fn pages() -> Vec<(String, io::Result<Vec<u8>>)> {
    let mut program = Args::command().disable_help_subcommand(true);
    program.build();
    let commands = program.get_subcommands().filter(|command| !command.is_hide_set());
    [&program].into_iter().chain(commands).map(page).collect()
}

fn page(command: &clap::Command) -> (String, io::Result<Vec<u8>>) {
    let page = clap_mangen::Man::new(command.clone()).manual("rpc-cli");
    (page.get_filename(), render(command, &page))
}

/// What clap_mangen makes of it, but for the text after the options: that is in columns, which it would flow together.
fn render(command: &clap::Command, page: &clap_mangen::Man) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    page.render_description_section(&mut out)?;
    page.render_options_section(&mut out)?;
    if command.get_subcommands().any(|command| !command.is_hide_set()) {
        page.render_subcommands_section(&mut out)?;
    }
    let after = command.get_after_long_help().or(command.get_after_help());
    let mut roff = Roff::new();
    for section in after.map(ToString::to_string).unwrap_or_default().split("\n\n") {
        if let Some((title, lines)) = section.split_once(":\n") {
            roff.control("SH", [title.to_uppercase().as_str()]);
            roff.control("nf", []);
            for line in lines.lines() {
                roff.text([roman(line)]);
            }
            roff.control("fi", []);
        }
    }
    roff.to_writer(&mut out)?;
    Ok(out)
}
