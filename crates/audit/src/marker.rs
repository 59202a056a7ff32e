//! Records the log writes about itself.
//!
//! They have the shape of every other record, so that readers need no second parser, but no recipient account: no
//! customer ever gets to see them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chain::Head;
use crate::event::{Event, Kind};
use crate::identity::Identity;

/// `eventSource` and `invokedBy` of the log's own records.
pub const SELF_SOURCE: &str = "claviger";
/// `eventName`: the end of the log was damaged when it was opened, and was cut off.
pub const TAIL_CUT: &str = "AuditLogTailCut";
/// `eventName`: records can be written again after they could not.
pub const RESUMED: &str = "AuditLogResumed";
/// `eventName`: the log did not end where its last anchor says when it was opened.
pub const NOT_AS_ANCHORED: &str = "AuditLogNotAsAnchored";

/// `eventName`: the file being written was deleted or exchanged underneath, and was put back.
pub const FILE_RESTORED: &str = "AuditLogFileRestored";

/// How every record of the log about itself begins.
const BEGIN: &[u8] = br#"{"eventVersion":"1.11","userIdentity":{"type":"AWSService","invokedBy":"claviger"},"#;

/// The end of a log was damaged when it was opened, and was cut off: usually the last write of a process that was
/// killed, whose calls were never answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TailCut {
    /// The file that was cut.
    pub file: String,
    /// The number the first record cut off would have had.
    pub sequence: u64,
    /// How many bytes were cut off.
    pub cut_bytes: u64,
    /// How many whole, well-formed records were among them. More than none means that more than a last write was lost.
    pub cut_records: u64,
    /// SHA-256 of the bytes cut off, in hexadecimal.
    pub cut_sha256: String,
    /// The file they were kept in; none when they were only the beginning of one record.
    pub kept_as: Option<String>,
}

/// For some time records could not be written, and the calls they belonged to failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outage {
    /// When writing failed first.
    pub since: Timestamp,
    /// How many records were given up.
    pub dropped_records: u64,
}

/// Somebody deleted the file that was being written, or put another in its place. Its records were still there for the
/// process that had it open, which wrote them back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// The name of the file.
    pub file: String,
    /// The name under which the one found in its place was kept; none when nothing was there.
    pub found_kept_as: Option<String>,
}

/// The end of a log was not where the last anchor says when it was opened: somebody cut it, put something behind it, or
/// exchanged it; or an older copy was put in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mismatch {
    /// The number of the anchored record.
    pub anchored_sequence: u64,
    /// Its hash, in hexadecimal.
    pub anchored_hash: String,
    /// Whether the log had been closed after it.
    pub closed: bool,
    /// The number of the last good record found.
    pub found_sequence: u64,
    /// Its hash, in hexadecimal.
    pub found_hash: String,
}

/// Something the log noted about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// See [`TailCut`].
    TailCut(TailCut),
    /// See [`Outage`].
    Resumed(Outage),
    /// See [`Mismatch`].
    NotAsAnchored(Mismatch),
    /// See [`Restored`].
    FileRestored(Restored),
}

impl Note {
    /// The note as a record to be chained after `head`.
    pub(crate) fn record(&self, time: Timestamp, head: &Head) -> Vec<u8> {
        let (name, details) = match self {
            Self::TailCut(cut) => (TAIL_CUT, serde_json::value::to_raw_value(cut)),
            Self::Resumed(outage) => (RESUMED, serde_json::value::to_raw_value(outage)),
            Self::FileRestored(restored) => (FILE_RESTORED, serde_json::value::to_raw_value(restored)),
            Self::NotAsAnchored(mismatch) => (NOT_AS_ANCHORED, serde_json::value::to_raw_value(mismatch)),
        };
        let details = details.unwrap_or_else(|_| RawValue::NULL.to_owned());
        // Unique without asking for randomness: no other record follows this head.
        let mut id = [0; 16];
        id.copy_from_slice(&head.hash[..16]);
        let id = uuid::Builder::from_custom_bytes(id).into_uuid().to_string();
        let mut record = Vec::new();
        Event {
            event_id: &id,
            request_id: "",
            time,
            identity: Identity::Service { invoked_by: SELF_SOURCE },
            source: SELF_SOURCE,
            name,
            region: "",
            source_ip: "",
            user_agent: "",
            error: None,
            request_parameters: None,
            response_elements: None,
            additional: None,
            read_only: false,
            resources: &[],
            recipient_account: "",
            shared_event_id: None,
            tls: None,
            kind: Kind::ServiceEvent { details: &details },
        }
        .write_json(&mut record);
        record
    }

    /// Reads a record back, if it is one of the log about itself.
    pub(crate) fn read(record: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Shape<'a> {
            event_name: &'a str,
            #[serde(borrow)]
            service_event_details: &'a RawValue,
        }
        if !record.starts_with(BEGIN) {
            return None;
        }
        let shape: Shape<'_> = serde_json::from_slice(record).ok()?;
        let details = shape.service_event_details.get();
        match shape.event_name {
            TAIL_CUT => serde_json::from_str(details).ok().map(Self::TailCut),
            RESUMED => serde_json::from_str(details).ok().map(Self::Resumed),
            FILE_RESTORED => serde_json::from_str(details).ok().map(Self::FileRestored),
            NOT_AS_ANCHORED => serde_json::from_str(details).ok().map(Self::NotAsAnchored),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_read_back_and_other_records_are_none() {
        let head = Head { sequence: 3, hash: [7; 32] };
        let time: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let cut = Note::TailCut(TailCut {
            file: "audit-00000000000000000001.jsonl".into(),
            sequence: 4,
            cut_bytes: 17,
            cut_records: 0,
            cut_sha256: "ab".into(),
            kept_as: None,
        });
        let resumed = Note::Resumed(Outage { since: time, dropped_records: 9 });
        let mismatch = Note::NotAsAnchored(Mismatch {
            anchored_sequence: 9,
            anchored_hash: "cd".into(),
            closed: true,
            found_sequence: 3,
            found_hash: "ab".into(),
        });
        let restored = Note::FileRestored(Restored { file: "audit-1.jsonl".into(), found_kept_as: None });
        for note in [cut, resumed, mismatch, restored] {
            let record = note.record(time, &head);
            assert_eq!(Note::read(&record), Some(note));
            let json: serde_json::Value = serde_json::from_slice(&record).unwrap();
            assert_eq!(json["eventID"], "07070707-0707-8707-8707-070707070707");
            assert!(json.get("recipientAccountId").is_none());
        }
        assert_eq!(Note::read(br#"{"eventName":"AuditLogResumed"}"#), None);
    }
}
