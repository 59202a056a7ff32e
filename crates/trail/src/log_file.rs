//! The files with the events.

use claviger_crypto::digest::sha256;

use crate::digest::LogEntry;
use crate::gzip::compress;
use crate::sink::Object;

const START: &[u8] = b"{\"Records\":[";
const END: &[u8] = b"]}";

/// Events on their way into a file.
#[derive(Clone, Debug, Default)]
pub struct Records {
    body: Vec<u8>,
    oldest: Option<String>,
    newest: Option<String>,
}

impl Records {
    /// Adds an event: one JSON object, and its `eventTime`.
    pub fn push(&mut self, record_json: &str, event_time: &str) {
        self.body.extend_from_slice(if self.body.is_empty() { START } else { b"," });
        self.body.extend_from_slice(record_json.as_bytes());
        // Times of one form compare as text.
        if self.oldest.as_deref().is_none_or(|oldest| event_time < oldest) {
            self.oldest = Some(event_time.to_owned());
        }
        if self.newest.as_deref().is_none_or(|newest| event_time > newest) {
            self.newest = Some(event_time.to_owned());
        }
    }

    /// The file under `key`; `None` without events: empty files are not written.
    pub fn into_file(mut self, bucket: &str, key: String) -> Option<LogFile> {
        let (oldest, newest) = self.oldest.zip(self.newest)?;
        self.body.extend_from_slice(END);
        let entry = LogEntry::new(bucket, &key, hex::encode(sha256(&self.body)), oldest, newest);
        Some(LogFile { object: Object::json(key, compress(&self.body)), entry })
    }
}

/// A log file: what is delivered, and how the next digest names it.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// The file.
    pub object: Object,
    /// Its line in the digest.
    pub entry: LogEntry,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decompress;

    #[test]
    fn holds_the_records_as_they_are_and_their_span() {
        let mut records = Records::default();
        records.push("{\"a\":1.0}", "2026-01-10T03:00:02Z");
        records.push("{\"b\":2}", "2026-01-10T03:00:01Z");
        let file = records.into_file("bucket", "key".to_owned()).unwrap();
        let content = decompress(&file.object.body).unwrap();
        assert_eq!(content, b"{\"Records\":[{\"a\":1.0},{\"b\":2}]}");
        // echo -n '{"Records":[{"a":1.0},{"b":2}]}' | sha256sum
        assert_eq!(file.entry.hash_value, "7dcf3343ce9d16a529118f4c7b7accbde47284c7edfcc755d3f59314c1a4b8be");
        assert_eq!(file.entry.oldest_event_time, "2026-01-10T03:00:01Z");
        assert_eq!(file.entry.newest_event_time, "2026-01-10T03:00:02Z");
        assert!(Records::default().into_file("bucket", "key".to_owned()).is_none());
    }
}
