//! Sink `stdout`: writes records to standard output.
