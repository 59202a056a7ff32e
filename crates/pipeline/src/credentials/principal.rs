//! From credentials to the principal they belong to, with everything policies may ask of it. Records are read live: a
//! deleted user or role, or a changed policy, counts with the next request.

use std::sync::Arc;

use claviger_identity::{
    Attached, Controls, Entity, EntityArn, RoleRecord, UserRecord, entity_path, root_arn, session_arn,
};
use claviger_policy::{Kind, PrincipalKind};
use claviger_store::Records;

use super::session::{Holder, Session};
use crate::call::{Caller, SessionFacts, SessionIssuer};
use crate::system::System;
use crate::{Internal, internal};

/// The root user of an account.
pub(super) async fn root(
    system: &System,
    partition: &str,
    account: &str,
    access_key_id: &str,
) -> Result<Caller, Internal> {
    let controls = controls(system, account).await?;
    Ok(Caller { controls, ..Caller::root(partition, account, access_key_id) })
}

/// A user with its own access key.
pub(super) async fn user(
    system: &System,
    partition: &str,
    record: &UserRecord,
    access_key_id: &str,
) -> Result<Caller, Internal> {
    let standing = system.identities.user_standing(&*system.store, record).await.map_err(internal)?;
    Ok(Caller {
        kind: PrincipalKind::User,
        arn: record.arn(partition).into(),
        unique_id: record.user_id.as_str().into(),
        name: record.name.as_str().into(),
        standing,
        ..root(system, partition, &record.account, access_key_id).await?
    })
}

/// The principal of a session; `None` when what it was issued from is gone.
pub(super) async fn session(
    system: &System,
    partition: &str,
    account: &str,
    access_key_id: &str,
    session: Session,
) -> Result<Option<Caller>, Internal> {
    let (store, identities) = (&*system.store, &system.identities);
    let mut caller = match &session.holder {
        Holder::Root { .. } => root(system, partition, account, access_key_id).await?,
        Holder::User { user_id, .. } => {
            let Some(record) = identities.user_by_id(store, user_id).await.map_err(internal)? else { return Ok(None) };
            user(system, partition, &record, access_key_id).await?
        }
        Holder::Federated { name, user_id, .. } => {
            let issuer = match user_id {
                Some(id) => {
                    let found = identities.user_by_id(store, id).await.map_err(internal)?;
                    let Some(record) = found else { return Ok(None) };
                    user(system, partition, &record, access_key_id).await?
                }
                None => root(system, partition, account, access_key_id).await?,
            };
            Caller {
                kind: PrincipalKind::FederatedUser,
                arn: format!("arn:{partition}:sts::{account}:federated-user/{name}").into(),
                unique_id: format!("{account}:{name}").into(),
                name: name.as_str().into(),
                behind: Some(issuer.arn),
                source_id: user_id.as_deref().map(Into::into),
                ..issuer
            }
        }
        Holder::Role { role_id, session } => {
            let Some(record) = identities.role_by_id(store, role_id).await.map_err(internal)? else { return Ok(None) };
            role(system, partition, &record, session, access_key_id).await?
        }
    };
    caller.session = Some(facts(system, partition, account, &caller, session)?);
    Ok(Some(caller))
}

async fn role(
    system: &System,
    partition: &str,
    record: &RoleRecord,
    session: &str,
    access_key_id: &str,
) -> Result<Caller, Internal> {
    let standing = system.identities.role_standing(&*system.store, record).await.map_err(internal)?;
    Ok(Caller {
        kind: PrincipalKind::AssumedRole,
        arn: session_arn(partition, &record.account, &record.name, session).into(),
        unique_id: format!("{}:{session}", record.role_id).into(),
        name: record.name.as_str().into(),
        behind: Some(record.arn(partition).into()),
        standing,
        ..root(system, partition, &record.account, access_key_id).await?
    })
}

