//! CreateGrant: lets a principal use a key without a change of its policy. Who may do so only by a grant can pass on no
//! more than one of its grants allows.

use claviger_pipeline::{Internal, internal};
use claviger_store::Records;

use super::prelude::*;
use crate::find::{self, Forms};
use crate::grant::{Constraints, GrantRecord, Party, kinds, party, token};
use crate::key::Key;
use crate::{conditions, limits, state, symmetric};

pub(super) struct CreateGrant;

/// Most pairs of an encryption context constraint.
const PAIRS_MAX: usize = 8;
/// Most characters of a value in one.
const VALUE_CHARACTERS_MAX: usize = 384;

impl Operation for CreateGrant {
    type Service = Kms;
    const NAME: &'static str = "CreateGrant";
    const ACTION: &'static str = "kms:CreateGrant";
    const AUDIT: Audit = Audit::write().with_response();
    const QUOTA: Quota = Quota::Own(50);
    type Input = kms::CreateGrantRequest;
    type Output = kms::CreateGrantResponse;
    type Error = kms::CreateGrantError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        check_combination(input)?;
        token::check::<Self::Error>(cx.system, input.grant_tokens.as_ref()).await?;
        let found = find::find::<Self::Error>(cx, &input.key_id, Forms::NoAlias, true, Self::ACTION).await?;
        let (allowed, constraints) = (input.operations.iter().copied().collect(), constraints(input));
        let parents = &cx.service.keys.grants;
        let grant = parents.delegate(cx, &found.key, allowed, &constraints).await.map_err(InternalFailure::from)?;
        Ok(KeySubject { grant, ..found })
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        let given = input.constraints.as_ref();
        match key {
            "kms:grantoperations" => {
                Some(Values::Many(input.operations.iter().map(|operation| operation.as_str().into()).collect()))
            }
            "kms:granteeprincipal" => conditions::one(input.grantee_principal.as_deref()?),
            "kms:retiringprincipal" => conditions::one(input.retiring_principal.as_deref()?),
            "kms:granteeserviceprincipal" => conditions::one(input.grantee_service_principal.as_deref()?),
            "kms:retiringserviceprincipal" => conditions::one(input.retiring_service_principal.as_deref()?),
            "kms:grantconstraintsourcearn" => conditions::one(given?.source_arn.as_deref()?),
            _ => {
                let given = given?;
                let (equals, subset) = (&given.encryption_context_equals, &given.encryption_context_subset);
                conditions::grant(equals.as_ref(), subset.as_ref(), given.source_arn.is_some(), key)
            }
        }
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        key.require::<Self::Error>(&state::GRANT)?;
        kinds::require_valid::<Self::Error>(key, &input.operations)?;
        let grant = proposal(cx, key, input).await?;
        if let Some(same) = same(cx, &grant).await.map_err(InternalFailure::from)? {
            symmetric::dry_run::<Self::Error>(input.dry_run)?;
            return Ok(Done::read(answer(cx, &same).await?));
        }
        let most = limits::of_key(cx, key, &quotas::GRANTS).await?;
        if u64::from(key.record.grants) >= most {
            let text = format!("The key {} has the maximum of {most} grants.", key.arn);
            return Err(kms::LimitExceededException::new(text).into());
        }
        symmetric::dry_run::<Self::Error>(input.dry_run)?;
        let mut record = key.record.clone();
        record.grants += 1;
        let mut batch = Batch::default();
        batch.insert(&grant);
        batch.update(key.version, &record);
        Ok(Done::write(answer(cx, &grant).await?, batch))
    }
}

async fn answer(cx: KmsCx<'_>, grant: &GrantRecord) -> Result<kms::CreateGrantResponse, InternalFailure> {
    let grant_token = Some(token::seal(cx.system, grant).await?);
    Ok(kms::CreateGrantResponse { grant_token, grant_id: Some(grant.grant_id.clone()) })
}

/// The grant of the same name with the same parameters, if there is one.
async fn same(cx: KmsCx<'_>, grant: &GrantRecord) -> Result<Option<GrantRecord>, Internal> {
    let Some(index) = grant.sameness() else { return Ok(None) };
    let found = cx.system.store.list::<GrantRecord>(Some("by_name"), &index, Some(&index), None, 1).await;
    let (found, _) = found.map_err(internal)?;
    Ok(found.into_iter().next().map(|stored| stored.record))
}

