//! ListObjects, in its first version: the files of a bucket in the order of their keys.

use claviger_pipeline::{Audit, Authorized, Cx, Done, Operation, Quota, internal};
use claviger_policy::Values;
use claviger_shapes::InternalFailure;
use claviger_wire::{s3, xml};
use serde::Serialize;

use super::answers::Answer;
use super::request::{S3Error, S3Request};
use super::subject::{BucketSubject, ask};
use crate::CloudTrail;

/// Keys of a page.
const KEYS_MAX: usize = 1000;

pub(super) struct ListObjects;

/// One file of the list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key: String,
    last_modified: String,
    size: u64,
    storage_class: &'static str,
}

impl Operation for ListObjects {
    type Service = CloudTrail;
    const NAME: &'static str = "ListObjects";
    const ACTION: &'static str = "s3:ListBucket";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Unlimited;
    type Input = S3Request;
    type Output = Answer;
    type Error = S3Error;
    type Subject = BucketSubject;

    async fn subject(cx: Cx<'_, CloudTrail>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(BucketSubject::find(cx, input, Self::ACTION).await?)
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        let limit = input.max_keys.as_deref().filter(|_| key == "s3:max-keys")?;
        Some(Values::One(limit.into()))
    }

    async fn run(
        cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let limit = match input.max_keys.as_deref().filter(|limit| !limit.is_empty()).map(str::parse::<usize>) {
            None => KEYS_MAX,
            Some(Ok(limit)) => limit.min(KEYS_MAX),
            Some(Err(_)) => {
                return Err(S3Error::invalid_argument("Provided max-keys not an integer or within integer range"));
            }
        };
        let encoded = match input.encoding_type.as_deref() {
            None | Some("") => false,
            Some("url") => true,
            Some(_) => return Err(S3Error::invalid_argument("Invalid Encoding Method specified in Request")),
        };
        let bucket = subject.bucket()?.name.clone();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (prefix, marker) = (text(&input.prefix), text(&input.marker));
        let listing = {
            let (bucket, prefix, marker) = (bucket.clone(), prefix.clone(), marker.clone());
            ask(cx, move |sink| sink.list(&bucket, &prefix, &marker, limit)).await?
        };
        let spell = |text: &str| if encoded { s3::encode(text) } else { text.to_owned() };
        let mut document = xml::Document::new("ListBucketResult", Some(s3::NAMESPACE));
        let entries = listing.objects.iter().map(|object| Entry {
            key: spell(&object.key),
            last_modified: object.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
            size: object.size,
            storage_class: "STANDARD",
        });
        let written = (|| {
            document.element("Name", &bucket)?;
            document.element("Prefix", &spell(&prefix))?;
            document.element("Marker", &spell(&marker))?;
            document.element("MaxKeys", &limit)?;
            if encoded {
                document.element("EncodingType", "url")?;
            }
            document.element("IsTruncated", &listing.truncated)?;
            entries.into_iter().try_for_each(|entry| document.element("Contents", &entry))
        })();
        written.map_err(|error: xml::Error| InternalFailure::from(internal(error)))?;
        Ok(Done::read(Answer::xml(document.finish())))
    }
}
