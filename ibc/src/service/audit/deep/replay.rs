//! What the entries of the log say of the rows that decide.
//!
//! An entry of a kind that is not named here changes none of them.

mod acting;
mod issued;
mod registered;

use super::expected::Expected;
use crate::Function;
use crate::service::audit::chain::Entry;
use crate::service::store::decisions::{Place, Table};
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use serde_json::{Map, Value};

impl Expected {
    /// Replays one entry, not older than those before it.
    pub(super) fn take(&mut self, entry: &Entry) {
        self.advance(entry);
        let told = Told { entry, detail: crate::json::from_str(&entry.detail).unwrap_or_default() };
        let _ = acting::take(self, &told)
            .or_else(|| issued::take(self, &told))
            .or_else(|| registered::take(self, &told));
    }
}

/// An entry with its details.
struct Told<'e> {
    entry: &'e Entry,
    detail: Map<String, Value>,
}

impl Told<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.detail.get(name)?.as_str().map(String::from)
    }

    /// Its own time.
    fn at(&self) -> String {
        std::format!("{}", self.entry.at.as_seconds())
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.detail.get(name)?.as_u64()
    }

    /// A number as the table has it.
    fn digits(&self, name: &str) -> Option<String> {
        self.number(name).map(|number| std::format!("{number}"))
    }

    /// A list as the table has it.
    fn list(&self, name: &str) -> Option<String> {
        serde_json::to_string(self.detail.get(name)?.as_array()?).ok()
    }

    /// The function as the table has it.
    fn function(&self) -> Option<String> {
        let name = self.text("function")?;
        let function =
            [Function::Mef, Function::Maf].into_iter().find(|function| function.as_str() == name)?;
        Some(std::format!("{}", function.number()))
    }

    /// The end of a registration or key.
    fn until(&self) -> Option<UnixTime> {
        Some(ExpirationTime::parse(&self.text("until")?).ok()?.to_unix())
    }
}

fn place<const N: usize>(table: Table, key: [Option<String>; N]) -> Option<Place> {
    Some(Place { table, key: key.into_iter().collect::<Option<_>>()? })
}

fn values<const N: usize>(texts: [Option<String>; N]) -> Option<Vec<String>> {
    texts.into_iter().collect()
}

fn seconds(time: UnixTime) -> Option<String> {
    Some(std::format!("{}", time.as_seconds()))
}

fn flag(on: bool) -> Option<String> {
    Some(String::from(if on { "1" } else { "0" }))
}
