//! A map for a handful of entries: a hash map is ten times the code.

/// Values by key.
pub struct Table<K, V>(Vec<(K, V)>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table(Vec::new())
    }
}

impl<K: PartialEq, V: Clone> Table<K, V> {
    /// A copy of the value under `key`.
    pub fn get(&self, key: &K) -> Option<V> {
        self.0.iter().find(|entry| entry.0 == *key).map(|entry| entry.1.clone())
    }

    /// Puts `value` under `key`, in place of what was there.
    pub fn insert(&mut self, key: K, value: V) {
        self.remove(&key);
        self.0.push((key, value));
    }

    /// Takes out what is under `key`.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.0.iter().position(|entry| entry.0 == *key)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Takes out everything.
    pub fn take(&mut self) -> Vec<(K, V)> {
        std::mem::take(&mut self.0)
    }
}
