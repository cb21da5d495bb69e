//! The answers so far.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// Keeps the newest entries.
#[derive(Debug)]
pub(crate) struct Cache<T> {
    /// The maximum number of entries.
    max_entries: usize,
    /// The age at which an entry is removed.
    max_age: Option<Duration>,
    entries: HashMap<Arc<str>, T>,
    /// The keys of all entries, the oldest first.
    order: VecDeque<(Instant, Arc<str>)>,
}

impl<T: Clone> Cache<T> {
    pub(crate) fn new(max_entries: usize, max_age: Option<Duration>) -> Self {
        Self { max_entries, max_age, entries: HashMap::new(), order: VecDeque::new() }
    }

    pub(crate) fn get(&mut self, key: &str) -> Option<T> {
        self.remove_expired();
        self.entries.get(key).cloned()
    }

    /// Adds an entry for a key that has no entry.
    pub(crate) fn insert(&mut self, key: Arc<str>, value: T) {
        if self.max_entries == 0 {
            return;
        }
        self.remove_expired();
        if self.order.len() >= self.max_entries {
            self.remove_oldest();
        }
        self.order.push_back((Instant::now(), Arc::clone(&key)));
        self.entries.insert(key, value);
    }

    fn remove_expired(&mut self) {
        let Some(age) = self.max_age else { return };
        while self.order.front().is_some_and(|(since, _)| since.elapsed() >= age) {
            self.remove_oldest();
        }
    }

    fn remove_oldest(&mut self) {
        if let Some((_, key)) = self.order.pop_front() {
            self.entries.remove(&key);
        }
    }
}
