//! The bucket of a trail: its name, whether it is there, whose it is.

use std::sync::Arc;

use claviger_pipeline::{Cx, Work, internal, offload};
use claviger_shapes::InternalFailure;
use claviger_shapes::cloudtrail::{
    InsufficientS3BucketPolicyException, InvalidS3BucketNameException, InvalidS3PrefixException,
    S3BucketDoesNotExistException,
};
use claviger_store::{Batch, Records};
use claviger_trail::sink::is_bucket_name;

use super::record::BucketRecord;
use crate::CloudTrail;

const PREFIX_CHARACTERS_MAX: usize = 200;

/// Checks the bucket of a trail. A bucket that no trail delivered to yet becomes the account's with `batch`.
pub(crate) async fn claim<E>(cx: Cx<'_, CloudTrail>, bucket: &str, batch: &mut Batch) -> Result<(), E>
where
    E: From<InvalidS3BucketNameException>
        + From<S3BucketDoesNotExistException>
        + From<InsufficientS3BucketPolicyException>
        + From<InternalFailure>,
{
    if !is_bucket_name(bucket) {
        return Err(InvalidS3BucketNameException::new(format!("The bucket name {bucket} is not valid.")).into());
    }
    let account = cx.call.account();
    let known = cx.system.store.load::<BucketRecord>(bucket).await;
    let known = known.map_err(InternalFailure::new)?;
    if known.as_ref().is_some_and(|known| known.record.owner != account) {
        let message = format!("Incorrect S3 bucket policy is detected for bucket: {bucket}");
        return Err(InsufficientS3BucketPolicyException::new(message).into());
    }
    if !exists(cx, bucket).await? {
        return Err(S3BucketDoesNotExistException::new(format!("S3 bucket {bucket} does not exist!")).into());
    }
    if known.is_none() {
        let (name, owner, region) = (bucket.to_owned(), account.to_owned(), cx.call.region.to_string());
        batch.insert(&BucketRecord { name, owner, region });
    }
    Ok(())
}

async fn exists(cx: Cx<'_, CloudTrail>, bucket: &str) -> Result<bool, InternalFailure> {
    let Some(target) = cx.service.trails.target.get() else { return Ok(false) };
    let (sink, make, name) = (Arc::clone(&target.sink), target.make_buckets, bucket.to_owned());
    let found = offload(Work::Short, move || {
        if make {
            sink.make_bucket(&name)?;
        }
        sink.has_bucket(&name)
    });
    Ok(found.await?.map_err(internal)?)
}

/// Refuses a prefix that could not be part of every key.
pub(crate) fn prefix<E: From<InvalidS3PrefixException>>(prefix: Option<&str>) -> Result<Option<String>, E> {
    let Some(prefix) = prefix.map(|prefix| prefix.trim_end_matches('/')).filter(|prefix| !prefix.is_empty()) else {
        return Ok(None);
    };
    if prefix.chars().count() > PREFIX_CHARACTERS_MAX {
        let message = format!("S3 key prefix too long. Maximum allowed length: {PREFIX_CHARACTERS_MAX} characters.");
        return Err(InvalidS3PrefixException::new(message).into());
    }
    // Characters that need no encoding in a URL, so that every client signs the same.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let parts = prefix.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !(parts && prefix.bytes().all(plain)) {
        return Err(InvalidS3PrefixException::new(format!("The S3 key prefix {prefix} is not valid.")).into());
    }
    Ok(Some(prefix.to_owned()))
}
