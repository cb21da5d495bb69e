//! Turns a pipeline file into a checked pipeline, every mistake with its position.
