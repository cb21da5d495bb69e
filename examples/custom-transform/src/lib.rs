//! A transform crate outside the built-in ones, with a runner of its own.
