//! The answers to the lookups of a run.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// Answers to lookups, by the name of the stage and the key that it looks up. `null` means that the service has no answer.
pub type LookupAnswers = BTreeMap<String, BTreeMap<String, Value>>;

/// Where the answers to the lookups of a run come from: from the services, or in a test from prepared answers.
///
/// Copies share the recorded lookups. `taskferry-lookup` uses this type. A plugin with another HTTP client calls
/// [`answer`](Self::answer) before each request:
///
/// ```
/// use taskferry_sdk::Lookups;
/// use taskferry_sdk::serde_json::{Value, json};
///
/// let titles = [("j1".to_owned(), json!("Tester")), ("j2".to_owned(), Value::Null)];
/// let lookups = Lookups::prepared([("job_titles".to_owned(), titles.into())].into());
/// assert!(lookups.are_prepared());
/// assert_eq!(lookups.answer("job_titles", "j1"), Some(json!("Tester")));
/// assert_eq!(lookups.answer("job_titles", "j3"), None, "the test has no answer, and no request may be sent");
/// assert_eq!(lookups.unanswered(), [("job_titles".to_owned(), "j3".to_owned())]);
/// assert_eq!(lookups.unused(), [("job_titles".to_owned(), "j2".to_owned())]);
/// ```
#[derive(Clone, Default)]
pub struct Lookups(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    /// The answers of a test.
    prepared: Option<LookupAnswers>,
    /// The lookups of the stages, with their answers.
    asked: Mutex<BTreeMap<String, BTreeMap<String, Option<Value>>>>,
}

impl Lookups {
    /// Lookups that these answers serve. No request is sent.
    pub fn prepared(answers: LookupAnswers) -> Self {
        Self::new(Some(answers))
    }

    /// Lookups that services answer. The answers are recorded.
    pub fn recorded() -> Self {
        Self::new(None)
    }

    fn new(prepared: Option<LookupAnswers>) -> Self {
        Self(Some(Arc::new(Shared { prepared, asked: Mutex::default() })))
    }

    /// Whether the answers are prepared, so that no request may be sent.
    pub fn are_prepared(&self) -> bool {
        self.0.as_ref().is_some_and(|shared| shared.prepared.is_some())
    }

    /// The prepared answer to a lookup of a stage. `None` if no answer is prepared.
    pub fn answer(&self, stage: &str, key: &str) -> Option<Value> {
        let shared = self.0.as_ref()?;
        let answers = shared.prepared.as_ref()?;
        let answer = answers.get(stage).and_then(|answers| answers.get(key)).cloned();
        shared.note(stage, key, answer.as_ref());
        answer
    }

    /// Keeps the answer of a service, if lookups are [recorded](Self::recorded).
    pub fn record(&self, stage: &str, key: &str, answer: &Value) {
        if let Some(shared) = self.0.as_ref().filter(|shared| shared.prepared.is_none()) {
            shared.note(stage, key, Some(answer));
        }
    }

    /// The lookups with their answers.
    pub fn answers(&self) -> LookupAnswers {
        let mut answers = LookupAnswers::new();
        for (stage, key, answer) in self.asked() {
            if let Some(answer) = answer {
                answers.entry(stage).or_default().insert(key, answer);
            }
        }
        answers
    }

    /// The stages and keys of lookups without a prepared answer.
    pub fn unanswered(&self) -> Vec<(String, String)> {
        let asked = self.asked().into_iter().filter(|(.., answer)| answer.is_none());
        asked.map(|(stage, key, _)| (stage, key)).collect()
    }

    /// The stages and keys of prepared answers that were not used.
    pub fn unused(&self) -> Vec<(String, String)> {
        let Some(shared) = &self.0 else { return Vec::new() };
        let asked = shared.lock();
        let is_asked = |stage: &str, key: &str| {
            asked.get(stage).is_some_and(|answers| answers.contains_key(key))
        };
        let prepared = shared.prepared.iter().flatten();
        let all = prepared.flat_map(|(stage, answers)| answers.keys().map(move |key| (stage, key)));
        let unused = all.filter(|(stage, key)| !is_asked(stage, key));
        unused.map(|(stage, key)| (stage.clone(), key.clone())).collect()
    }

    fn asked(&self) -> Vec<(String, String, Option<Value>)> {
        let Some(shared) = &self.0 else { return Vec::new() };
        let asked = shared.lock();
        let all = asked.iter().flat_map(|(stage, answers)| {
            answers.iter().map(move |(key, answer)| (stage.clone(), key.clone(), answer.clone()))
        });
        all.collect()
    }
}

impl Shared {
    fn note(&self, stage: &str, key: &str, answer: Option<&Value>) {
        let mut asked = self.lock();
        let answers = asked.entry(stage.to_owned()).or_default();
        answers.insert(key.to_owned(), answer.cloned());
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, Option<Value>>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers may be confidential.
impl fmt::Debug for Lookups {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match &self.0 {
            None => "Lookups(services)",
            Some(shared) if shared.prepared.is_some() => "Lookups(prepared)",
            Some(_) => "Lookups(recorded)",
        })
    }
}

/// Copies are equal.
impl PartialEq for Lookups {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for Lookups {}
