//! JSON bodies of resources: one object in one root member, `{"sec:mecr":{…}}`.

use crate::json::Strict;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::io;
use zeroize::Zeroizing;

/// Reads the object in the root member `root`; nothing may stand beside it.
///
/// # Errors
/// A constant text: what was sent may hold secrets.
pub fn read<T: DeserializeOwned>(root: &str, octets: &[u8]) -> Result<T, &'static str> {
    let mut deserializer = serde_json::Deserializer::from_str(text(octets)?);
    let seed = Rooted { root, content: PhantomData };
    let value = seed.deserialize(Strict(&mut deserializer)).map_err(|_| REFUSED)?;
    deserializer.end().map_err(|_| REFUSED)?;
    Ok(value)
}

/// Reads an object without a root member.
///
/// # Errors
/// As [`read`].
pub fn read_bare<T: DeserializeOwned>(octets: &[u8]) -> Result<T, &'static str> {
    crate::json::from_str(text(octets)?).map_err(|_| REFUSED)
}

/// JSON is UTF-8, in what is passed over as well (RFC 8259 section 8.1).
fn text(octets: &[u8]) -> Result<&str, &'static str> {
    core::str::from_utf8(octets).map_err(|_| REFUSED)
}

const REFUSED: &str = "the body is not the JSON object that belongs here";

/// Writes `content` in the root member `root`, into a buffer that is wiped and has never been moved.
///
/// # Errors
/// Those of serialising.
pub fn write<T: Serialize>(root: &str, content: &T) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    write_bare(&WithRoot { root, content })
}

/// Writes `content` without a root member.
///
/// # Errors
/// As [`write()`].
pub fn write_bare<T: Serialize>(content: &T) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, content)?;
    let mut octets = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *octets, content)?;
    Ok(octets)
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0 += octets.len();
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct WithRoot<'a, T> {
    root: &'a str,
    content: &'a T,
}

impl<T: Serialize> Serialize for WithRoot<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.root, self.content)?;
        map.end()
    }
}

struct Rooted<'a, T> {
    root: &'a str,
    content: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Rooted<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Rooted<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the one member {}", self.root)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        match map.next_key::<String>()? {
            Some(name) if name == self.root => {}
            _ => return Err(A::Error::custom("another root member")),
        }
        let content = map.next_value()?;
        match map.next_key::<IgnoredAny>()? {
            None => Ok(content),
            Some(_) => Err(A::Error::custom("a second root member")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{EnrolRequest, RegistrationUpdateRequest};

    #[test]
    fn a_body_has_one_root_member() {
        let body = br#" {"sec:mecr":{"fq":"mef.example.com","et":"20270101T000000"}} "#;
        let request: RegistrationUpdateRequest = read("sec:mecr", body).expect("a body");
        assert_eq!(request.expiration_time.as_deref(), Some("20270101T000000"));
        assert_eq!(write("sec:mecr", &request).expect("JSON").as_slice(), body.trim_ascii());
        for wrong in [
            "",
            "{}",
            "[]",
            r#"{"sec:macr":{"fq":"mef.example.com"}}"#,
            r#"{"fq":"mef.example.com"}"#,
            r#"{"sec:mecr":{"fq":"mef.example.com"},"sec:mecr":{"fq":"mef.example.com"}}"#,
            r#"{"sec:mecr":{"fq":"mef.example.com"}} x"#,
            r#"{"sec:mecr":{"fq":"mef.example.com","fq":"mef.example.com"}}"#,
            r#"{"sec:mecr":{"fq":"mef.example.com","x":1}}"#,
            r#"{"sec:mecr":{"fq":1}}"#,
            r#"{"sec:mecr":{"fq":"mef.example.com""#,
        ] {
            assert_eq!(
                read::<RegistrationUpdateRequest>("sec:mecr", wrong.as_bytes()),
                Err(REFUSED),
                "{wrong}"
            );
        }
        let passed_over = b"{\"sec:mecc\":{\"x\":\"\xff\",\"cmid\":\"1\",\"cmst\":10,\"cmds\":\
            {\"cmci\":0,\"cmar\":{\"nmca\":{\"rdur\":\"PT1H\"}}}}}";
        assert_eq!(read::<crate::wire::Command>("sec:mecc", passed_over), Err(REFUSED));
        let deep = "[".repeat(100_000);
        assert_eq!(read_bare::<EnrolRequest>(deep.as_bytes()), Err(REFUSED));
    }

    #[test]
    fn numbers_of_a_configuration_stay_what_they_are() {
        use crate::wire::ClientConfiguration;
        for number in ["26666666666666666666666666", "0.1", "1e-7", "18446744073709551615", "-1"] {
            let body = std::format!(r#"{{"sec:mecr":{{"ccfg":{{"number":{number}}}}}}}"#);
            let read_once: ClientConfiguration = read("sec:mecr", body.as_bytes()).expect("a body");
            let written = write("sec:mecr", &read_once).expect("JSON");
            let read_twice: ClientConfiguration = read("sec:mecr", &written).expect("a body");
            assert_eq!(read_once, read_twice, "{number}");
        }
    }
}
