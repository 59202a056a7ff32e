//! What an operation on a trail is done to.

use claviger_pipeline::{Permission, Subject};
use claviger_policy::Values;
use claviger_shapes::cloudtrail::{InvalidHomeRegionException, ResourceNotFoundException, TrailNotFoundException};
use claviger_store::Stored;

use super::record::TrailRecord;

const TRAIL_TYPE: &str = "AWS::CloudTrail::Trail";

/// A trail a request names, there or not: whether it is there is told only to callers who may do the thing to it.
pub(crate) struct TrailSubject {
    found: Option<Stored<TrailRecord>>,
    /// Its ARN, or the one it would have.
    pub arn: String,
    owner: String,
    region: String,
    name: String,
}

impl TrailSubject {
    pub(crate) fn new(
        found: Option<Stored<TrailRecord>>,
        arn: String,
        owner: &str,
        region: &str,
        name: String,
    ) -> Self {
        Self { found, arn, owner: owner.to_owned(), region: region.to_owned(), name }
    }

    /// The trail, to be looked at from any Region.
    pub(crate) fn get<E: From<TrailNotFoundException>>(&self) -> Result<&Stored<TrailRecord>, E> {
        let message = || format!("Unknown trail: {} for the user: {}", self.name, self.owner);
        self.found.as_ref().ok_or_else(|| TrailNotFoundException::new(message()).into())
    }

    /// The trail, to be changed: only in its own Region.
    pub(crate) fn at_home<E>(&self) -> Result<&Stored<TrailRecord>, E>
    where
        E: From<TrailNotFoundException> + From<InvalidHomeRegionException>,
    {
        let trail = self.get::<E>()?;
        if trail.record.region == self.region {
            return Ok(trail);
        }
        let message = format!("The trail {} can only be changed in its home region {}.", self.arn, trail.record.region);
        Err(InvalidHomeRegionException::new(message).into())
    }

    /// The trail, for operations that name it as a resource.
    pub(crate) fn resource<E: From<ResourceNotFoundException>>(&self) -> Result<&Stored<TrailRecord>, E> {
        let message = || format!("The resource {} was not found.", self.arn);
        self.found.as_ref().ok_or_else(|| ResourceNotFoundException::new(message()).into())
    }

    /// The trail, if it is there.
    pub(crate) fn found(&self) -> Option<&Stored<TrailRecord>> {
        self.found.as_ref()
    }
}

impl Subject for TrailSubject {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        vec![Permission { resource: &self.arn, ..Permission::on_account(action, &self.owner) }]
    }

    fn condition(&self, _side: usize, key: &str) -> Option<Values<'_>> {
        let wanted = key.strip_prefix("aws:resourcetag/")?;
        let tags = &self.found.as_ref()?.record.tags;
        let (_, value) = tags.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(Values::One(value.as_str().into()))
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        match &self.found {
            Some(trail) if trail.record.region == self.region => vec![(&self.arn, &self.owner, TRAIL_TYPE)],
            _ => Vec::new(),
        }
    }
}

/// Several trails, each judged.
pub(crate) struct TrailSubjects(pub(crate) Vec<TrailSubject>);

impl Subject for TrailSubjects {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        self.0.iter().flat_map(|trail| trail.permissions(action)).collect()
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        self.0.get(side)?.condition(0, key)
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        self.0.iter().flat_map(Subject::resources).collect()
    }
}
