//! `Action` and `NotAction`: `service:Name`, compared without case.

use crate::request::NoContext;
use crate::template::{Fold, Grammar, Template};

/// The action of a request, cut at its colon.
#[derive(Clone, Copy)]
pub(crate) struct Action<'a> {
    service: &'a str,
    name: &'a str,
}

impl<'a> Action<'a> {
    pub(crate) fn parse(text: &'a str) -> Action<'a> {
        let (service, name) = text.split_once(':').unwrap_or(("", text));
        Action { service, name }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ActionPattern {
    /// `*`.
    Everything,
    /// `service:` and a name in which `*` and `?` are wildcards.
    Named { service: Box<str>, name: Template },
}

impl ActionPattern {
    /// Why `text` cannot be an action, or `None` if it can.
    pub(crate) fn fault(text: &str) -> Option<String> {
        let mut parts = text.split(':');
        let (vendor, name) = (parts.next().unwrap_or_default(), parts.next());
        if vendor == "*" && name.is_none() {
            return None;
        }
        if name.is_none() {
            return Some("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned());
        }
        if parts.next().is_some() {
            return Some("Actions/Condition can contain only one colon.".to_owned());
        }
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        if vendor.is_empty() || !vendor.bytes().all(valid) {
            return Some(format!("Vendor {vendor} is not valid"));
        }
        None
    }

    pub(crate) fn parse(text: &str) -> ActionPattern {
        if text == "*" {
            return ActionPattern::Everything;
        }
        let action = Action::parse(text);
        ActionPattern::Named {
            service: action.service.to_ascii_lowercase().into(),
            name: Template::parse(&action.name.to_ascii_lowercase(), Grammar { wildcards: true, variables: false }),
        }
    }

    pub(crate) fn service(&self) -> Option<&str> {
        match self {
            ActionPattern::Everything => None,
            ActionPattern::Named { service, .. } => Some(service),
        }
    }

    pub(crate) fn matches(&self, action: Action<'_>) -> bool {
        match self {
            ActionPattern::Everything => true,
            ActionPattern::Named { service, name } => {
                service.eq_ignore_ascii_case(action.service) && name.matches(action.name, Fold::Ascii, &NoContext)
            }
        }
    }
}
