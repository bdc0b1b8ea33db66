//! Words and JSON say the same, and no word does harm.
use super::*;
use proptest::prelude::*;
use rpc_core::{Schema, Service};
use serde::{Deserialize, Serialize};

/// What is called.
#[derive(Service)]
enum Shop<'a> {
    /// Takes an order.
    #[rpc(returns = ())]
    Order { count: i64, price: f64, name: &'a str, gift: bool, sizes: Vec<u16>, place: Place, note: Option<String> },
    /// Takes what is hard to write.
    #[rpc(returns = ())]
    Odd {
        blob: Option<Blob>,
        pair: Option<(Option<u8>, Hue)>,
        rows: Option<Vec<Vec<u16>>>,
        pairs: Option<Vec<(u8, u8)>>,
        empty: Option<Empty>,
        hue: Option<Hue>,
        twice: Option<Option<String>>,
        data: Option<Vec<u8>>,
        pages: Option<Vec<Page>>,
        time: Option<std::time::Duration>,
        limit: Option<f32>,
    },
    /// Takes a tree.
    #[rpc(returns = ())]
    Plant { tree: Option<Box<Tree>> },
}

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Blob(Vec<u8>, String, u8);

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Empty {}

#[derive(Debug, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
enum Hue {
    Red,
    Null,
    Mix { red: u8, blue: u8 },
    Both(u8, u8),
    Of(Page),
}

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Page {
    number: u32,
    lines: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Tree {
    left: Option<Box<Tree>>,
    right: Option<Box<Tree>>,
}

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Place {
    street: String,
    number: Option<u128>,
    floor: Floor,
    rooms: std::collections::BTreeMap<String, i8>,
}

#[derive(Debug, Serialize, Deserialize, Schema)]
enum Floor {
    Ground,
    Upper(u8),
    Roof { open: bool },
}

fn encoded(words: &[String]) -> Result<Vec<u8>, String> {
    encoded_for("order", words)
}

fn encoded_for(method: &str, words: &[String]) -> Result<Vec<u8>, String> {
    let service = Shop::INFO.schema();
    let schema = service.method(method).unwrap();
    encode(Method { service, schema }, words).map_err(|failure| failure.to_string())
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|word| (*word).to_owned()).collect()
}

proptest! {
    #[test]
    fn words_are_as_good_as_json(
        count in any::<i64>(),
        price in any::<f64>().prop_filter("JSON has no such number", |price| price.is_finite()),
        (name, street, note) in (".*", ".*", proptest::option::of(".*")),
        gift in any::<bool>(),
        sizes in proptest::collection::vec(any::<u16>(), 1..5),
        number in proptest::option::of(any::<u128>()),
        floor in prop_oneof![Just("Ground".to_owned()), any::<u8>().prop_map(|floor| format!("{{\"Upper\":{floor}}}"))],
        rooms in proptest::collection::btree_map("[^.=\\[\\]:@]{1,5}", any::<i8>(), 1..4),
    ) {
        // A value that begins with @ is a file.
        let word = |path: &str, text: &str| match text.starts_with('@') {
            true => format!("{path}:={}", serde_json::to_string(text).unwrap()),
            false => format!("{path}={text}"),
        };
        let mut by_word = vec![
            format!("count={count}"), format!("price={price:?}"), word("name", &name), format!("gift={gift}"),
            word("place.street", &street),
            if floor.starts_with('{') { format!("place.floor:={floor}") } else { format!("place.floor={floor}") },
        ];
        by_word.extend(sizes.iter().map(|size| format!("sizes[]={size}")));
        by_word.extend(number.map(|number| format!("place.number={number}")));
        by_word.extend(rooms.iter().map(|(room, size)| format!("place.rooms.{room}={size}")));
        by_word.extend(note.as_deref().map(|note| word("note", note)));
        let floor: serde_json::Value = serde_json::from_str(&floor).unwrap_or("Ground".into());
        let json = serde_json::json!({
            "count": count, "price": price, "name": name, "gift": gift, "sizes": sizes, "note": note,
            "place": {
                "street": street, "number": number.map(|number| number.to_string()), "floor": floor, "rooms": rooms,
            },
        });
        prop_assert_eq!(encoded(&by_word), encoded(&[json.to_string()]));
        prop_assert!(encoded(&by_word).is_ok());
    }

    /// Whatever is typed: an error that can be shown, or bytes.
    #[test]
    fn no_word_does_harm(
        words in proptest::collection::vec(
            r#"(count|price|name|sizes|place|place\.rooms|note|é|)(\[\]|\.|:|=|:=|\[|@|\{|"|'|[\x00-\x7fé\u{1b}]){0,6}"#,
            0..4,
        ),
    ) {
        // No file is read, nor stdin.
        let harmless: Vec<String> = words.into_iter().filter(|word| !word.contains('@') && word != "-").collect();
        let service = Shop::INFO.schema();
        let method = Method { service, schema: service.method("order").unwrap() };
        if let Err(Failure::Arguments { misfit: Misfit { problem, marked }, .. }) = encode(method, &harmless) {
            prop_assert!(!problem.is_empty());
            if let Some(marked) = marked {
                let length = marked.line.chars().count();
                prop_assert!(marked.begin <= length && marked.columns >= 1 && marked.begin + marked.columns <= length + 1);
                prop_assert!(!marked.line.contains(char::is_control));
            }
        }
    }
}

