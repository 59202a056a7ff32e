//! What the index reads of a record.

use std::borrow::Cow;

use serde::Deserialize;

/// The type of a key among a record's resources.
const KEY: &str = "AWS::KMS::Key";

/// The members that matter here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seen<'a> {
    #[serde(borrow, default)]
    user_identity: Who<'a>,
    #[serde(borrow, default)]
    event_time: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) event_source: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) event_name: Cow<'a, str>,
    #[serde(borrow, default)]
    aws_region: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) error_code: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "eventID")]
    event_id: Cow<'a, str>,
    #[serde(default)]
    pub(crate) read_only: bool,
    #[serde(borrow, default)]
    pub(crate) resources: Vec<On<'a>>,
    #[serde(borrow, default, rename = "recipientAccountId")]
    pub(crate) account: Cow<'a, str>,
}

/// `userIdentity`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Who<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    principal_id: Cow<'a, str>,
    #[serde(borrow, default)]
    arn: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    access_key_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    user_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    invoked_by: Option<Cow<'a, str>>,
}

/// One of `resources`.
#[derive(Deserialize)]
pub(crate) struct On<'a> {
    #[serde(borrow, default, rename = "ARN")]
    pub(crate) arn: Cow<'a, str>,
    #[serde(borrow, default, rename = "type")]
    pub(crate) kind: Option<Cow<'a, str>>,
}

impl On<'_> {
    /// Whether it is a key, and not an alias that is typed as one.
    pub(crate) fn is_key(&self) -> bool {
        self.kind.as_deref() == Some(KEY) && self.arn.contains(":key/")
    }
}

impl Seen<'_> {
    /// When, in seconds since 1970.
    pub(crate) fn time(&self) -> i64 {
        self.event_time.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second)
    }

    /// The Region in whose history it is found: what a global service does is found in the one it lives in.
    pub(crate) fn region(&self) -> &str {
        if self.event_source != "iam.amazonaws.com" {
            return &self.aws_region;
        }
        match &*self.aws_region {
            region if region.starts_with("cn-") => "cn-north-1",
            region if region.starts_with("us-gov-") => "us-gov-west-1",
            _ => "us-east-1",
        }
    }

    /// The event's id: the bytes of a UUID, or the text if it is none.
    pub(crate) fn event(&self) -> Vec<u8> {
        event(&self.event_id)
    }

    /// The name by which people know the caller: of a user, a session, a token's subject; `root`.
    pub(crate) fn user(&self) -> Option<&str> {
        let who = &self.user_identity;
        match &*who.kind {
            "Root" => Some("root"),
            "AssumedRole" | "FederatedUser" => who.principal_id.split_once(':').map(|(_, session)| session),
            _ => who.user_name.as_deref(),
        }
    }

    pub(crate) fn access_key(&self) -> Option<&str> {
        self.user_identity.access_key_id.as_deref()
    }

    /// The caller, as exactly as the record tells: by ARN if there is one.
    pub(crate) fn caller(&self) -> &str {
        let who = &self.user_identity;
        let told = [who.arn.as_deref(), Some(&*who.principal_id), who.invoked_by.as_deref()];
        told.into_iter().flatten().find(|told| !told.is_empty()).unwrap_or("unknown")
    }

    /// Whether this is the copy of another account's call that the owner of what it used gets.
    pub(crate) fn is_copy(&self) -> bool {
        self.user_identity.kind == "AWSAccount"
    }
}

/// How an event's id is stored.
pub(crate) fn event(id: &str) -> Vec<u8> {
    match uuid::Uuid::try_parse(id) {
        // Only the usual spelling, so that no other one finds it.
        Ok(uuid) if uuid.as_hyphenated().to_string() == id => uuid.as_bytes().to_vec(),
        _ => id.as_bytes().to_vec(),
    }
}

/// What is asked of a record most often, read out of its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `eventID`.
    pub event_id: String,
    /// `eventName`.
    pub name: String,
    /// `eventSource`.
    pub source: String,
    /// `eventTime`.
    pub time: jiff::Timestamp,
    /// `awsRegion`.
    pub region: String,
    /// `recipientAccountId`; empty for what belongs to no account.
    pub account: String,
    /// `readOnly`.
    pub read_only: bool,
    /// The user's or session's name; `root`.
    pub user: Option<String>,
    /// The caller's ARN, or what else is known of it.
    pub caller: String,
    /// The access key the call was signed with.
    pub access_key: Option<String>,
    /// `errorCode`.
    pub error: Option<String>,
    /// Type (if it has one) and ARN of each resource.
    pub resources: Vec<(Option<String>, String)>,
}

impl Facts {
    /// Reads a record; `None` when it is none.
    pub fn of(json: &str) -> Option<Self> {
        let seen: Seen<'_> = serde_json::from_str(json).ok()?;
        let resources = seen.resources.iter().map(|on| (on.kind.as_deref().map(str::to_owned), on.arn.to_string()));
        Some(Self {
            event_id: seen.event_id.to_string(),
            name: seen.event_name.to_string(),
            source: seen.event_source.to_string(),
            time: jiff::Timestamp::from_second(seen.time()).unwrap_or_default(),
            region: seen.aws_region.to_string(),
            account: seen.account.to_string(),
            read_only: seen.read_only,
            user: seen.user().map(str::to_owned),
            caller: seen.caller().to_owned(),
            access_key: seen.access_key().map(str::to_owned),
            error: seen.error_code.as_deref().map(str::to_owned),
            resources: resources.collect(),
        })
    }
}