fn facts(
    system: &System,
    partition: &str,
    account: &str,
    caller: &Caller,
    session: Session,
) -> Result<SessionFacts, Internal> {
    let issuer = match &session.holder {
        Holder::Root { .. } | Holder::User { .. } => None,
        Holder::Federated { user_id: Some(id), .. } => {
            let arn = caller.behind.as_deref().unwrap_or_default().to_owned();
            let name = arn.rsplit('/').next().map(str::to_owned);
            Some(SessionIssuer { id: id.clone(), arn, name })
        }
        Holder::Federated { user_id: None, .. } => {
            Some(SessionIssuer { id: account.to_owned(), arn: root_arn(partition, account), name: None })
        }
        Holder::Role { role_id, .. } => Some(SessionIssuer {
            id: role_id.clone(),
            arn: caller.behind.as_deref().unwrap_or_default().to_owned(),
            name: Some(caller.name.to_string()),
        }),
    };
    let compile = |text: &String| {
        let document = system.identities.document(text, Kind::Session).map_err(internal)?;
        Ok::<_, Internal>(Attached { source: "session policy".to_owned(), document })
    };
    let compiled = session.policies.as_ref().map(|texts| texts.iter().map(compile).collect::<Result<Vec<_>, _>>());
    let policies = match (compiled.transpose()?, &session.holder) {
        // A federation token without a policy opens nothing by identity.
        (None, Holder::Federated { .. }) => Some(Vec::new()),
        (policies, _) => policies,
    };
    Ok(SessionFacts {
        issued: session.issued,
        expires: session.expires,
        policies,
        tags: session.tags,
        transitive: session.transitive,
        source_identity: session.source_identity,
        web: session.web,
        issuer,
    })
}

/// The installation's own account is the management account: control policies do not bind its principals.
async fn controls(system: &System, account: &str) -> Result<Arc<Controls>, Internal> {
    let mut controls = system.identities.controls(&*system.store, account).await.map_err(internal)?;
    if *account == *system.account {
        controls.service.clear();
    }
    Ok(Arc::new(controls))
}

/// The caller a principal's ARN stands for, as it would call now with credentials of its own: for questions put by the
/// operator. A role answers as a session of it, a federated user as one without policies. `None`: there is no such
/// principal.
pub async fn impersonate(system: &System, partition: &str, text: &str) -> Result<Option<Caller>, Internal> {
    let Some(arn) = EntityArn::parse(text) else { return Ok(None) };
    let store = &*system.store;
    let found = system.identities.principal(store, text).await.map_err(internal)?;
    let Some(found) = found else { return Ok(None) };
    let now = system.clock.now();
    let temporary = |holder| Session::new(holder, now, now);
    let (id, session_name) = match found.id.split_once(':') {
        Some((id, name)) => (id.to_owned(), name.to_owned()),
        None => (found.id.clone(), "session".to_owned()),
    };
    match (arn.service, arn.kind) {
        ("iam", "root") => Ok(Some(root(system, partition, arn.account, "").await?)),
        ("iam", "user") => {
            let path = entity_path(arn.account, arn.name);
            let record = store.load::<UserRecord>(&path).await.map_err(internal)?;
            match record {
                Some(stored) => Ok(Some(user(system, partition, &stored.record, "").await?)),
                None => Ok(None),
            }
        }
        ("iam", "role") | ("sts", "assumed-role") => {
            let holder = Holder::Role { role_id: id, session: session_name };
            session(system, partition, arn.account, "", temporary(holder)).await
        }
        ("sts", "federated-user") => {
            let holder = Holder::Federated { name: session_name, user_id: None, key: String::new() };
            session(system, partition, arn.account, "", temporary(holder)).await
        }
        _ => Ok(None),
    }
}

impl Caller {
    /// Whether the identity side allows everything: root, also behind a federated session.
    pub fn identity_is_all(&self) -> bool {
        match self.kind {
            PrincipalKind::Root => true,
            PrincipalKind::FederatedUser => self.source_id.is_none(),
            _ => false,
        }
    }
}
