//! From codes to quotas. The texts were recorded from the service.

use claviger_pipeline::Limit;
use claviger_shapes::service_quotas::NoSuchResourceException;

use crate::{Catalog, Entry};

impl Catalog {
    /// Every service.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The service with a code; case matters.
    pub(crate) fn service(&self, code: &str) -> Result<&Entry, NoSuchResourceException> {
        let found = self.entries.iter().find(|entry| entry.code == code);
        let text = "The request failed because the specified service does not exist.";
        found.ok_or_else(|| NoSuchResourceException::new(text))
    }

    /// A quota and its service.
    pub(crate) fn quota(&self, service: &str, code: &str) -> Result<(&Entry, &'static Limit), NoSuchResourceException> {
        let entry = self.service(service)?;
        let found = entry.limits.iter().copied().find(|limit| limit.code == code);
        let limit = found.ok_or_else(|| {
            let text =
                format!("The request failed because the specified quota {code} does not exist for service {service}.");
            NoSuchResourceException::new(text)
        })?;
        Ok((entry, limit))
    }
}

/// No quota here is applied to single resources.
pub(crate) fn refuse_context(given: Option<&str>) -> Result<(), NoSuchResourceException> {
    match given {
        None => Ok(()),
        Some(_) => Err(NoSuchResourceException::new(
            "The request failed because applied value for the specified context Id do not exist.",
        )),
    }
}
