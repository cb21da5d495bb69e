//! Runs of the transform as the engine drives it.

use std::sync::Arc;

use serde_json::{Value, json};
use taskferry_sdk::jiff::{Timestamp, ToSpan};
use taskferry_sdk::testing::{Files, build};
use taskferry_sdk::{
    AnyTransform, Counters, OrderedTransform, Origin, Output, Record, RunContext, StageContext,
    StageDigest, StageError, TransformPlugin,
};
use taskferry_transform_changes::Changes;
use tempfile::TempDir;

/// The state folder of a pipeline, and its complete runs.
pub(crate) struct Pipeline {
    pub(crate) state: TempDir,
    pub(crate) options: Value,
    pub(crate) inputs: Vec<StageDigest>,
    /// The newest first.
    pub(crate) complete: Vec<String>,
    runs: i64,
}

/// What a run emitted and reported.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) records: Vec<Value>,
    pub(crate) counters: Counters,
    pub(crate) warnings: Vec<String>,
    pub(crate) refused: Vec<String>,
    pub(crate) withheld: u64,
}

impl Run {
    /// The id and the change of each record.
    pub(crate) fn changes(&self) -> Vec<String> {
        let text = |record: &Value| {
            let text = |name: &str| record[name].as_str().unwrap().to_owned();
            let fields = record["changed_fields"].as_array().unwrap();
            let fields: Vec<&str> = fields.iter().map(|field| field.as_str().unwrap()).collect();
            let words = [text("external_id"), text("change")];
            let words = words.iter().map(String::as_str).chain(fields);
            words.collect::<Vec<_>>().join(" ")
        };
        self.records.iter().map(text).collect()
    }
}

impl Pipeline {
    pub(crate) fn new(options: Value) -> Self {
        Self {
            state: tempfile::tempdir().unwrap(),
            options,
            inputs: vec![StageDigest::new("techwolf", "1")],
            complete: Vec::new(),
            runs: 0,
        }
    }

    /// The context of the next run, on the next day.
    pub(crate) fn context(&mut self) -> RunContext {
        self.runs += 1;
        let hours = (24 * self.runs).hours();
        let started_at = Timestamp::UNIX_EPOCH.checked_add(hours).unwrap();
        let mut run = RunContext::new("jobs", started_at, format!("run-{}", self.runs));
        run.state_dir = Some(self.state.path().to_owned());
        run.compared_with.clone_from(&run.state_dir);
        run.complete_runs.clone_from(&self.complete);
        run.stage = StageContext::new("changes", self.inputs.clone());
        run.resumable = true;
        run
    }

    pub(crate) fn open(
        &self,
        run: &RunContext,
        saved: Option<&Value>,
    ) -> Result<Stage, StageError> {
        let mut stage = match build(&self.options, &Files::new(), Changes::build).unwrap() {
            AnyTransform::Ordered(stage) => stage,
            other => panic!("{other:?}"),
        };
        stage.open(run)?;
        if let Some(saved) = saved {
            stage.restore(saved)?;
        }
        Ok(Stage {
            transform: stage,
            run: Run { id: run.run_id.clone(), ..Run::default() },
            index: 0,
        })
    }

    /// A complete run with these records.
    pub(crate) fn run(&mut self, records: &[Value]) -> Run {
        let context = self.context();
        self.run_as(&context, records)
    }

    pub(crate) fn run_as(&mut self, context: &RunContext, records: &[Value]) -> Run {
        let mut stage = self.open(context, None).unwrap();
        stage.apply_all(records);
        let run = stage.finish();
        if !context.dry_run && !context.replay && !context.is_sample {
            // As the engine does for runs of one listing.
            self.complete = vec![run.id.clone()];
        }
        run
    }

    /// The names of the files in the folder of the transform.
    pub(crate) fn files(&self) -> Vec<String> {
        let folder = self.state.path().join("changes");
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The content of the file of a run.
    pub(crate) fn file(&self, run_id: &str) -> Vec<u8> {
        let name = self.files().into_iter().find(|name| name.starts_with(run_id)).unwrap();
        std::fs::read(self.state.path().join("changes").join(name)).unwrap()
    }
}

/// An open transform.
pub(crate) struct Stage {
    pub(crate) transform: Box<dyn OrderedTransform>,
    run: Run,
    index: usize,
}

impl Stage {
    /// Applies the transform to a record of the job `job`, or its `external_id`.
    pub(crate) fn apply(&mut self, record: &Value) {
        let job = record.get("job").or(record.get("external_id")).and_then(Value::as_str);
        let origin = Origin { page: 1, cursor: None, index: self.index, job: job.map(Into::into) };
        self.index += 1;
        let mut out = Output::new();
        out.set_origin(Some(Arc::new(origin.clone())));
        let record = Record::parse(record.to_string()).unwrap();
        match self.transform.apply(record, &mut out) {
            Ok(()) => self.take(&mut out),
            Err(error) => {
                self.run.refused.push(error.full_message());
                self.transform.on_refused(&origin).unwrap();
            }
        }
    }

    pub(crate) fn apply_all(&mut self, records: &[Value]) {
        for record in records {
            self.apply(record);
        }
    }

    /// An earlier stage has refused a record of this job.
    pub(crate) fn refuse(&mut self, job: Option<&str>) {
        let origin = Origin { job: job.map(Into::into), ..Origin::default() };
        self.transform.on_refused(&origin).unwrap();
    }

    /// The state at the end of a page, as the checkpoint stores it.
    pub(crate) fn save(&self) -> Value {
        serde_json::from_str(&self.transform.save().unwrap().to_string()).unwrap()
    }

    /// The records so far.
    pub(crate) fn records(&self) -> Vec<Value> {
        self.run.records.clone()
    }

    pub(crate) fn finish(mut self) -> Run {
        let mut out = Output::new();
        self.transform.finish(&mut out).unwrap();
        self.take(&mut out);
        self.transform.save().unwrap();
        self.run.warnings = self.transform.warnings(1, &self.run.counters);
        self.run.withheld = self.transform.withheld_removals(&self.run.counters);
        self.run
    }

    fn take(&mut self, out: &mut Output) {
        out.add_counters_to(&mut self.run.counters);
        let records = out.drain_records().map(|record| record.to_json());
        self.run
            .records
            .extend(records.map(|record| serde_json::from_str::<Value>(&record).unwrap()));
    }
}

/// A job with a name.
pub(crate) fn job(id: &str, name: &str) -> Value {
    json!({"external_id": id, "name": name})
}

/// Jobs with these numbers.
pub(crate) fn jobs(numbers: impl IntoIterator<Item = usize>) -> Vec<Value> {
    numbers.into_iter().map(|number| job(&format!("j{number}"), "a job")).collect()
}
