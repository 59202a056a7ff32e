//! ListAliases: of the account and Region, or of one key. The predefined aliases of AWS-managed keys that do not exist
//! yet are listed too, without a target.

use std::sync::Arc;

use claviger_store::Records;

use super::prelude::*;
use crate::create::MANAGED;
use crate::find::{self, Forms};
use crate::key::{Key, alias_arn};
use crate::page::{Bounds, Markers};
use crate::record::{AliasRecord, alias_path};

const BOUNDS: Bounds = Bounds { default: 50, max: 100 };

pub(super) struct ListAliases;

/// The key whose aliases are asked for, if one is, and where the page starts.
pub(super) struct Listing {
    account: NoResource,
    key: Option<Arc<Key>>,
    after: Option<Position>,
}

enum Position {
    /// Among the stored aliases.
    Stored(String),
    /// Among the predefined ones: from this index on.
    Predefined(usize),
}

impl Position {
    fn read(text: String) -> Self {
        match text.strip_prefix("predefined/").and_then(|index| index.parse().ok()) {
            Some(index) => Self::Predefined(index),
            None => Self::Stored(text),
        }
    }
}

impl Subject for Listing {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        self.account.permissions(action)
    }
}

impl Operation for ListAliases {
    type Service = Kms;
    const NAME: &'static str = "ListAliases";
    const ACTION: &'static str = "kms:ListAliases";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(500);
    type Input = kms::ListAliasesRequest;
    type Output = kms::ListAliasesResponse;
    type Error = kms::ListAliasesError;
    type Subject = Listing;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let filter = input.key_id.as_deref().unwrap_or_default();
        let markers = Markers::new(cx.system, cx.call, Self::NAME, filter);
        let after = markers.open::<Self::Error>(input.marker.as_deref()).await?.map(Position::read);
        let key = match &input.key_id {
            None => None,
            Some(id) => {
                let found = find::find::<Self::Error>(cx, id, Forms::NoAlias, false, Self::ACTION).await?;
                // Aliases belong to the account that made them; another account's key has none here.
                (found.key.record.account == cx.call.account()).then_some(found.key)
            }
        };
        Ok(Listing { account: NoResource::of(&cx), key, after })
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let limit = BOUNDS.limit(input.limit);
        let mut aliases = Vec::new();
        let mut next = None;
        let predefined_from = match &subject.after {
            Some(Position::Predefined(index)) => Some(*index),
            other => {
                let after = other.as_ref().and_then(|position| match position {
                    Position::Stored(cursor) => Some(cursor.as_str()),
                    Position::Predefined(_) => None,
                });
                let (index, prefix) = match (&subject.key, &input.key_id) {
                    (Some(key), _) => (Some("by_key"), format!("{}/", key.path)),
                    (None, _) => (None, cx.call.home()),
                };
                let store = &cx.system.store;
                let (rows, more) = store
                    .list::<AliasRecord>(index, &prefix, None, after, limit)
                    .await
                    .map_err(InternalFailure::new)?;
                aliases.extend(rows.into_iter().map(|row| entry(cx, row.record)));
                next = more;
                (next.is_none() && subject.key.is_none()).then_some(0)
            }
        };
        if let Some(from) = predefined_from.filter(|_| input.key_id.is_none()) {
            for (index, (service, _)) in MANAGED.iter().enumerate().skip(from) {
                let name = format!("alias/aws/{service}");
                let path = alias_path(cx.call.account(), &cx.call.region, &name);
                let made = cx.service.alias_target(cx.system, path).await.map_err(InternalFailure::from)?;
                if made.is_some() {
                    continue;
                }
                if aliases.len() == limit {
                    next = Some(format!("predefined/{index}"));
                    break;
                }
                let arn = alias_arn(cx.call.partition, &cx.call.region, cx.call.account(), &name);
                aliases.push(kms::AliasListEntry {
                    alias_name: Some(name),
                    alias_arn: Some(arn),
                    ..Default::default()
                });
            }
        }
        let truncated = next.is_some();
        let filter = input.key_id.as_deref().unwrap_or_default();
        let markers = Markers::new(cx.system, cx.call, Self::NAME, filter);
        Ok(Done::read(kms::ListAliasesResponse {
            aliases: Some(aliases),
            next_marker: markers.seal(next).await?,
            truncated: Some(truncated),
        }))
    }
}

fn entry(cx: KmsCx<'_>, alias: AliasRecord) -> kms::AliasListEntry {
    kms::AliasListEntry {
        alias_arn: Some(alias_arn(cx.call.partition, &alias.region, &alias.account, &alias.name)),
        alias_name: Some(alias.name),
        target_key_id: Some(alias.target),
        creation_date: Some(Timestamp(alias.created)),
        last_updated_date: Some(Timestamp(alias.updated)),
    }
}
