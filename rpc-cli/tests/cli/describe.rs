//! `describe`.
use crate::run::Served;

#[test]
fn a_method_with_its_docs() {
    let served = Served::new();
    let add = "/// Adds two integers. Fails on overflow.\n\
               #[rpc(idempotent)]\n\
               fn add(a: i64, b: i64) -> Result<i64, MathError>\n\
               \n\
               /// What can go wrong with numbers.\n\
               enum MathError {\n    \
                   /// The sum has more than 64 bits.\n    \
                   Overflow {\n        \
                       by: u64,\n    \
                   },\n\
               }\n";
    served.describe(&["Zoo.add"]).answers(add);
    served.describe(&["wait_briefly"]).answers(
        "/// The same, and nobody waits for long.\n\
         #[rpc(timeout = \"1s\")]\n\
         fn wait_briefly(gate: String)\n",
    );
}

#[test]
fn a_type_with_its_docs() {
    let served = Served::new();
    let entry = "/// One entry.\n\
                 struct Entry {\n    \
                     /// What it is found by.\n    \
                     key: String,\n    \
                     tags: Vec<String>,\n    \
                     size: Size,\n    \
                     note: Option<String>,\n\
                 }\n";
    served.describe(&["Entry"]).answers(entry);
    served.describe(&["Desk.Entry"]).answers(entry);
    served.describe(&["Size"]).answers("/// Width and height.\nstruct Size(u16, u16);\n");
}

#[test]
fn a_service_and_all_that_it_uses() {
    let served = Served::new();
    let seen = served.describe(&["Desk"]);
    seen.answers(DESK);
    let all = served.describe(&[]);
    assert_eq!((all.code, &*all.err), (0, ""));
    assert!(all.out.starts_with("/// What the tests call.\nservice Zoo {\n    /// Adds two integers."), "{}", all.out);
    assert!(all.out.ends_with(&format!("}}\n\n{DESK}")), "{}", all.out);
}

/// Control characters of a doc do nothing here.
const DESK: &str = "\
/// A small service beside the large one.
service Desk {
    /// Adds an entry.
    fn add(entry: Entry);

    /// A \\u{1b}[31mred\\u{202e} doc.
    fn paint();
}

/// One entry.
struct Entry {
    /// What it is found by.
    key: String,
    tags: Vec<String>,
    size: Size,
    note: Option<String>,
}

/// Width and height.
struct Size(u16, u16);
";

#[test]
fn all_that_a_name_stands_for() {
    let seen = Served::new().describe(&["add"]);
    let (zoo, desk) = seen.out.split_once("\n// Desk.add\n").unwrap();
    assert!(
        zoo.starts_with("// Zoo.add\n/// Adds two integers. Fails on overflow.\n#[rpc(idempotent)]\nfn add("),
        "{zoo}"
    );
    let types = &DESK[DESK.find("/// One entry.").unwrap()..];
    assert_eq!(desk, format!("/// Adds an entry.\nfn add(entry: Entry)\n\n{types}"));
}

#[test]
fn nothing_of_that_name() {
    let served = Served::new();
    let known = "  there is Zoo, Zoo.add, Zoo.put, Zoo.owner, Zoo.bytes, Zoo.widths, Zoo.maps, Zoo.echo, Zoo.kinds, \
                 Zoo.check, Zoo.divide, Zoo.make, Zoo.touch, Zoo.touch_apart, Zoo.wait, Zoo.wait_apart, … and 16 more\n";
    let unknown = |item, suggestion: &str| {
        let known = if suggestion.is_empty() { known } else { "" };
        let err = format!("error: there is no service, method or type `{item}`{suggestion}\n{known}");
        served.describe(&[item]).fails(6, &err);
    };
    unknown("Entyr", " (did you mean `Entry`?)");
    unknown("Desk.ad", " (did you mean `Desk.add`?)");
    unknown("Dsk", " (did you mean `Desk`?)");
    unknown("colour", "");
    unknown("Result", "");
}
