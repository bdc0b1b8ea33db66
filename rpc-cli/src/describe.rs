//! `describe ADDR [ITEM]`: Rust-like text with docs.
use crate::args::Describe;
use crate::connect::connect;
use crate::failure::Failure;
use crate::item::Item;
use crate::output;
use rpc_core::schema::escaped;

/// Connects, and prints what was asked about.
pub(crate) fn run(args: &Describe) -> Result<(), Failure> {
    let server = connect(&args.server.address, None)?;
    let text = match &args.item {
        None => server.services.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        Some(name) => joined(&Item::find(&server.services, name)?),
    };
    output::text(&text)
}

/// One item as it is; of several, each under its full name.
fn joined(items: &[Item]) -> String {
    match items {
        [only] => only.text.clone(),
        several => {
            let titled = |item: &Item| format!("// {}\n{}", escaped(&item.name), item.text);
            several.iter().map(titled).collect::<Vec<_>>().join("\n")
        }
    }
}
