//! The body of one request.

use bytes::Bytes;
use taskferry_core::Origin;

/// Records that are being collected into a JSON array.
#[derive(Debug, Default)]
pub(crate) struct Parcel {
    /// `[` and the records so far, with commas between them.
    body: Vec<u8>,
    records: u32,
    first: Origin,
}

/// A JSON array of records, ready to be sent.
#[derive(Debug)]
pub(crate) struct ClosedParcel {
    pub(crate) body: Bytes,
    pub(crate) records: u32,
    /// Where the first record comes from.
    pub(crate) first: Origin,
}

impl Parcel {
    pub(crate) fn records(&self) -> u32 {
        self.records
    }

    /// Whether the array stays within `max_bytes` with this record in it. An empty one takes any record.
    pub(crate) fn has_room_for(&self, text: &str, max_bytes: u64) -> bool {
        let (separator, end) = (1, 1);
        self.records == 0 || (self.body.len() + separator + text.len() + end) as u64 <= max_bytes
    }

    pub(crate) fn add(&mut self, text: &str, origin: &Origin) {
        if self.records == 0 {
            self.first = origin.clone();
        }
        self.body.push(if self.records == 0 { b'[' } else { b',' });
        self.body.extend_from_slice(text.as_bytes());
        self.records += 1;
    }

    /// `None` when there is nothing in it.
    pub(crate) fn close(mut self) -> Option<ClosedParcel> {
        if self.records == 0 {
            return None;
        }
        self.body.push(b']');
        Some(ClosedParcel { body: self.body.into(), records: self.records, first: self.first })
    }
}

impl ClosedParcel {
    /// What is in it, for people: how many records, and where to find the first of them.
    pub(crate) fn content(&self) -> String {
        match (self.records, &self.first) {
            (1, first) => format!("{first}"),
            (records, first) => format!("{records} records from {first}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_kept_to_the_byte() {
        let mut parcel = Parcel::default();
        assert!(parcel.has_room_for("{\"far\":\"too large\"}", 1));
        parcel.add("{}", &Origin::default());
        let full = "[{},{}]".len() as u64;
        assert!(parcel.has_room_for("{}", full));
        assert!(!parcel.has_room_for("{}", full - 1));
        parcel.add("{}", &Origin::default());
        assert_eq!(parcel.close().unwrap().body, "[{},{}]");
    }

    #[test]
    fn nothing_is_no_parcel() {
        assert!(Parcel::default().close().is_none());
    }
}
