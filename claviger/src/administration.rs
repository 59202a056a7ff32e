//! What only the operator on the host may do: accounts, the policies over them, break-glass, and questions about
//! decisions. Every change leaves a record that says who made it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use claviger_identity::{AccountRecord, ControlPolicies};
use claviger_pipeline::credentials::{impersonate, is_account, issue_root};
use claviger_pipeline::{Call, Engine, ServiceEvent, System, authorization_message};
use claviger_policy::{Document, Kind};
use claviger_store::{Batch, Records};
use claviger_wire::arn::partition_of;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::control;
use crate::unseal::Opener;

/// Source of these records: no AWS service does this.
const EVENT_SOURCE: &str = "claviger";
/// Type of an account in audit records.
const ACCOUNT_TYPE: &str = "AWS::Account";
/// The Region account-wide changes are recorded in.
const GLOBAL_REGION: &str = "us-east-1";
/// Longest control policy, in bytes.
const CONTROL_POLICY_BYTES_MAX: usize = 10_240;

/// One administrative request.
#[derive(Serialize, Deserialize)]
#[serde(tag = "administer", rename_all = "kebab-case")]
pub enum Administration {
    /// The accounts.
    Accounts,
    /// Makes an account with credentials for its root user.
    CreateAccount {
        /// The 12 digits; chosen at random unless given.
        account: Option<String>,
        /// What to call it.
        name: String,
    },
    /// Issues another access key for an account's root user, for instance when the first was lost.
    IssueRootKey {
        /// The account.
        account: String,
    },
    /// The policies over an account.
    ControlPolicies {
        /// The account.
        account: String,
    },
    /// Sets a policy over an account.
    PutControlPolicy {
        /// The account.
        account: String,
        /// What it limits.
        kind: ControlKind,
        /// Its name.
        name: String,
        /// Its text.
        document: String,
    },
    /// Removes a policy over an account.
    RemoveControlPolicy {
        /// The account.
        account: String,
        /// What it limits.
        kind: ControlKind,
        /// Its name.
        name: String,
    },
    /// Gives a key that nobody can reach a new policy.
    RescueKey {
        /// The key's ARN.
        key: String,
        /// The policy; the default one unless given.
        policy: Option<String>,
        /// Proof that the root key could be opened anyway.
        proof: Proof,
    },
    /// The whole way to the decision about a call.
    Explain(Question),
}

/// What a control policy limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ControlKind {
    /// What the account's principals may do (service control policy).
    Service,
    /// What may be done to the account's resources (resource control policy).
    Resource,
}

/// The unseal material, again: being on the host is not enough for break-glass.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// A key file.
    KeyFile(PathBuf),
    /// A passphrase.
    Passphrase(Zeroizing<String>),
}

impl From<Opener> for Proof {
    fn from(opener: Opener) -> Self {
        match opener {
            Opener::KeyFile(path) => Self::KeyFile(path),
            Opener::Passphrase(text) => Self::Passphrase(text),
        }
    }
}

/// A call to be judged, not made.
#[derive(Serialize, Deserialize)]
pub struct Question {
    /// The ARN of who would call: root, user, role, role session or federated user.
    pub principal: String,
    /// `kms:Encrypt`.
    pub operation: String,
    /// The request, as its JSON.
    pub input: Value,
    /// The Region.
    pub region: String,
    /// The client's address; loopback unless given.
    #[serde(default)]
    pub source_ip: Option<IpAddr>,
    /// Whether the call would come without TLS.
    #[serde(default)]
    pub insecure: bool,
    /// The service that would make the call for the principal (`ssm`).
    #[serde(default)]
    pub via: Option<String>,
}

/// Who administers, for the record.
#[derive(Clone, Copy)]
pub struct Operator {
    /// User id of the process that asks.
    pub uid: u32,
}

impl Operator {
    fn record(self) -> Value {
        json!({ "uid": self.uid })
    }
}

