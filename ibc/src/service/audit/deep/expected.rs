//! Which rows there are by the log, and which entry says so.
//!
//! Held for each row: hashes of its key and of its groups of columns under keys of this run, and the entry that wrote
//! it last; not the texts. That is what bounds the memory: [`ROW`] octets a row, and what a hash table
//! leaves free. Rows that have expired are forgotten on the way.

use crate::service::audit::chain::Entry;
use crate::service::store::decisions::{Decision, GROUPS, Place, Table};
use core::hash::{BuildHasher, Hash};
use std::collections::HashMap;
use std::collections::hash_map::RandomState;

/// Octets that are held for each row.
pub(crate) const ROW: usize = size_of::<(u64, Row)>();

/// Rows are looked through for expired ones each time that there are twice as many, and this many at least.
const MANY: usize = 4096;

/// Values of the groups of a row; `None` for what the entry does not tell.
pub(super) type Values = [Option<Vec<String>>; GROUPS];

/// A row by the log.
#[derive(Clone, Copy)]
struct Row {
    values: [u64; GROUPS],
    /// When it may be gone.
    gone: u64,
    /// The entry that wrote it last.
    number: u64,
    /// Counts rows that came to be: one is older than what hangs on it.
    born: u64,
    /// Rows without which it would be gone; 0 for none.
    parents: [u64; 2],
    writer: u16,
    table: Table,
    /// Which groups are known.
    known: [bool; GROUPS],
    /// Two nodes wrote it in one second, and nobody knows in which order.
    uncertain: bool,
    seen: bool,
}

/// What the log says. Made by [`take`](Self::take), entry by entry.
pub(super) struct Expected {
    rows: HashMap<u64, Row>,
    hashes: RandomState,
    writers: Vec<String>,
    /// The second of the last entry, and the writers of what was touched in it.
    now: u64,
    touched: HashMap<u64, u16>,
    born: u64,
    forget_at: usize,
    /// The newest deny list: its number, its entries, and the entry that tells.
    pub(super) list: Option<(u64, u64, String)>,
}

impl Expected {
    pub(super) fn new() -> Self {
        Self {
            rows: HashMap::new(),
            hashes: RandomState::new(),
            writers: Vec::new(),
            now: 0,
            touched: HashMap::new(),
            born: 0,
            forget_at: MANY,
            list: None,
        }
    }

    /// Moves on to the time of an entry.
    pub(super) fn advance(&mut self, entry: &Entry) {
        if entry.at.as_seconds() > self.now {
            self.now = entry.at.as_seconds();
            self.touched.clear();
        }
        if self.rows.len() >= self.forget_at {
            let now = self.now;
            self.rows.retain(|_, row| row.gone > now);
            self.forget_at = self.rows.len().saturating_mul(2).max(MANY);
        }
    }

    /// A row came to be, or was written anew as a whole.
    pub(super) fn put(
        &mut self,
        entry: &Entry,
        place: &Place,
        gone: u64,
        parents: &[&Place],
        values: &Values,
    ) {
        self.born += 1;
        let (key, mut of) = (self.key(place), [0; 2]);
        for (slot, parent) in of.iter_mut().zip(parents) {
            *slot = self.key(parent);
        }
        let (writer, uncertain) = self.touch(entry, key);
        let row = Row {
            values: values.each_ref().map(|value| value.as_ref().map_or(0, |value| self.hash(value))),
            gone,
            number: entry.number,
            born: self.born,
            parents: of,
            writer,
            table: place.table,
            known: values.each_ref().map(Option::is_some),
            uncertain,
            seen: false,
        };
        self.rows.insert(key, row);
    }

