//! The state of the sink in a checkpoint.

use serde::{Deserialize, Serialize};
use serde_json::json;
use taskferry_sdk::{Delivery, SinkState};

/// The counts of a run and its resumptions. It contains no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DeliveryCounts {
    /// Identifies the receiver within the run without its address.
    pub(crate) receiver: String,
    /// Delivered and refused batches.
    pub(crate) batches: u64,
    /// Delivered records.
    pub(crate) records: u64,
    pub(crate) refused: u64,
    /// The size of the delivered bodies, after compression.
    pub(crate) bytes: u64,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    /// Bodies that were too large for the receiver and were split.
    pub(crate) halved: u64,
}

impl DeliveryCounts {
    pub(crate) fn read(state: &SinkState, receiver: &str) -> Result<Self, String> {
        let counts: Self = serde_json::from_value(state.get().clone())
            .map_err(|error| format!("the state of the webhook can't be read: {error}"))?;
        if counts.receiver == receiver {
            Ok(counts)
        } else {
            Err("the `url` of the webhook has changed".to_owned())
        }
    }

    pub(crate) fn state(&self) -> SinkState {
        SinkState::new(json!(self))
    }

    pub(crate) fn delivery(&self) -> Delivery {
        let halved = (self.halved > 0).then(|| {
            let (body, was) =
                if self.halved == 1 { ("body", "was") } else { ("bodies", "were") };
            format!(
                "{} {body} {was} too large for the receiver (413) and {was} split: lower `batch_bytes`",
                self.halved
            )
        });
        let mut delivery = Delivery::default();
        (delivery.records, delivery.bytes) = (self.records, self.bytes);
        (delivery.requests, delivery.retries) = (self.requests, self.retries);
        delivery.warnings.extend(halved);
        delivery
    }
}
