//! `describe --format json`: all that a program needs.
use crate::run::{Place, Served};
use crate::zoo::{Desk, Zoo};
use rpc_core::{Service, schema::ServiceSchema};
use serde_json::{Value, json};
use std::time::Duration;

fn described(served: &Served, items: &[&str]) -> Value {
    let seen = served.describe(&[items, &["--format", "json"]].concat());
    assert_eq!((seen.code, &*seen.err), (0, ""));
    serde_json::from_str(&seen.out).unwrap()
}

#[test]
fn services_can_be_made_from_their_description() {
    let served = Served::new();
    let description = described(&served, &[]);
    let [zoo, desk] = description["services"].as_array().unwrap().as_slice() else { panic!("{description}") };
    for (told, schema) in [(zoo, Zoo::INFO.schema()), (desk, Desk::INFO.schema())] {
        assert_eq!(rebuilt(told), *schema);
        assert_eq!(told["fingerprint"], schema.fingerprint().to_string());
        assert_eq!(told.get("asked"), None);
    }
}

/// What a program would do: the fields of a schema, from those that are told.
fn rebuilt(told: &Value) -> ServiceSchema {
    let argument = |told: &Value| json!({"name": told["name"], "doc": told["doc"], "ty": told["id"]});
    let method = |told: &Value| {
        json!({
            "name": told["name"], "doc": told["doc"], "idempotent": told["idempotent"],
            "shape": told["shape"],
            "timeout": told["timeout_ms"].as_u64().map(Duration::from_millis),
            "arguments": told["arguments"].as_array().unwrap().iter().map(argument).collect::<Vec<_>>(),
            "accepts": told["accepts"]["id"], "stream": told["stream"]["id"], "returns": told["returns"]["id"],
        })
    };
    let methods: Vec<Value> = told["methods"].as_array().unwrap().iter().map(method).collect();
    let types = json!({"table": told["types"]});
    let schema = json!({"name": told["name"], "doc": told["doc"], "methods": methods, "types": types});
    serde_json::from_value(schema).unwrap()
}

#[test]
fn a_description_tells_which_type_was_asked_about() {
    let served = Served::new();
    for name in ["Entry", "Size"] {
        let service = &described(&served, &[name])["services"][0];
        let [asked] = service["asked"].as_array().unwrap().as_slice() else { panic!("{service}") };
        assert_eq!(asked["type"], name);
        assert_eq!(service["types"][asked["id"].as_u64().unwrap() as usize]["Struct"]["name"], name);
    }
    assert_eq!(described(&served, &["put"])["services"][0].get("asked"), None);
}

#[test]
fn the_form_of_a_description_is_in_the_help() {
    let help = Place::new().run(&["describe", "--help"]);
    for word in ["fingerprint", "timeout_ms", "{\"Option\": id}", "asked"] {
        assert!(help.out.contains(word), "{word}: {}", help.out);
    }
}
