//! Each generated item against the file that shows it: a change of the expansion is a change that a reader sees.
//!
//! `UPDATE_GOLDEN=1 cargo test -p rpc-derive golden` writes the files anew.
use crate::{schema, service};
use proc_macro2::TokenStream;
use quote::quote;
use std::{env, fs, path::Path};
use syn::DeriveInput;

const SERVICE: &str = r#"
    /// A key-value store.
    pub enum Kv<'a> {
        /// Looks up one key.
        #[rpc(returns = Option<String>, idempotent)]
        Get {
            /// Which one.
            key: &'a str,
        },
        /// Stores a value.
        #[rpc(returns = Result<(), StoreError>, blocking, timeout = "10m")]
        Set { key: Cow<'a, str>, value: &'a [u8], expires: Option<u64> },
        #[rpc(oneway)]
        Touch,
        /// Every entry under a prefix.
        #[rpc(stream = Entry)]
        List { prefix: &'a str },
        #[rpc(accepts = Entry, returns = u64)]
        Load,
        #[rpc(accepts = String, stream = Entry, returns = Result<Summary, StoreError>)]
        Lookup { out: u8 },
    }
"#;

const STRUCT: &str = r#"
    /// A page of a listing.
    pub struct Page<T> {
        /// What is on it.
        items: Vec<T>,
        next: Option<Box<Page<T>>>,
    }
"#;

const ENUM: &str = r#"
    /// What was found.
    #[serde(rename_all = "snake_case")]
    enum Found {
        Nothing,
        /// One.
        One(Entry),
        Range { from: u64, to: u64 },
        #[serde(skip)]
        Cached(Instant),
    }
"#;

const MISTAKEN: &str = r#"
    pub enum Kv<'a> {
        #[rpc(returns = u64)]
        Count { prefix: &'a str },
        Get { key: &'a str },
        #[rpc(accepts = Entry, stream = &'a str)]
        Lookup,
    }
"#;

#[test]
fn golden_service() {
    use service::expand::{client, functions, handler, info, reply};
    let input = parsed(SERVICE);
    let (service, errors) = service::checked(&input);
    assert!(errors.is_none(), "{errors:?}");
    let service = service.expect("an enum");
    let joined = |item: TokenStream, code: TokenStream| quote!(#item #code);
    check("service_info", info::code(&service));
    check("service_functions", functions::code(&service));
    check("service_client", joined(client::item(&service), client::code(&service)));
    check("service_handler", joined(handler::item(&service), handler::code(&service)));
    check("service_reply", joined(reply::item(&service), reply::code(&service)));
}

#[test]
fn golden_service_shapes() {
    check("service_with_a_mistake", service::derive(&parsed(MISTAKEN)));
}

#[test]
fn golden_schema() {
    check("schema_struct", schema::derive(&parsed(STRUCT)));
    check("schema_enum", schema::derive(&parsed(ENUM)));
}

fn parsed(source: &str) -> DeriveInput {
    syn::parse_str(source).expect("the example parses")
}

fn check(name: &str, expansion: TokenStream) {
    let file = syn::parse2(expansion).expect("the expansion is Rust");
    let actual = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("rs");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, actual).expect("the golden file can be written");
        return;
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(actual.lines()).position(|(golden, actual)| golden != actual);
    let line = differs.unwrap_or_else(|| golden.lines().count().min(actual.lines().count()));
    assert!(
        golden == actual,
        "the expansion differs from {} at line {}:\n  was: {}\n  is:  {}\nUPDATE_GOLDEN=1 writes it anew",
        path.display(),
        line + 1,
        golden.lines().nth(line).unwrap_or("(the end)"),
        actual.lines().nth(line).unwrap_or("(the end)"),
    );
}
