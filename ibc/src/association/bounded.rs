//! A map that forgets the oldest when it is full.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// At most as many entries as it was made for.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    entries: HashMap<K, V>,
    /// Keys in the order in which they came; some may be gone from `entries` already.
    order: VecDeque<K>,
    most: usize,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), most }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// An entry that is there already gets the new value and keeps its age.
    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.most == 0 {
            return;
        }
        if let Some(there) = self.entries.get_mut(&key) {
            *there = value;
            return;
        }
        if self.entries.len() == self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        self.order.push_back(key.clone());
        self.entries.insert(key, value);
        debug_assert_eq!(self.entries.len(), self.order.len());
        debug_assert!(self.entries.len() <= self.most);
    }

    pub(super) fn remove(&mut self, key: &K) {
        if self.entries.remove(key).is_some()
            && let Some(at) = self.order.iter().position(|other| other == key)
        {
            self.order.remove(at);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_nothing_is_kept_beyond_the_bound() {
        let mut map = Bounded::new(2);
        map.insert(1, "a");
        map.insert(2, "b");
        map.insert(1, "c"); // keeps its age
        map.insert(3, "d");
        assert_eq!((map.get(&1), map.get(&2), map.get(&3)), (None, Some(&"b"), Some(&"d")));
        map.remove(&2);
        map.remove(&2);
        map.insert(4, "e");
        assert_eq!((map.get(&3), map.get(&4), map.len()), (Some(&"d"), Some(&"e"), 2));
        let mut none = Bounded::new(0);
        none.insert(1, "a");
        assert_eq!(none.len(), 0);
    }
}
