//! The content of the served pages, counted independently of the contestants.

use serde::{Deserialize, Serialize};

/// The counted fields of a page.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// The jobs.
    pub records: Vec<Job>,
    /// The cursor of the next page.
    pub next_starting_after: Option<String>,
}

/// The counted fields of a job.
#[derive(Debug, Deserialize)]
pub struct Job {
    tasks: Vec<Task>,
}

#[derive(Debug, Deserialize)]
struct Task {
    ai_impact: Option<AiImpact>,
    weekly_hours: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct AiImpact {
    level: String,
}

/// The expected counts, with which outputs are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Responses.
    pub pages: usize,
    /// Jobs, which are the records of the first task.
    pub jobs: usize,
    /// Tasks of all jobs.
    pub tasks: usize,
    /// Tasks at H1 or H2, which are the records of the second task.
    pub rows: usize,
    /// Tasks of two hours a week or more, which are the records of the third-party transforms.
    pub long_tasks: usize,
    /// Bytes of all response bodies.
    pub bytes: usize,
}

impl Counted {
    /// Counts one page of `bytes`.
    ///
    /// ```
    /// use taskferry_bench_end_to_end::pages::{Counted, Page};
    ///
    /// let text = r#"{"records": [{"tasks": [{"ai_impact": {"level": "H1"}}, {"weekly_hours": 2.0}]}]}"#;
    /// let page: Page = serde_json::from_str(text).unwrap();
    /// let mut counted = Counted::default();
    /// counted.add(&page, text.len());
    /// assert_eq!((counted.jobs, counted.tasks, counted.rows, counted.long_tasks), (1, 2, 1, 1));
    /// ```
    pub fn add(&mut self, page: &Page, bytes: usize) {
        let tasks = || page.records.iter().flat_map(|job| &job.tasks);
        let levels = tasks().filter_map(|task| task.ai_impact.as_ref());
        self.pages += 1;
        self.jobs += page.records.len();
        self.tasks += tasks().count();
        self.rows += levels.filter(|impact| matches!(&*impact.level, "H1" | "H2")).count();
        self.long_tasks +=
            tasks().filter_map(|task| task.weekly_hours).filter(|hours| *hours >= 2.0).count();
        self.bytes += bytes;
    }
}