/// Carries a request out.
pub async fn administer(system: &System, operator: Operator, request: Administration) -> anyhow::Result<Value> {
    match request {
        Administration::Accounts => {
            let accounts = system.store.all::<AccountRecord>(None, "").await?;
            Ok(accounts.iter().map(|stored| summary(system, &stored.record)).collect())
        }
        Administration::CreateAccount { account, name } => create_account(system, operator, account, &name).await,
        Administration::IssueRootKey { account } => {
            find(system, &account).await?;
            let issued = issue_root(system, &account).await.map_err(|error| anyhow::anyhow!("{error}"))?;
            let mut batch = Batch::default();
            batch.insert(&issued.record);
            let details = json!({ "accessKeyId": issued.record.access_key_id });
            commit(system, operator, batch, "IssueRootAccessKey", &account, details).await?;
            Ok(
                json!({ "accountId": account, "accessKeyId": issued.record.access_key_id, "secretAccessKey": *issued.secret }),
            )
        }
        Administration::ControlPolicies { account } => {
            let record = find(system, &account).await?.record;
            Ok(json!({
                "accountId": account,
                "service": record.service_control.policies,
                "resource": record.resource_control.policies,
            }))
        }
        Administration::PutControlPolicy { account, kind, name, document } => {
            check_control_policy(kind, &document)?;
            let details = json!({ "kind": kind, "policyName": name, "policyDocument": document });
            change_controls(system, operator, &account, "PutControlPolicy", details, |record| {
                controls(record, kind).policies.insert(name, document);
                Ok(())
            })
            .await
        }
        Administration::RemoveControlPolicy { account, kind, name } => {
            let details = json!({ "kind": kind, "policyName": name });
            change_controls(system, operator, &account, "RemoveControlPolicy", details, |record| {
                let removed = controls(record, kind).policies.remove(&name);
                removed.map(drop).with_context(|| format!("account {} has no such policy {name}", record.account))
            })
            .await
        }
        Administration::RescueKey { key, policy, proof } => {
            let foundation = control::foundation(&*system.store).await?.record;
            let opener = match proof {
                Proof::KeyFile(path) => Opener::KeyFile(path),
                Proof::Passphrase(text) => Opener::Passphrase(text),
            };
            opener.unseal(&foundation.seals)?;
            claviger_kms::rescue::rescue(system, &key, policy, &operator.record()).await?;
            Ok(json!({ "rescued": key }))
        }
        Administration::Explain(_) => bail!("no server is running here; decisions are explained by a running one"),
    }
}

fn summary(system: &System, record: &AccountRecord) -> Value {
    json!({
        "accountId": record.account,
        "name": record.name,
        "alias": record.alias,
        "created": record.created,
        "management": *record.account == *system.account,
    })
}

async fn create_account(
    system: &System,
    operator: Operator,
    account: Option<String>,
    name: &str,
) -> anyhow::Result<Value> {
    let account = match account {
        Some(account) if is_account(&account) => account,
        Some(other) => bail!("{other} is no account id: it needs exactly 12 digits"),
        None => free_account(system).await?,
    };
    if system.store.load::<AccountRecord>(&account).await?.is_some() {
        bail!("account {account} exists already; `claviger account root-key {account}` issues credentials for it");
    }
    let issued = issue_root(system, &account).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut batch = Batch::default();
    batch.insert(&AccountRecord::new(&account, name, system.clock.now()));
    batch.insert(&issued.record);
    let details = json!({ "accountName": name, "accessKeyId": issued.record.access_key_id });
    commit(system, operator, batch, "CreateAccount", &account, details).await?;
    Ok(json!({
        "accountId": account, "name": name,
        "accessKeyId": issued.record.access_key_id, "secretAccessKey": *issued.secret,
    }))
}

async fn free_account(system: &System) -> anyhow::Result<String> {
    loop {
        let random = u64::from_be_bytes(claviger_crypto::random::bytes::<8>());
        let account = format!("{:012}", random % 1_000_000_000_000);
        if system.store.load::<AccountRecord>(&account).await?.is_none() {
            return Ok(account);
        }
    }
}

