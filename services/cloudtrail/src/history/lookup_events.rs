//! LookupEvents: the caller's account's records in the Region of the call, newest first. Trails and their selectors have
//! no part in it.

use std::sync::Arc;

use claviger_audit_index::{Attribute, Facts, Filter, Found, Index, Page, Position, Within};
use claviger_pipeline::{
    Audit, Authorized, Cx, Done, NoResource, Operation, Permission, Quota, Subject, Work, internal, offload,
};
use claviger_policy::Values;
use claviger_shapes::cloudtrail::{
    Event, InvalidEventCategoryException, InvalidLookupAttributesException, InvalidMaxResultsException,
    InvalidTimeRangeException, LookupEventsError, LookupEventsRequest, LookupEventsResponse, Resource,
};
use claviger_shapes::{InternalFailure, Timestamp};

use super::tokens::Tokens;
use crate::CloudTrail;

/// Events of a page; more cannot be asked for.
const PAGE: i32 = 50;
/// Characters of an attribute's value.
const VALUE_CHARS_MAX: usize = 2000;
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// The one category besides management events. There are none of it here.
const INSIGHT: &str = "insight";

pub(super) struct LookupEvents;

/// A question that may be asked, and where its page starts.
pub(super) struct Question {
    account: NoResource,
    filter: Filter,
    after: Option<Position>,
    limit: usize,
    nothing: bool,
}

impl Subject for Question {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        self.account.permissions(action)
    }
}

impl Operation for LookupEvents {
    type Service = CloudTrail;
    const NAME: &'static str = "LookupEvents";
    const ACTION: &'static str = "cloudtrail:LookupEvents";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(2);
    type Input = LookupEventsRequest;
    type Output = LookupEventsResponse;
    type Error = LookupEventsError;
    type Subject = Question;

    async fn subject(cx: Cx<'_, CloudTrail>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let limit = input.max_results.unwrap_or(PAGE);
        if !(1..=PAGE).contains(&limit) {
            let text = format!("MaxResults must be between 1 and {PAGE}.");
            return Err(InvalidMaxResultsException::new(text).into());
        }
        let nothing = match input.event_category.as_deref() {
            None => false,
            Some(INSIGHT) => true,
            Some(_) => {
                let text = format!("EventCategory must be {INSIGHT}.");
                return Err(InvalidEventCategoryException::new(text).into());
            }
        };
        let filter = filter(cx, input)?;
        let tokens = Tokens::new(cx.system, cx.call, question(input));
        let after = tokens.open::<Self::Error>(input.next_token.as_deref()).await?;
        let limit = usize::try_from(limit).unwrap_or(1);
        Ok(Question { account: NoResource::of(&cx), filter, after, limit, nothing })
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let Page { found, next } = match &cx.service.history.book.get() {
            Some(book) if !subject.nothing => page(Arc::clone(&book.index), subject).await?,
            Some(_) => Page::default(),
            None => return Err(InternalFailure::new("there is no history to look into").into()),
        };
        let tokens = Tokens::new(cx.system, cx.call, question(input));
        let next_token = match next {
            Some(position) => Some(tokens.seal(position).await?),
            None => None,
        };
        let events = found.into_iter().filter_map(event).collect();
        Ok(Done::read(LookupEventsResponse { events: Some(events), next_token }))
    }
}

/// Everything a page token is bound to.
fn question(input: &LookupEventsRequest) -> String {
    let attributes = input.lookup_attributes.iter().flatten();
    let mut question = String::from("LookupEvents");
    for attribute in attributes {
        question.push_str(&format!("/{}={}", attribute.attribute_key, attribute.attribute_value));
    }
    let second = |at: &Option<Timestamp>| at.as_ref().map(|at| at.0.as_second());
    question.push_str(&format!(
        "/{:?}/{:?}/{:?}",
        second(&input.start_time),
        second(&input.end_time),
        input.event_category
    ));
    question
}

fn filter(cx: Cx<'_, CloudTrail>, input: &LookupEventsRequest) -> Result<Filter, LookupEventsError> {
    let attributes = input.lookup_attributes.as_deref().unwrap_or_default();
    if attributes.len() > 1 {
        let text = "LookupAttributes can have only one item.";
        return Err(InvalidLookupAttributesException::new(text).into());
    }
    let mut having = Vec::new();
    for attribute in attributes {
        let (key, value) = (&attribute.attribute_key, &attribute.attribute_value);
        let Some(known) = known(key) else {
            return Err(InvalidLookupAttributesException::new(format!("{key} is not a lookup attribute.")).into());
        };
        if value.is_empty() || value.chars().count() > VALUE_CHARS_MAX {
            let text = format!("The value of a lookup attribute has 1 to {VALUE_CHARS_MAX} characters.");
            return Err(InvalidLookupAttributesException::new(text).into());
        }
        having.push((known, value.clone()));
    }
    let second = |at: &Option<Timestamp>| at.as_ref().map(|at| at.0.as_second());
    let (start, end) = (second(&input.start_time), second(&input.end_time));
    if start.zip(end).is_some_and(|(start, end)| start > end) {
        return Err(InvalidTimeRangeException::new("StartTime must not be after EndTime.").into());
    }
    let days = cx.service.history.book.get().map_or(0, |book| book.days);
    let oldest = cx.call.now.as_second().saturating_sub(i64::from(days).saturating_mul(DAY_SECONDS));
    let within = Within { account: cx.call.account().to_owned(), region: cx.call.region.to_string() };
    let from = start.map_or(oldest, |start| start.max(oldest));
    Ok(Filter { within: Some(within), having, from: Some(from), until: end })
}

/// The attributes by their names in the API.
fn known(key: &str) -> Option<Attribute> {
    Some(match key {
        "EventId" => Attribute::EventId,
        "EventName" => Attribute::EventName,
        "ReadOnly" => Attribute::ReadOnly,
        "Username" => Attribute::Username,
        "ResourceType" => Attribute::ResourceType,
        "ResourceName" => Attribute::ResourceName,
        "EventSource" => Attribute::EventSource,
        "AccessKeyId" => Attribute::AccessKeyId,
        _ => return None,
    })
}

async fn page(index: Arc<Index>, subject: &Question) -> Result<Page, InternalFailure> {
    let (filter, after, limit) = (subject.filter.clone(), subject.after, subject.limit);
    let looked_up = offload(Work::Long, move || {
        // What was answered before this call is found by it.
        index.catch_up()?;
        index.find(&filter, after, limit)
    });
    let found = looked_up.await?;
    found.map_err(|error| internal(error).into())
}

fn event(found: Found) -> Option<Event> {
    let facts = Facts::of(&found.json)?;
    let resources = facts.resources.into_iter();
    Some(Event {
        event_id: Some(facts.event_id),
        event_name: Some(facts.name),
        read_only: Some(facts.read_only.to_string()),
        access_key_id: facts.access_key,
        event_time: Some(Timestamp(facts.time)),
        event_source: Some(facts.source),
        username: facts.user,
        resources: Some(
            resources.map(|(resource_type, name)| Resource { resource_type, resource_name: Some(name) }).collect(),
        ),
        cloud_trail_event: Some(found.json),
    })
}
