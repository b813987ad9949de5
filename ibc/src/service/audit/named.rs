//! Checkpoints that entries of the log name have to be there: without them, a chain whose state file is elsewhere, or
//! gone, could be written anew.

use super::chain::Entry;
use super::checkpoint::KEPT;
use serde_json::Value;
use std::collections::BTreeMap;

/// For each writer the newest checkpoints that its entries name, and the entries.
#[derive(Debug, Default)]
pub(super) struct Named(BTreeMap<String, BTreeMap<u64, u64>>);

impl Named {
    pub(super) fn follow(&mut self, entry: &Entry) {
        if entry.event != "checkpoint" {
            return;
        }
        let detail: Value = crate::json::from_str(&entry.detail).unwrap_or_default();
        let Some(number) = detail.get("number").and_then(Value::as_u64) else { return };
        let named = self.0.entry(entry.writer.clone()).or_default();
        named.insert(number, entry.number);
        // Older ones are forgotten when a new one is signed.
        while named.first_key_value().is_some_and(|(oldest, _)| oldest.saturating_add(KEPT) <= number) {
            named.pop_first();
        }
    }

    /// Compares with the checkpoints that are there, by writer and number: a sentence for each that is not.
    pub(super) fn compare(mut self, there: &[(String, u64)]) -> Vec<(String, String)> {
        for (writer, number) in there {
            if let Some(named) = self.0.get_mut(writer) {
                named.remove(number);
            }
        }
        let missing = |(writer, named): (String, BTreeMap<u64, u64>)| {
            named.into_iter().map(move |(number, entry)| {
                let text = std::format!(
                    "checkpoint {number} of {writer} is gone, which entry {entry} of {writer} says was signed"
                );
                (writer.clone(), text)
            })
        };
        self.0.into_iter().flat_map(missing).collect()
    }
}
