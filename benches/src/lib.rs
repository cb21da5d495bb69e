//! Criterion benches of transforms, page splitting and formats.