fn constraints(input: &kms::CreateGrantRequest) -> Constraints {
    let given = input.constraints.as_ref();
    // Nothing is contained in every context.
    let subset = given.and_then(|given| given.encryption_context_subset.clone()).filter(|pairs| !pairs.is_empty());
    Constraints {
        equals: given.and_then(|given| given.encryption_context_equals.clone()),
        subset,
        source_arn: given.and_then(|given| given.source_arn.clone()),
    }
}

async fn proposal(
    cx: KmsCx<'_>,
    key: &Key,
    input: &kms::CreateGrantRequest,
) -> Result<GrantRecord, kms::CreateGrantError> {
    let constraints = constraints(input);
    let pairs = constraints.equals.is_some() || constraints.subset.is_some();
    if pairs && key.record.key_spec() != kms::KeySpec::SymmetricDefault {
        let text = "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key.";
        return Err(ValidationException::new(text).into());
    }
    let grantee = match (&input.grantee_principal, &input.grantee_service_principal) {
        (Some(name), _) => {
            let unnamed = "GranteePrincipal does not refer to a valid principal.";
            party::require::<kms::CreateGrantError>(cx, name, unnamed).await?
        }
        (None, service) => Party::service(service.as_deref().unwrap_or_default()),
    };
    let retirer = match (&input.retiring_principal, &input.retiring_service_principal) {
        (Some(name), _) => {
            let unnamed = "RetiringPrincipal does not refer to a valid principal.";
            Some(party::require::<kms::CreateGrantError>(cx, name, unnamed).await?)
        }
        (None, service) => service.as_deref().map(Party::service),
    };
    let mut operations: Vec<String> = Vec::new();
    for operation in &input.operations {
        if !operations.iter().any(|known| known == operation.as_str()) {
            operations.push(operation.as_str().to_owned());
        }
    }
    Ok(GrantRecord {
        key: key.path.to_string(),
        grant_id: hex::encode(claviger_crypto::random::bytes::<32>()),
        name: input.name.clone(),
        created: cx.call.now,
        issuer: cx.call.account().to_owned(),
        grantee,
        retirer,
        operations,
        constraints,
    })
}

/// Members that contradict each other.
fn check_combination(input: &kms::CreateGrantRequest) -> Result<(), kms::CreateGrantError> {
    let refuse = |text: String| Err(ValidationException::new(text).into());
    if input.operations.is_empty() {
        return refuse("Operations must not be empty.".to_owned());
    }
    let retires = input.retiring_principal.is_some() || input.retiring_service_principal.is_some();
    if input.retiring_principal.is_some() && input.retiring_service_principal.is_some() {
        return refuse("You can specify RetiringPrincipal or RetiringServicePrincipal, but not both.".to_owned());
    }
    let given = input.constraints.as_ref();
    match (&input.grantee_principal, &input.grantee_service_principal) {
        (Some(_), None) => {}
        (None, Some(_)) if given.is_some_and(|given| given.source_arn.is_some()) && retires => {}
        (None, Some(_)) => {
            return refuse(
                "GranteeServicePrincipal requires a SourceArn grant constraint and a RetiringPrincipal or \
                 RetiringServicePrincipal."
                    .to_owned(),
            );
        }
        _ => return refuse("You must specify either GranteePrincipal or GranteeServicePrincipal.".to_owned()),
    }
    let Some(given) = given else { return Ok(()) };
    if given.encryption_context_equals.is_some() && given.encryption_context_subset.is_some() {
        let text = "You can specify EncryptionContextEquals or EncryptionContextSubset, but not both.";
        return refuse(text.to_owned());
    }
    for pairs in [&given.encryption_context_equals, &given.encryption_context_subset].into_iter().flatten() {
        if pairs.len() > PAIRS_MAX {
            return refuse(format!("A grant constraint can hold at most {PAIRS_MAX} encryption context pairs."));
        }
        if pairs.values().any(|value| value.chars().count() > VALUE_CHARACTERS_MAX) {
            let text = format!("Encryption context values can have at most {VALUE_CHARACTERS_MAX} characters.");
            return refuse(text);
        }
    }
    Ok(())
}