    /// A group of columns changed, and with it when the row may be gone, if that is given.
    pub(super) fn change(
        &mut self,
        entry: &Entry,
        place: &Place,
        (group, value): (usize, Option<Vec<String>>),
        gone: Option<u64>,
    ) {
        let key = self.key(place);
        let hash = value.as_ref().map_or(0, |value| self.hash(value));
        let (writer, uncertain) = self.touch(entry, key);
        if let Some(row) = self.rows.get_mut(&key) {
            (row.values[group], row.known[group]) = (hash, value.is_some());
            (row.writer, row.number) = (writer, entry.number);
            row.gone = gone.unwrap_or(row.gone);
            row.uncertain |= uncertain;
        }
    }

    /// A row was removed.
    pub(super) fn remove(&mut self, entry: &Entry, place: &Place) {
        let key = self.key(place);
        let (_, uncertain) = self.touch(entry, key);
        match self.rows.get_mut(&key) {
            Some(row) if uncertain => row.uncertain = true,
            _ => drop(self.rows.remove(&key)),
        }
    }

    /// The number of a writer, and whether another one touched this row in the same second.
    fn touch(&mut self, entry: &Entry, key: u64) -> (u16, bool) {
        let known = self.writers.iter().position(|writer| *writer == entry.writer);
        let at = known.unwrap_or_else(|| {
            self.writers.push(entry.writer.clone());
            self.writers.len() - 1
        });
        let writer = u16::try_from(at).unwrap_or(u16::MAX);
        let before = self.touched.insert(key, writer);
        (writer, before.is_some_and(|before| before != writer))
    }

    fn key(&self, place: &Place) -> u64 {
        self.hash(place).max(1)
    }

    fn hash(&self, value: &(impl Hash + ?Sized)) -> u64 {
        self.hashes.hash_one(value)
    }

    fn is_there(&self, row: &Row) -> bool {
        let holds = |parent: &u64| self.rows.get(parent).is_some_and(|parent| parent.born < row.born);
        row.parents.iter().all(|parent| *parent == 0 || holds(parent))
    }

    fn entry(&self, row: &Row) -> String {
        let writer = self.writers.get(usize::from(row.writer)).map_or("?", String::as_str);
        std::format!("entry {} of {writer}", row.number)
    }

    /// Compares a row with what the log says of it; a sentence if it is another.
    pub(super) fn compare(&mut self, found: &Decision) -> Option<String> {
        if found.gone <= self.now {
            return None;
        }
        let key = self.key(&found.place);
        let row = self.rows.get(&key).copied().filter(|row| self.is_there(row) && row.gone > self.now);
        let Some(row) = row else {
            return Some(std::format!(
                "the {} stands in its table, and no entry of the log tells of it",
                found.place
            ));
        };
        if let Some(row) = self.rows.get_mut(&key) {
            row.seen = true;
        }
        let differs = (0..GROUPS).any(|at| row.known[at] && row.values[at] != self.hash(&found.values[at]));
        (differs && !row.uncertain).then(|| {
            std::format!("the {} is not what {} and those before it say", found.place, self.entry(&row))
        })
    }

    /// Rows that the log tells of and that nobody has seen, after all were compared: a sentence for each, at most
    /// `most`.
    pub(super) fn missing(&self, most: usize) -> Vec<String> {
        let is_missing =
            |row: &&Row| !row.seen && !row.uncertain && row.gone > self.now && self.is_there(row);
        let mut rows: Vec<_> = self.rows.values().filter(is_missing).take(most).collect();
        rows.sort_unstable_by_key(|row| (row.writer, row.number));
        let text = |row: &Row| {
            std::format!(
                "the {} of which {} tells is not in its table, or ends earlier there",
                row.table.name(),
                self.entry(row)
            )
        };
        rows.into_iter().map(text).collect()
    }

    /// How many rows there are by the log, and how many of them were not compared since two nodes wrote them in one
    /// second.
    pub(super) fn count(&self) -> (u64, u64) {
        let there = self.rows.values().filter(|row| row.gone > self.now && self.is_there(row));
        there.fold((0, 0), |(all, uncertain), row| (all + 1, uncertain + u64::from(row.uncertain)))
    }
}
