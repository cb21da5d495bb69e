//! Counters that workers write and whoever watches the run reads.

use std::sync::atomic::{AtomicU64, Ordering};

use taskferry_core::{OnError, Pipeline, TransformStage};

/// How far a run is. Counters only grow; reading them is cheap and needs no lock.
#[derive(Debug)]
pub struct Progress {
    /// What was read.
    pub source: SourceProgress,
    /// What went through each transform of the pipeline, in order.
    pub transforms: Vec<TransformProgress>,
    /// What was delivered to each sink, in order.
    pub sinks: Vec<SinkProgress>,
}

/// What was read from the source.
#[derive(Debug, Default)]
pub struct SourceProgress {
    pages: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
}

/// What went through one transform.
#[derive(Debug)]
pub struct TransformProgress {
    /// The transform's name.
    pub name: String,
    /// The plugin's type.
    pub type_name: &'static str,
    /// Whether records that it refuses are left out instead of ending the run.
    pub(crate) skips: bool,
    records_in: AtomicU64,
    records_out: AtomicU64,
    failed: AtomicU64,
}

/// What was delivered to one sink.
#[derive(Debug)]
pub struct SinkProgress {
    /// The sink's name.
    pub name: String,
    /// The plugin's type.
    pub type_name: &'static str,
    /// What went through each of its own transforms, in order.
    pub transforms: Vec<TransformProgress>,
    records: AtomicU64,
    pages: AtomicU64,
}

impl Progress {
    /// Counters for a pipeline, all zero.
    pub fn new(pipeline: &Pipeline) -> Self {
        let transforms =
            |stages: &[TransformStage]| stages.iter().map(TransformProgress::new).collect();
        let sinks = pipeline.sinks.iter().map(|stage| SinkProgress {
            name: stage.name.clone(),
            type_name: stage.type_name,
            transforms: transforms(&stage.transforms),
            records: AtomicU64::default(),
            pages: AtomicU64::default(),
        });
        Self {
            source: SourceProgress::default(),
            transforms: transforms(&pipeline.transforms),
            sinks: sinks.collect(),
        }
    }
}

impl SourceProgress {
    pub(crate) fn add_page(&self, records: usize, bytes: u64) {
        add(&self.pages, 1);
        add(&self.records, records as u64);
        add(&self.bytes, bytes);
    }

    /// Pages read.
    pub fn pages(&self) -> u64 {
        read(&self.pages)
    }

    /// Records in these pages.
    pub fn records(&self) -> u64 {
        read(&self.records)
    }

    /// Bytes of these pages, after decompression.
    pub fn bytes(&self) -> u64 {
        read(&self.bytes)
    }
}

impl TransformProgress {
    fn new(stage: &TransformStage) -> Self {
        Self {
            name: stage.name.clone(),
            type_name: stage.type_name,
            skips: stage.on_error == OnError::Skip,
            records_in: AtomicU64::default(),
            records_out: AtomicU64::default(),
            failed: AtomicU64::default(),
        }
    }

    pub(crate) fn add(&self, records_in: usize, records_out: usize, failed: u64) {
        add(&self.records_in, records_in as u64);
        add(&self.records_out, records_out as u64);
        add(&self.failed, failed);
    }

    /// Records it was given.
    pub fn records_in(&self) -> u64 {
        read(&self.records_in)
    }

    /// Records it emitted.
    pub fn records_out(&self) -> u64 {
        read(&self.records_out)
    }

    /// Records it refused.
    pub fn failed(&self) -> u64 {
        read(&self.failed)
    }
}

impl SinkProgress {
    pub(crate) fn add_committed(&self, records: usize) {
        add(&self.records, records as u64);
        add(&self.pages, 1);
    }

    /// Records it has committed.
    pub fn records(&self) -> u64 {
        read(&self.records)
    }

    /// Pages it has committed.
    pub fn pages(&self) -> u64 {
        read(&self.pages)
    }
}

fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
