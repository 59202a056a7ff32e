//! The policies of a simulation, each with its text: answers tell where in it a statement stands.

use std::sync::Arc;

use claviger_policy::{Document, Kind};
use claviger_shapes::iam::{AttachmentType, InvalidInputException, OrderedOrganizationPolicyType};

/// `SourcePolicyType` of identity policies, as recorded.
pub(crate) const IDENTITY: &str = "IAM Policy";
/// Of resource policies.
pub(crate) const RESOURCE: &str = "Resource Policy";
/// Of permissions boundaries.
pub(crate) const BOUNDARY: &str = "Permissions Boundary Policy";

/// A policy of a simulation.
pub(crate) struct Source {
    /// `SourcePolicyId`: a managed policy's name, `user_NAME_POLICY` and the like for inline ones, `PolicyInputList.1`
    /// for those of the request.
    pub id: String,
    /// `SourcePolicyType`.
    pub kind: &'static str,
    /// The text as it was put.
    pub text: String,
    /// The same, compiled.
    pub document: Arc<Document>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a policy comes from.
pub(crate) enum Origin {
    /// The request.
    Request,
    /// A managed policy that an entity holds.
    Managed(String),
    /// Part of an entity.
    Inline {
        /// What the entity is.
        of: AttachmentType,
        /// Its name.
        entity: String,
        /// The policy's name.
        policy: String,
    },
}

fn parse<E: From<InvalidInputException>>(text: &str, kind: Kind) -> Result<Arc<Document>, E> {
    Document::parse(text, kind).map(Arc::new).map_err(|error| InvalidInputException::new(error.to_string()).into())
}

fn of_request<E>(id: String, kind: &'static str, text: &str, parsed_as: Kind) -> Result<Source, E>
where
    E: From<InvalidInputException>,
{
    Ok(Source { id, kind, text: text.to_owned(), document: parse(text, parsed_as)?, origin: Origin::Request })
}

/// `PolicyInputList`.
pub(crate) fn inputs<E: From<InvalidInputException>>(texts: Option<&[String]>) -> Result<Vec<Source>, E> {
    let numbered = texts.unwrap_or_default().iter().zip(1..);
    numbered
        .map(|(text, number)| of_request(format!("PolicyInputList.{number}"), IDENTITY, text, Kind::Identity))
        .collect()
}

/// `PermissionsBoundaryPolicyInputList`: at most one.
pub(crate) fn boundary_of<E: From<InvalidInputException>>(texts: Option<&[String]>) -> Result<Option<Source>, E> {
    match texts.unwrap_or_default() {
        [] => Ok(None),
        [text] => {
            of_request("PermissionsBoundaryPolicyInputList.1".to_owned(), BOUNDARY, text, Kind::Identity).map(Some)
        }
        _ => Err(InvalidInputException::new("Only one permissions boundary policy can be simulated.").into()),
    }
}

/// `ResourcePolicy`.
pub(crate) fn resource<E: From<InvalidInputException>>(text: &str, kind: Kind) -> Result<Source, E> {
    of_request("ResourcePolicy".to_owned(), RESOURCE, text, kind)
}

/// `OrderedOrganizationPolicyInputList`.
pub(crate) fn levels<E: From<InvalidInputException>>(
    ordered: Option<&[OrderedOrganizationPolicyType]>,
) -> Result<Vec<Vec<Arc<Document>>>, E> {
    let level = |level: &OrderedOrganizationPolicyType| {
        let texts = level.service_control_policy_input_list.as_deref().unwrap_or_default();
        texts.iter().map(|text| parse(text, Kind::ServiceControl)).collect()
    };
    ordered.unwrap_or_default().iter().map(level).collect()
}
