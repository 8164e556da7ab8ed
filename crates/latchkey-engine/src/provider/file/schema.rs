//! The JSON Schema of provider files, which editors read: generated from the types, kept in `providers/`.

use std::path::Path;

use serde_json::{Map, Value};

use super::ProviderFile;

const PATH: &str = "../../providers/provider.schema.json";

fn schema() -> Value {
    let mut schema = serde_json::to_value(schemars::schema_for!(ProviderFile)).unwrap();
    // The key by which a file may name its schema is none of the provider's.
    schema["title"] = "A provider of Latchkey".into();
    schema
}

fn files() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../providers");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let first = text.lines().next().unwrap_or_default();
            assert_eq!(first, "#:schema ./provider.schema.json", "{}", path.display());
            let value: toml::Value = toml::from_str(&text).unwrap();
            (path.display().to_string(), serde_json::to_value(value).unwrap())
        })
        .collect()
}

#[test]
fn the_schema_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH);
    let fresh = format!("{:#}\n", schema());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == fresh, "run: UPDATE_SCHEMA=1 cargo test -p latchkey-engine --lib the_schema_is_fresh");
}

#[test]
fn every_built_in_file_is_what_the_schema_says() {
    let schema = schema();
    let files = files();
    assert!(files.len() > 100, "{}", files.len());
    for (path, file) in files {
        let faults = faults(&schema, &schema, &file, "");
        assert!(faults.is_empty(), "{path}: {faults:?}");
    }
}

#[test]
fn the_schema_refuses_what_the_engine_refuses() {
    let schema = schema();
    let (_, good) = files().swap_remove(0);
    let broken: [fn(&mut Value); 5] = [
        |file| file["sumary"] = "x".into(),
        |file| file["name"] = 3.into(),
        |file| drop(file.as_object_mut().unwrap().remove("token")),
        |file| file["authorization"]["pkce"] = "perhaps".into(),
        |file| file["identity"]["key"] = "/id".into(),
    ];
    for break_it in broken {
        let mut file = good.clone();
        break_it(&mut file);
        assert!(!faults(&schema, &schema, &file, "").is_empty(), "{file}");
    }
}

/// As much of JSON Schema as the generated one uses.
fn faults(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        found.extend(faults(root, target, value, at));
    }
    for one in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        found.extend(faults(root, one, value, at));
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(list) = schema.get(choice).and_then(Value::as_array)
            && list.iter().all(|one| !faults(root, one, value, at).is_empty())
        {
            found.push(format!("{at} is nothing of {choice}"));
        }
    }
    if let Some(list) = schema.get("enum").and_then(Value::as_array)
        && !list.contains(value)
    {
        found.push(format!("{at}: {value} is not listed"));
    }
    if !schema.get("type").is_none_or(|kind| is_of(kind, value)) {
        found.push(format!("{at} is no {}", schema["type"]));
    }
    if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
        found.extend(list.iter().flat_map(|one| faults(root, items, one, at)));
    }
    if let Some(object) = value.as_object() {
        found.extend(members(root, schema, object, at));
    }
    found
}

fn members(root: &Value, schema: &Value, object: &Map<String, Value>, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if !object.contains_key(name.as_str().unwrap()) {
            found.push(format!("{at} has no {name}"));
        }
    }
    for (name, value) in object {
        let path = format!("{at}/{name}");
        let known = schema.get("properties").and_then(|known| known.get(name));
        match known.or_else(|| schema.get("additionalProperties")) {
            Some(Value::Bool(false)) => found.push(format!("{path} is unknown")),
            Some(schema) => found.extend(faults(root, schema, value, &path)),
            None => {}
        }
    }
    found
}

fn is_of(kind: &Value, value: &Value) -> bool {
    let is = |kind: &str| match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("the test does not know {other}"),
    };
    match kind.as_array() {
        Some(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap())),
        None => is(kind.as_str().unwrap()),
    }
}
