//! The signed hourly files that chain log files together.

use claviger_crypto::digest::sha256;
use claviger_crypto::key_pair::{Message, PrivateKey, SigningAlgorithm};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gzip::compress;
use crate::names::Place;
use crate::public_key::{fingerprint, public_key};
use crate::sink::Object;

/// How digests are signed: RSASSA-PKCS1-v1_5 with SHA-256.
pub const SIGNATURE_ALGORITHM: &str = "SHA256withRSA";
const HASH_ALGORITHM: &str = "SHA-256";

/// A log file as a digest names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    s3_bucket: String,
    s3_object: String,
    /// Lower hex SHA-256 of the uncompressed file.
    pub hash_value: String,
    hash_algorithm: String,
    /// `eventTime` of its newest event.
    pub newest_event_time: String,
    /// `eventTime` of its oldest event.
    pub oldest_event_time: String,
}

impl LogEntry {
    pub(crate) fn new(bucket: &str, key: &str, hash_value: String, oldest: String, newest: String) -> Self {
        Self {
            s3_bucket: bucket.to_owned(),
            s3_object: key.to_owned(),
            hash_value,
            hash_algorithm: HASH_ALGORITHM.to_owned(),
            newest_event_time: newest,
            oldest_event_time: oldest,
        }
    }
}

/// What the next digest says of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    bucket: String,
    object: String,
    hash: String,
    signature: String,
}

/// One hour of a trail in one Region.
#[derive(Clone, Copy, Debug)]
pub struct Digest<'a> {
    /// The bucket it is delivered to.
    pub bucket: &'a str,
    /// Where in the bucket.
    pub place: Place<'a>,
    /// The Region whose log files it names.
    pub region: &'a str,
    /// The end of the digest before, or the start of the chain.
    pub start: Timestamp,
    /// The end of the hour.
    pub end: Timestamp,
    /// The digest before; `None` starts a chain.
    pub previous: Option<&'a Link>,
    /// The log files delivered in this hour.
    pub logs: &'a [LogEntry],
}

/// A digest could not be signed: the key is of the wrong kind, or the library failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest could not be signed")]
pub struct SignError;

/// The file's members in CloudTrail's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    aws_account_id: &'a str,
    digest_start_time: String,
    digest_end_time: String,
    digest_s3_bucket: &'a str,
    digest_s3_object: &'a str,
    digest_public_key_fingerprint: &'a str,
    digest_signature_algorithm: &'static str,
    newest_event_time: Option<&'a str>,
    oldest_event_time: Option<&'a str>,
    previous_digest_s3_bucket: Option<&'a str>,
    previous_digest_s3_object: Option<&'a str>,
    previous_digest_hash_value: Option<&'a str>,
    previous_digest_hash_algorithm: Option<&'static str>,
    previous_digest_signature: Option<&'a str>,
    log_files: &'a [LogEntry],
}

impl Digest<'_> {
    /// The signed file, and what its successor says of it. An RSA signature takes about a millisecond.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, key: &PrivateKey) -> Result<(Object, Link), SignError> {
        let public = public_key(key.public_key()).ok_or(SignError)?;
        let object = self.place.digest_key(self.region, self.end);
        let body = self.body(&object, &fingerprint(&public))?;
        let hash = hex::encode(sha256(&body));
        let to_sign = self.string_to_sign(&object, &hash);
        let signature = key.sign(SigningAlgorithm::RsaPkcs1Sha256, Message::Raw(to_sign.as_bytes()));
        let signature = hex::encode(signature.map_err(|_| SignError)?);
        let link = Link { bucket: self.bucket.to_owned(), object: object.clone(), hash, signature: signature.clone() };
        let mut file = Object::json(object, compress(&body));
        file.metadata.insert("signature".to_owned(), signature);
        file.metadata.insert("signature-algorithm".to_owned(), SIGNATURE_ALGORITHM.to_owned());
        Ok((file, link))
    }

    fn body(&self, object: &str, fingerprint: &str) -> Result<Vec<u8>, SignError> {
        let previous = self.previous;
        let body = Body {
            aws_account_id: self.place.account,
            digest_start_time: second(self.start),
            digest_end_time: second(self.end),
            digest_s3_bucket: self.bucket,
            digest_s3_object: object,
            digest_public_key_fingerprint: fingerprint,
            digest_signature_algorithm: SIGNATURE_ALGORITHM,
            newest_event_time: self.logs.iter().map(|log| &*log.newest_event_time).max(),
            oldest_event_time: self.logs.iter().map(|log| &*log.oldest_event_time).min(),
            previous_digest_s3_bucket: previous.map(|link| &*link.bucket),
            previous_digest_s3_object: previous.map(|link| &*link.object),
            previous_digest_hash_value: previous.map(|link| &*link.hash),
            previous_digest_hash_algorithm: previous.map(|_| HASH_ALGORITHM),
            previous_digest_signature: previous.map(|link| &*link.signature),
            log_files: self.logs,
        };
        serde_json::to_vec(&body).map_err(|_| SignError)
    }

    /// Chained by the previous signature, not by the previous hash; a chain starts with the word `null`.
    fn string_to_sign(&self, object: &str, hash: &str) -> String {
        let previous = self.previous.map_or("null", |link| &link.signature);
        format!("{}\n{}/{object}\n{hash}\n{previous}", second(self.end), self.bucket)
    }
}

fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Records, TRAIL_KEY_KIND, decompress};
    use claviger_crypto::key_pair::PrivateKey;

    const PLACE: Place<'_> = Place { prefix: None, account: "111122223333", trail: "t", home_region: "us-east-1" };

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn json(object: &Object) -> serde_json::Value {
        serde_json::from_slice(&decompress(&object.body).unwrap()).unwrap()
    }

    /// Members, nulls and the string that is signed follow the published form of digest files.
    #[test]
    fn digests_are_chained_by_signatures_that_hold() {
        let key = PrivateKey::generate(TRAIL_KEY_KIND).unwrap();
        let mut records = Records::default();
        records.push("{}", "2026-01-10T02:30:00Z");
        let log = records.into_file("b", "log".to_owned()).unwrap();
        let first = Digest {
            bucket: "b",
            place: PLACE,
            region: "us-east-1",
            start: time("2026-01-10T02:00:00Z"),
            end: time("2026-01-10T03:00:00Z"),
            previous: None,
            logs: &[log.entry],
        };
        let (file, link) = first.sign(&key).unwrap();
        let body = json(&file);
        for null in ["S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature"] {
            assert_eq!(body.get(format!("previousDigest{null}")), Some(&serde_json::Value::Null), "{null}");
        }
        assert_eq!(body["digestEndTime"], "2026-01-10T03:00:00Z");
        assert_eq!(body["digestS3Object"], file.key);
        assert_eq!(body["newestEventTime"], "2026-01-10T02:30:00Z");
        assert_eq!(body["logFiles"][0]["s3Object"], "log");
        let hash = hex::encode(sha256(&decompress(&file.body).unwrap()));
        let expected = format!("2026-01-10T03:00:00Z\nb/{}\n{hash}\nnull", file.key);
        let verify = |text: &str, file: &Object| {
            let signature = hex::decode(&file.metadata["signature"]).unwrap();
            let public = key.public_key();
            public.verify(SigningAlgorithm::RsaPkcs1Sha256, Message::Raw(text.as_bytes()), &signature) == Ok(Ok(()))
        };
        assert!(verify(&expected, &file));
        assert!(!verify(&expected.replace("null", "nul"), &file));

        let second =
            Digest { start: first.end, end: time("2026-01-10T04:00:00Z"), previous: Some(&link), logs: &[], ..first };
        let (next, _) = second.sign(&key).unwrap();
        let body = json(&next);
        assert_eq!(body["previousDigestHashValue"], hash);
        assert_eq!(body["previousDigestSignature"], file.metadata["signature"]);
        assert_eq!((&body["logFiles"], &body["newestEventTime"]), (&serde_json::json!([]), &serde_json::Value::Null));
        let hash = hex::encode(sha256(&decompress(&next.body).unwrap()));
        assert!(verify(
            &format!("2026-01-10T04:00:00Z\nb/{}\n{hash}\n{}", next.key, file.metadata["signature"]),
            &next
        ));
        assert_eq!(next.metadata["signature-algorithm"], "SHA256withRSA");
    }

    #[test]
    fn other_kinds_of_key_do_not_sign() {
        let key = PrivateKey::generate(claviger_crypto::key_pair::KeyPairKind::P256).unwrap();
        let (start, end) = (time("2026-01-10T02:00:00Z"), time("2026-01-10T03:00:00Z"));
        let digest = Digest { bucket: "b", place: PLACE, region: "r", start, end, previous: None, logs: &[] };
        assert_eq!(digest.sign(&key).unwrap_err(), SignError);
    }
}
