//! As much of JSON Schema as `vectors/schema.json` uses.

use crate::vectors;
use serde_json::{Map, Value};

/// Panics where `file` is not what `$defs/VectorFile` with cases of `$defs/<definition>` describes.
pub(crate) fn check(file: &Value, definition: &str) {
    let text = std::fs::read_to_string(vectors::path("schema.json")).expect("schema.json");
    let schema: Value = serde_json::from_str(&text).expect("schema.json");
    let checker = Checker { definitions: schema["$defs"].as_object().expect("$defs") };
    checker.accept(file, &schema["$defs"]["VectorFile"]).unwrap_or_else(|fault| panic!("{fault}"));
    for case in file["tests"].as_array().expect("tests") {
        checker.accept(case, &schema["$defs"][definition]).unwrap_or_else(|fault| panic!("{case}: {fault}"));
    }
}

struct Checker<'a> {
    definitions: &'a Map<String, Value>,
}

impl Checker<'_> {
    fn accept(&self, value: &Value, schema: &Value) -> Result<(), String> {
        for (keyword, argument) in schema.as_object().ok_or("a schema is an object")? {
            self.keyword(value, schema, keyword, argument)?;
        }
        Ok(())
    }

    fn keyword(&self, value: &Value, schema: &Value, keyword: &str, argument: &Value) -> Result<(), String> {
        let fail = || Err(format!("{value} against {keyword} {argument}"));
        let strings = |list: &Value| -> Vec<String> {
            list.as_array()
                .expect("list")
                .iter()
                .map(|item| item.as_str().expect("text").to_owned())
                .collect()
        };
        let holds = match keyword {
            "description" | "properties" => true,
            "$ref" => {
                let name = argument.as_str().and_then(|text| text.strip_prefix("#/$defs/")).expect("$ref");
                return self.accept(value, &self.definitions[name]);
            }
            "type" => match argument.as_str().expect("type") {
                "object" => {
                    let known = &schema["properties"];
                    for (name, member) in value.as_object().ok_or("an object is needed")? {
                        match known.get(name) {
                            Some(inner) => {
                                self.accept(member, inner).map_err(|fault| format!("{name}: {fault}"))?
                            }
                            None => match &schema["additionalProperties"] {
                                Value::Bool(false) => return Err(format!("unknown member {name}")),
                                Value::Null => {}
                                inner => self.accept(member, inner)?,
                            },
                        }
                    }
                    true
                }
                "array" => value.is_array(),
                "string" => value.is_string(),
                "integer" => value.is_u64(),
                other => panic!("type {other}"),
            },
            "additionalProperties" => value.is_object(),
            "required" => strings(argument).iter().all(|name| value.get(name).is_some()),
            "items" => {
                for item in value.as_array().ok_or("an array is needed")? {
                    self.accept(item, argument)?;
                }
                true
            }
            "enum" => argument.as_array().expect("list").contains(value),
            "minItems" => {
                value.as_array().is_some_and(|items| items.len() as u64 >= argument.as_u64().expect("count"))
            }
            "minimum" => value.as_u64() >= argument.as_u64(),
            "minLength" => {
                value.as_str().is_some_and(|text| text.len() as u64 >= argument.as_u64().expect("count"))
            }
            "maxLength" => {
                value.as_str().is_some_and(|text| text.len() as u64 <= argument.as_u64().expect("count"))
            }
            "pattern" => {
                assert_eq!(argument, "^([0-9a-f]{2})*$", "the one pattern that is understood");
                let text = value.as_str().unwrap_or("?");
                text.len().is_multiple_of(2)
                    && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
            }
            "oneOf" => {
                let fitting = argument
                    .as_array()
                    .expect("list")
                    .iter()
                    .filter(|inner| self.accept(value, inner).is_ok());
                fitting.count() == 1
            }
            other => panic!("keyword {other}"),
        };
        if holds { Ok(()) } else { fail() }
    }
}

#[test]
fn the_checker_refuses_what_the_schema_excludes() {
    let schema: Value = serde_json::from_str(
        r##"{"type":"object","properties":{"a":{"type":"string","pattern":"^([0-9a-f]{2})*$","minLength":2},
            "b":{"oneOf":[{"type":"integer","minimum":2},{"enum":["x"]}]}},"required":["a"],"additionalProperties":false}"##,
    )
    .expect("schema");
    let empty = Map::new();
    let checker = Checker { definitions: &empty };
    let accepts = |text: &str| checker.accept(&serde_json::from_str(text).expect("value"), &schema).is_ok();
    assert!(accepts(r#"{"a":"00ff","b":2}"#) && accepts(r#"{"a":"00","b":"x"}"#));
    for bad in [
        r#"{}"#,
        r#"{"a":"0"}"#,
        r#"{"a":"AA"}"#,
        r#"{"a":""}"#,
        r#"{"a":"00","b":1}"#,
        r#"{"a":"00","c":1}"#,
        "[]",
    ] {
        assert!(!accepts(bad), "{bad}");
    }
}
