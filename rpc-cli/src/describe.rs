//! `describe ADDR [ITEM]`: Rust-like text with docs, or JSON.
use crate::args::{Common, Describe, DescribeFormat};
use crate::connect::connect;
use crate::description::Description;
use crate::failure::Failure;
use crate::item::Item;
use crate::output;
use crate::style::Style;
use crate::timing;

/// Connects, and prints what was asked about.
pub(crate) fn run(args: &Describe, common: &Common) -> Result<(), Failure> {
    let server = connect(&args.server.address, &common.trust, None)?;
    if common.verbose {
        timing::tell(&server, None);
    }
    let style = Style::of_stdout(common.color);
    let items = args.item.as_ref().map(|name| Item::find(&server.services, name)).transpose()?;
    match (args.format, items) {
        (DescribeFormat::Text, None) => {
            let texts: Vec<_> = server.services.iter().map(ToString::to_string).collect();
            output::source(&texts.join("\n"), style)
        }
        (DescribeFormat::Text, Some(items)) => output::source(&joined(&items), style),
        (DescribeFormat::Json, None) => output::value(&Description::of_services(&server.services), style),
        (DescribeFormat::Json, Some(items)) => output::value(&Description::of_items(&items), style),
    }
}

/// One item as it is; of several, each under its full name.
fn joined(items: &[Item<'_>]) -> String {
    match items {
        [only] => only.text(),
        several => {
            let titled = |item: &Item<'_>| format!("// {}\n{}", item.name, item.text());
            several.iter().map(titled).collect::<Vec<_>>().join("\n")
        }
    }
}
