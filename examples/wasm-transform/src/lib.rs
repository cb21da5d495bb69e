//! A transform that drops tasks with too few weekly hours, as a WebAssembly component.

use std::sync::OnceLock;

use serde_json::Value;

wit_bindgen::generate!({ path: "transform.wit" });

struct MinHours;

/// The option `min_hours`.
static MIN_HOURS: OnceLock<f64> = OnceLock::new();

impl Guest for MinHours {
    fn configure(options: String) -> Result<(), String> {
        let options: Value = serde_json::from_str(&options).map_err(|error| error.to_string())?;
        let hours = options["min_hours"].as_f64().ok_or("`min_hours` must be a number")?;
        MIN_HOURS.set(hours).map_err(|_| "the options are already set".to_owned())
    }

    fn apply(record: String) -> Result<Vec<String>, String> {
        let mut job: Value = serde_json::from_str(&record).map_err(|error| error.to_string())?;
        let min = *MIN_HOURS.get().ok_or("the options are not set")?;
        let tasks = job["tasks"].as_array_mut().ok_or("`tasks` is not a list")?;
        tasks.retain(|task| task["weekly_hours"].as_f64().unwrap_or(0.0) >= min);
        Ok(vec![job.to_string()])
    }
}

export!(MinHours);
