//! Runs a pipeline: fetch, transform, deliver, commit.
