//! The taskferry binary, and a runner for binaries with transforms of your own.