async fn find(system: &System, account: &str) -> anyhow::Result<claviger_store::Stored<AccountRecord>> {
    let stored = system.store.load::<AccountRecord>(account).await?;
    stored.with_context(|| format!("there is no account {account}; `claviger account list` shows them"))
}

fn controls(record: &mut AccountRecord, kind: ControlKind) -> &mut ControlPolicies {
    match kind {
        ControlKind::Service => &mut record.service_control,
        ControlKind::Resource => &mut record.resource_control,
    }
}

fn check_control_policy(kind: ControlKind, text: &str) -> anyhow::Result<()> {
    if text.len() > CONTROL_POLICY_BYTES_MAX {
        bail!("the policy is longer than {CONTROL_POLICY_BYTES_MAX} bytes");
    }
    let kind = match kind {
        ControlKind::Service => Kind::ServiceControl,
        ControlKind::Resource => Kind::ResourceControl,
    };
    Document::parse(text, kind).map_err(|error| anyhow::anyhow!("the policy is not acceptable: {error}"))?;
    Ok(())
}

async fn change_controls(
    system: &System,
    operator: Operator,
    account: &str,
    name: &str,
    details: Value,
    change: impl FnOnce(&mut AccountRecord) -> anyhow::Result<()>,
) -> anyhow::Result<Value> {
    let mut stored = find(system, account).await?;
    change(&mut stored.record)?;
    let mut batch = Batch::default();
    batch.update(stored.version, &stored.record);
    commit(system, operator, batch, name, account, details).await?;
    Ok(json!({ "accountId": account }))
}

async fn commit(
    system: &System,
    operator: Operator,
    batch: Batch,
    name: &str,
    account: &str,
    mut details: Value,
) -> anyhow::Result<()> {
    details["operator"] = operator.record();
    let arn = claviger_identity::root_arn("aws", account);
    let event = ServiceEvent {
        source: EVENT_SOURCE,
        name,
        account,
        region: GLOBAL_REGION,
        resource: (&arn, ACCOUNT_TYPE),
        details,
        time: system.clock.now(),
    };
    system.commit_recorded(batch, &[event.write()]).await?;
    Ok(())
}

/// Judges a call as it would be judged now. Nothing is changed or recorded.
pub async fn explain(engine: &Engine, question: Question) -> anyhow::Result<Value> {
    let system = engine.system();
    let partition = partition_of(&question.region);
    let caller = impersonate(system, partition, &question.principal).await.map_err(|e| anyhow::anyhow!("{e}"))?;
    let caller = caller.with_context(|| format!("there is no principal {}", question.principal))?;
    let (service, operation) =
        question.operation.split_once(':').context("an operation is SERVICE:NAME, as kms:Encrypt")?;
    let call = Call {
        caller: Arc::new(caller),
        partition,
        region: question.region.as_str().into(),
        request_id: Box::default(),
        event_id: Box::default(),
        now: system.clock.now(),
        source_ip: question.source_ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        secure: !question.insecure,
        user_agent: "claviger policy explain".into(),
        via: None,
    };
    let call = match &question.via {
        Some(service) => call.through(service, None),
        None => call,
    };
    let judged = engine.explain(&call, service, operation, &question.input.to_string()).await;
    match judged {
        Ok(decisions) => {
            let mut answers = Vec::with_capacity(decisions.len());
            for decision in &decisions {
                let mut answer = serde_json::to_value(decision)?;
                if !decision.allowed {
                    let encoded = authorization_message::encode(system, &call, decision).await;
                    answer["encodedMessage"] = encoded.map_err(|error| anyhow::anyhow!("{error}"))?.into();
                }
                answers.push(answer);
            }
            Ok(json!({ "principal": call.caller.arn, "decisions": answers }))
        }
        Err(fault) => Ok(json!({
            "principal": call.caller.arn,
            "decisions": [],
            "error": { "code": fault.code, "message": fault.message },
        })),
    }
}
