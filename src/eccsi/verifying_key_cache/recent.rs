//! A map that knows which of its entries was not used for the longest time.

use super::Name;
use alloc::collections::BTreeMap;

/// A map that holds at most so many entries: those that were used last.
#[derive(Debug)]
pub(super) struct Recent<V> {
    capacity: usize,
    /// Uses so far.
    now: u64,
    entries: BTreeMap<Name, (u64, V)>,
    /// By their last use.
    order: BTreeMap<u64, Name>,
}

impl<V> Recent<V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, now: 0, entries: BTreeMap::new(), order: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value, which counts as used.
    pub(super) fn get(&mut self, name: &Name) -> Option<&mut V> {
        let (used, value) = self.entries.get_mut(name)?;
        self.order.remove(used);
        self.now += 1;
        *used = self.now;
        self.order.insert(self.now, *name);
        Some(value)
    }

    /// The value, which counts as used as little as before.
    pub(super) fn peek(&self, name: &Name) -> Option<&V> {
        self.entries.get(name).map(|(_, value)| value)
    }

    /// The same, to change it.
    pub(super) fn peek_mut(&mut self, name: &Name) -> Option<&mut V> {
        self.entries.get_mut(name).map(|(_, value)| value)
    }

    /// What was not used for the longest time.
    pub(super) fn oldest(&self) -> Option<(&Name, &V)> {
        let (_, name) = self.order.first_key_value()?;
        Some((name, self.peek(name)?))
    }

    /// Puts a value in; what was not used for the longest time makes room.
    pub(super) fn insert(&mut self, name: Name, value: V) {
        self.remove(&name);
        if self.capacity == 0 {
            return;
        }
        while self.entries.len() >= self.capacity
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.now += 1;
        self.order.insert(self.now, name);
        self.entries.insert(name, (self.now, value));
    }

    pub(super) fn remove(&mut self, name: &Name) {
        if let Some((used, _)) = self.entries.remove(name) {
            self.order.remove(&used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn what_was_not_used_for_the_longest_time_goes() {
        let name = |i: u8| [i; 32];
        let mut recent = Recent::new(3);
        for i in 0..3 {
            recent.insert(name(i), i);
        }
        assert_eq!(recent.oldest(), Some((&name(0), &0)));
        assert_eq!(recent.get(&name(0)), Some(&mut 0));
        assert_eq!(recent.oldest(), Some((&name(1), &1)));
        assert_eq!(recent.peek(&name(1)), Some(&1));
        assert_eq!(recent.peek_mut(&name(1)), Some(&mut 1));
        recent.insert(name(3), 3);
        assert_eq!(recent.get(&name(1)), None);
        recent.insert(name(2), 22);
        recent.insert(name(4), 4);
        assert_eq!([0, 2, 3, 4].map(|i| recent.get(&name(i)).copied()), [None, Some(22), Some(3), Some(4)]);
        recent.remove(&name(3));
        assert_eq!((recent.len(), recent.order.len()), (2, 2));
        let mut none = Recent::new(0);
        none.insert(name(1), 1);
        assert_eq!((none.len(), none.oldest()), (0, None));
    }
}