#[test]
fn variants_have_names_like_fields() {
    let common = ["count=1", "price=1", "name=", "gift=true", "sizes:=[]", "place.street=", "place.rooms:={}"];
    let by_word = encoded(&[&words(&common)[..], &words(&["place.floor.Roof.open=true"])].concat());
    let by_json = encoded(&[&words(&common)[..], &words(&[r#"place.floor:={"Roof":{"open":true}}"#])].concat());
    assert_eq!(by_word, by_json);
    assert!(by_word.is_ok());
    let upper = encoded(&[&words(&common)[..], &words(&["place.floor.Upper=3"])].concat());
    assert_eq!(upper, encoded(&[&words(&common)[..], &words(&[r#"place.floor:={"Upper":3}"#])].concat()));
    assert!(upper.is_ok());
}

/// A tree without end has a place for every name.
#[test]
fn a_path_without_end_ends() {
    let deep = |levels: usize| encoded_for("plant", &words(&[&format!("tree{}:=null", ".left".repeat(levels))]));
    assert!(deep(1).is_ok());
    assert!(deep(40).is_ok());
    for levels in [128, 2000, 100_000] {
        let told = deep(levels).unwrap_err();
        assert!(told.contains("levels deep"), "{told}");
    }
}

#[test]
fn null_is_none_where_it_is_no_text() {
    let none = encoded_for("plant", &words(&["tree=null"]));
    assert_eq!(none, encoded_for("plant", &[]));
    assert!(none.is_ok());
    assert!(encoded(&words(&["count=null"])).unwrap_err().contains("count: invalid value: \"null\", expected i64"));
}

/// Words for `odd` and the same as JSON.
#[track_caller]
fn same(by_word: &[&str], json: &str) {
    let read = encoded_for("odd", &words(by_word));
    assert_eq!(read, encoded_for("odd", &words(&[json])));
    assert!(read.is_ok(), "{read:?}");
}

#[track_caller]
fn told(by_word: &[&str], problem: &str) {
    assert_eq!(encoded_for("odd", &words(by_word)).unwrap_err(), format!("Shop.odd: {problem}"));
}

#[test]
fn each_element_of_a_tuple_is_read_as_its_type() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("f");
    std::fs::write(&file, "AQI=\n").unwrap();
    let from = |name: &str| format!("{name}=@{}", file.display());
    let blob = [&*from("blob[]"), &from("blob[]"), "blob[]=1"];
    same(&blob, r#"{"blob": [[65, 81, 73, 61, 10], "AQI=\n", 1]}"#);
    same(&["pair[]=null", "pair[]=red"], r#"{"pair": [null, "red"]}"#);
    same(&["pair[]=3", "pair[].mix:={\"red\":1,\"blue\":2}"], r#"{"pair": [3, {"mix": {"red": 1, "blue": 2}}]}"#);
    same(&["rows[]:=[1,2]", "rows[]:=[]"], r#"{"rows": [[1, 2], []]}"#);
}

/// `null` is a name or a text where nothing can be null.
#[test]
fn null_is_what_the_type_says() {
    same(&["hue=null", "data=null"], "{}");
    same(&["pair[]=null", "pair[]=null"], r#"{"pair": [null, "null"]}"#);
    same(&["blob[]=null", "blob[]=null", "blob[]=1"], r#"{"blob": ["null", "null", 1]}"#);
    same(&["twice=null"], r#"{"twice": null}"#);
    same(&["twice.some=a"], r#"{"twice": {"some": "a"}}"#);
    same(&["twice.some:=null"], r#"{"twice": {"some": null}}"#);
    told(&["twice=a"], "`twice` is null, or a value behind a name: write twice.some=.., or twice:=JSON");
}

/// Each hint can be followed.
#[test]
fn what_no_word_can_say() {
    told(&["rows[]=1"], "`rows[]` has items: write rows[]:=JSON");
    told(&["pairs[]=1"], "`pairs[]` has items: write pairs[]:=JSON");
    told(&["rows=1"], "`rows` has items: write rows[]:=JSON for each, or rows:=JSON");
    told(&["empty=1"], "`empty` has no fields: write empty:={}");
    same(&["empty:={}"], r#"{"empty": {}}"#);
    told(&["hue=mix"], "`mix` holds something: write hue.mix.red=.. for each, or hue:=JSON");
    same(&["hue.mix.red=1", "hue.mix.blue=2"], r#"{"hue": {"mix": {"red": 1, "blue": 2}}}"#);
    told(&["hue=both"], "`both` holds something: write hue.both[]=.. for each, or hue:=JSON");
    same(&["hue.both[]=1", "hue.both[]=2"], r#"{"hue": {"both": [1, 2]}}"#);
    told(&["pair[]=1", "pair[]=mix"], "`mix` holds something: write pair[]:=JSON");
}

#[test]
fn steps_that_lead_nowhere() {
    told(&["pairs.x=1"], "`pairs` has items: write pairs[]:=JSON for each, or pairs:=JSON");
    told(&["pair.0=1"], "`pair` has items: write pair[]=.. for each, or pair:=JSON");
    told(&["data.x=1"], "`data` has no fields: write data=..");
    told(&["hue[]=red"], "`hue` is no list: write hue=..");
    told(&["hue.mix[]=1"], "`hue.mix` has fields: write hue.mix.red=.. for each, or hue.mix:=JSON");
    told(&["hue.mix.red=1", "hue.both[]=1"], "`hue` is one variant, and here are `mix` and `both`");
    told(&["hue.red=1"], "`red` holds nothing: write hue=red");
    same(&["hue.red:=null"], r#"{"hue": "red"}"#);
    // Nothing is read for a name that nothing has.
    told(&["hue.mixx.red=@/nowhere"], "hue: Hue has no variant `mixx` (did you mean `mix`?)");
}

#[test]
fn times() {
    same(&["time=300ms"], r#"{"time": {"secs": 0, "nanos": 300000000}}"#);
    same(&["time=90s"], r#"{"time": {"secs": 90, "nanos": 0}}"#);
    same(&["time=0s"], r#"{"time": {"secs": 0, "nanos": 0}}"#);
    same(&["time.secs=1", "time.nanos=2"], r#"{"time": {"secs": 1, "nanos": 2}}"#);
    same(&["time=null"], "{}");
    let write = "write that, or time.secs=.. and time.nanos=.., or time:=JSON";
    for wrong in ["90", "1d", "99999999999999999999h"] {
        let word = format!("time={wrong}");
        told(&[&word], &format!("`time` is a time such as 300ms, 90s or 2h: {write}"));
    }
}

#[test]
fn an_item_in_several_words() {
    let hint = "(each [] begins another item: one that has more than one part is written []:=JSON)";
    told(&["pages[].number=1", "pages[].lines:=[\"x\"]"], &format!("pages[0]: missing field `lines` {hint}"));
    same(&["pages[]:={\"number\":1,\"lines\":[]}"], r#"{"pages": [{"number": 1, "lines": []}]}"#);
    told(&["pages[]:={\"number\":1}"], "pages[0]: missing field `lines`");
}

#[test]
fn json_in_the_place_of_words_and_words_in_that_of_json() {
    told(&[r#"hue={"mix":{}}"#], "what looks like JSON is written hue:=JSON");
    told(&[r#"hue="red""#], "what looks like JSON is written hue:=JSON");
    told(&["data=[1,2]"], "what looks like JSON is written data:=JSON");
    told(&["hue=None"], "None is written hue=null, or left out");
    told(&["hue:=red"], "`red` is no JSON: write hue=red, or hue:='\"red\"'");
    let quotes = "(a text has quotes in JSON; '..' around it keeps them from the shell)";
    told(&["pages:=[{number: 1}]"], &format!("pages[0]: key must be a string {quotes}"));
    told(&["{hue: red}"], &format!("key must be a string {quotes}"));
    told(&["{\"hue\": red}"], &format!("hue: expected value {quotes}"));
    told(&["hue:red"], "an argument is written name=value: did you mean `hue=red`?");
}

#[test]
fn numbers_that_do_not_fit() {
    told(&["limit=1e40"], "limit: invalid value: 1e40, expected f32 (it is too large)");
    told(&["pair[]=256"], "pair[0]: invalid value: 256, expected u8 (0 to 255)");
}

#[test]
fn files_that_are_not_there() {
    told(&["data=@"], "the name of a file is missing behind the @");
    let missing = "No such file or directory (os error 2)";
    let hint = "(the shell leaves a ~ behind a sign as it is: write $HOME)";
    told(&["data=@~/x"], &format!("cannot read the file `~/x`: {missing} {hint}"));
}
