//! What `taskferry-json` promises: it reads what `serde_json` reads, and changes what is to be changed.

mod edit;
mod reading;
mod spelling;
mod suite;
mod writing;
