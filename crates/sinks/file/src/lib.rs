//! Sink `file`: writes records to a file that appears under its name only when complete.
