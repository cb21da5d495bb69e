//! Writes records as NDJSON, JSON and CSV; shared by the sinks that write bytes.
