//! Sink `webhook`: posts records as JSON batches.
