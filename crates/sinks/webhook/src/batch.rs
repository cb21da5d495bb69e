//! From the records of a batch to the bodies of requests.

use std::ops::Range;

use bytes::Bytes;
use taskferry_sdk::Record;

use crate::event::{Envelope, EventMode};
use crate::key::{Keys, Place};

/// How bodies are made.
#[derive(Debug)]
pub(crate) struct Packing {
    pub(crate) limits: Limits,
    /// Without one, records are sent as they are.
    pub(crate) envelope: Option<Envelope>,
    pub(crate) keys: Keys,
}

/// How much one request carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) records: usize,
    /// Before compression.
    pub(crate) bytes: u64,
}

/// The records of one batch, on their way into parcels.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    packing: &'a Packing,
    records: &'a [Record],
    places: Vec<Place<'a>>,
}

/// What one request carries.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// Which records of the batch.
    pub(crate) records: Range<usize>,
    pub(crate) body: Bytes,
    /// The `Idempotency-Key`.
    pub(crate) key: String,
}

impl Packing {
    fn mode(&self) -> Option<EventMode> {
        self.envelope.as_ref().map(|envelope| envelope.mode)
    }
}

impl<'a> Load<'a> {
    pub(crate) fn new(packing: &'a Packing, records: &'a [Record]) -> Self {
        Self { packing, records, places: Place::all(records) }
    }

    /// All records in order, as many in each parcel as the limits allow.
    pub(crate) fn parcels(&self) -> impl Iterator<Item = Parcel> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let parcel = self.pack(start..self.records.len())?;
            start = parcel.records.end;
            Some(parcel)
        })
    }

    pub(crate) fn content_type(&self) -> &'static str {
        match self.packing.mode() {
            None => "application/json",
            Some(EventMode::Structured) => "application/cloudevents+json",
            Some(EventMode::Batched) => "application/cloudevents-batch+json",
        }
    }

    /// The same records in two parcels; `None` when there is only one record.
    pub(crate) fn halves(&self, parcel: &Parcel) -> Option<(Parcel, Parcel)> {
        let Range { start, end } = parcel.records;
        let middle = start + (end - start) / 2;
        // A half of what was within the limits is within them.
        if middle > start { self.pack(start..middle).zip(self.pack(middle..end)) } else { None }
    }

    /// What is in a parcel, for people: how many records, and where to find the first of them.
    pub(crate) fn content(&self, parcel: &Parcel) -> String {
        let first = self.places.get(parcel.records.start).map(|place| place.origin().to_string());
        let first = first.unwrap_or_default();
        match parcel.records.len() {
            1 => first,
            records => format!("{records} records from {first}"),
        }
    }

    /// As many of these records as one request may carry, at least one; `None` when there are none.
    fn pack(&self, records: Range<usize>) -> Option<Parcel> {
        let (open, close) = match self.packing.mode() {
            Some(EventMode::Structured) => ("", ""),
            _ => ("[", "]"),
        };
        let Limits { records: most, bytes: largest } = self.packing.limits;
        let first = self.places.get(records.start)?;
        let (mut body, mut end) = (open.as_bytes().to_vec(), records.start);
        for index in records.clone().take(most) {
            let before = body.len();
            if index > records.start {
                body.push(b',');
            }
            self.write(index, &mut body);
            if index > records.start && (body.len() + close.len()) as u64 > largest {
                body.truncate(before);
                break;
            }
            end = index + 1;
        }
        body.extend_from_slice(close.as_bytes());
        let key = self.packing.keys.batch(first, &body);
        Some(Parcel { records: records.start..end, body: body.into(), key })
    }

    fn write(&self, index: usize, body: &mut Vec<u8>) {
        let (Some(record), Some(place)) = (self.records.get(index), self.places.get(index)) else {
            return;
        };
        let text = record.to_json();
        match &self.packing.envelope {
            None => body.extend_from_slice(text.as_bytes()),
            Some(envelope) => {
                let id = self.packing.keys.event(place, text.as_bytes());
                envelope.write(&id, record, &text, body);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskferry_sdk::RunContext;

    fn packing(records: usize, bytes: u64) -> Packing {
        let run = RunContext::new("p", "2026-11-23T20:42:43Z".parse().unwrap(), "r1");
        let keys = Keys::new(&run, "u");
        Packing { limits: Limits { records, bytes }, envelope: None, keys }
    }

    fn bodies(packing: &Packing, records: &[&'static str]) -> Vec<Bytes> {
        let records: Vec<Record> =
            records.iter().map(|text| Record::parse(*text).unwrap()).collect();
        Load::new(packing, &records).parcels().map(|parcel| parcel.body).collect()
    }

    #[test]
    fn the_size_is_kept_to_the_byte() {
        let full = "[{},{}]".len() as u64;
        assert_eq!(bodies(&packing(9, full), &["{}", "{}"]), ["[{},{}]"]);
        assert_eq!(bodies(&packing(9, full - 1), &["{}", "{}"]), ["[{}]", "[{}]"]);
        assert_eq!(bodies(&packing(9, 1), &["{}", "\"long\"", "1"]), ["[{}]", "[\"long\"]", "[1]"]);
    }

    #[test]
    fn nothing_is_no_parcel() {
        assert!(bodies(&packing(9, 9), &[]).is_empty());
    }

    #[test]
    fn halves_hold_the_same_records_under_keys_of_their_own() {
        let packing = packing(9, 99);
        let records = [1, 2, 2, 2].map(|number| Record::parse(number.to_string()).unwrap());
        let load = Load::new(&packing, &records);
        let whole = load.parcels().next().unwrap();
        let (left, right) = load.halves(&whole).unwrap();
        assert_eq!((&left.body[..], &right.body[..]), (&b"[1,2]"[..], &b"[2,2]"[..]));
        let (second, third) = load.halves(&right).unwrap();
        assert_eq!(second.body, third.body);
        assert_ne!(second.key, third.key);
        assert!(load.halves(&third).is_none());
    }
}
