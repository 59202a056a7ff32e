//! `claviger policy explain`: over files, or over what a running server holds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use claviger_policy::lint::{guess_kind, is_multivalued};
use claviger_policy::{
    Document, Kind as DocumentKind, Policies, Principal, PrincipalKind, Request, ResourceRule, TableContext,
    default_key_policy, explain,
};
use jiff::Timestamp;

use super::live::{self, RequestArgs};
use super::tree::{Explained, Names, render};
use super::{Kind, check};

#[derive(Args)]
pub(in crate::commands) struct ExplainArgs {
    /// A document, with what it is attached to: `app.json:identity`, `key.json:key` (kinds as in `policy check`;
    /// without one it is guessed)
    #[arg(long = "policy", value_name = "FILE[:KIND]", required_unless_present = "data_dir")]
    policies: Vec<Source>,
    /// Ask the server that uses this data folder, about the policies it holds
    #[arg(long, value_name = "DIR", conflicts_with = "policies")]
    data_dir: Option<PathBuf>,
    /// Who asks: the ARN of a user, a role, a session, an account's root; without a server also a service name
    #[arg(long, value_name = "ARN")]
    pub(super) principal: String,
    /// What is asked for, such as `kms:Decrypt`; with a server the operation, such as `kms:ReEncrypt`
    #[arg(long, value_name = "ACTION")]
    pub(super) action: String,
    /// What it is about: an ARN, or `*` for actions without a resource
    #[arg(long, value_name = "ARN", default_value = "*")]
    pub(super) resource: String,
    /// A key of the request context, such as `kms:EncryptionContext:app=payroll`; one given twice has two values. With a
    /// server only the encryption context can be given: all else follows from the request
    #[arg(long, value_name = "KEY=VALUE")]
    context: Vec<String>,
    #[command(flatten)]
    pub(super) request: RequestArgs,
    /// The whole explanation as JSON
    #[arg(long)]
    json: bool,
    /// Only the refusal, sealed: whoever may call sts:DecodeAuthorizationMessage in the principal's account can read it
    #[arg(long, requires = "data_dir", conflicts_with = "json")]
    encode: bool,
}

impl ExplainArgs {
    pub(super) fn context(&self) -> anyhow::Result<Vec<(&str, &str)>> {
        let pair = |pair| str::split_once(pair, '=').with_context(|| format!("`{pair}` is not KEY=VALUE"));
        self.context.iter().map(|text| pair(text.as_str())).collect()
    }
}

/// A file and the kind of document in it.
#[derive(Clone)]
struct Source {
    file: PathBuf,
    kind: Option<Kind>,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Source, String> {
        Ok(match text.rsplit_once(':') {
            Some((file, kind)) => Source { file: file.into(), kind: Some(Kind::from_str(kind, true)?) },
            None => Source { file: text.into(), kind: None },
        })
    }
}

pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<()> {
    let all = match &args.data_dir {
        Some(dir) => live::ask(args, dir)?,
        None => vec![offline(args)?],
    };
    if args.encode {
        all.iter().filter_map(|explained| explained.encoded_message.as_ref()).for_each(|text| println!("{text}"));
        return Ok(());
    }
    show(&all, &args.principal, args.json)
}

fn show(all: &[Explained], principal: &str, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(all)?);
    } else {
        all.iter().for_each(|explained| print!("{}", render(explained, principal)));
    }
    match all.iter().all(|explained| explained.allowed) {
        true => Ok(()),
        false => bail!("denied"),
    }
}

/// The documents given, by what they are attached to.
#[derive(Default)]
struct Documents(Vec<(DocumentKind, String, Document)>);

impl Documents {
    fn load(sources: &[Source]) -> anyhow::Result<Documents> {
        let load = |source: &Source| {
            let text = check::read(&source.file);
            let kind = source.kind.map_or_else(|| guess_kind(&text), Into::into);
            let name = source.file.display().to_string();
            let document = Document::parse(&text, kind).with_context(|| format!("{name} is no policy of this kind"))?;
            Ok((kind, name, document))
        };
        sources.iter().map(load).collect::<anyhow::Result<_>>().map(Documents)
    }

    fn of(&self, kind: DocumentKind) -> Vec<&Document> {
        self.0.iter().filter(|(found, ..)| *found == kind).map(|(.., document)| document).collect()
    }

    fn names(&self, kind: DocumentKind) -> Vec<String> {
        self.0.iter().filter(|(found, ..)| *found == kind).map(|(_, name, _)| name.clone()).collect()
    }

    /// The one resource policy, and the rule it is read by.
    fn resource(&self) -> anyhow::Result<Option<(&Document, ResourceRule)>> {
        let rule = |kind| match kind {
            DocumentKind::Key => Some(ResourceRule::KmsKey),
            DocumentKind::Trust => Some(ResourceRule::Trust),
            DocumentKind::Resource => Some(ResourceRule::Ordinary),
            _ => None,
        };
        let mut found = self.0.iter().filter_map(|(kind, _, document)| Some((document, rule(*kind)?)));
        let first = found.next();
        match found.next() {
            Some(_) => bail!("a resource has one policy; give one of kind key, trust or resource"),
            None => Ok(first),
        }
    }
}

pub(super) fn offline(args: &ExplainArgs) -> anyhow::Result<Explained> {
    let documents = Documents::load(&args.policies)?;
    let caller = Caller::parse(&args.principal)?;
    let parts = |index: usize| args.resource.split(':').nth(index).unwrap_or_default();
    let (partition, service, owner) = (parts(1), parts(2), parts(4));
    let owner = if owner.is_empty() { &caller.account } else { owner };
    let context = context(args, &caller, owner, parts(3))?;

    let is_key = service == "kms" && parts(5).starts_with("key/");
    let assumed;
    let (resource, rule, note) = match documents.resource()? {
        Some((document, rule)) => (Some(document), rule, None),
        None if is_key => {
            assumed = Document::parse(&default_key_policy(partition, owner), DocumentKind::Key)?;
            (Some(&assumed), ResourceRule::KmsKey, Some("no key policy was given; the default one is taken".to_owned()))
        }
        None => (None, ResourceRule::Ordinary, None),
    };
    let (identity, session) = (documents.of(DocumentKind::Identity), documents.of(DocumentKind::Session));
    let (service_control, resource_control) =
        (documents.of(DocumentKind::ServiceControl), documents.of(DocumentKind::ResourceControl));
    // As on the server, where every control policy must allow.
    let service_levels: Vec<&[&Document]> = service_control.iter().map(std::slice::from_ref).collect();
    let resource_levels: Vec<&[&Document]> = resource_control.iter().map(std::slice::from_ref).collect();
    let boundary = documents.of(DocumentKind::Boundary);
    if boundary.len() > 1 {
        bail!("a principal has one permissions boundary");
    }
    let policies = Policies {
        resource,
        rule,
        identity: &identity,
        identity_is_all: caller.kind == PrincipalKind::Root,
        boundary: boundary.first().copied(),
        session: (!session.is_empty()).then_some(&session),
        service_control: &service_levels,
        resource_control: &resource_levels,
        grant_allows: None,
    };
    let request = Request {
        principal: caller.principal(),
        action: &args.action,
        resource: &args.resource,
        resource_account: owner,
        context: &context,
    };
    let explanation = explain(&request, &policies);
    Ok(Explained {
        action: args.action.clone(),
        resource: args.resource.clone(),
        owner: owner.to_owned(),
        allowed: explanation.decision.allowed,
        message: explanation.message.clone(),
        names: Names {
            identity: documents.names(DocumentKind::Identity),
            boundary: documents.names(DocumentKind::Boundary),
            service_control: documents.names(DocumentKind::ServiceControl),
            resource_control: documents.names(DocumentKind::ResourceControl),
        },
        explanation,
        encoded_message: None,
        note,
    })
}

/// A principal made out from its ARN alone.
struct Caller {
    kind: PrincipalKind,
    account: String,
    arn: String,
    role_arn: Option<String>,
}

impl Caller {
    fn parse(text: &str) -> anyhow::Result<Caller> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &["arn", partition, service, _, account, resource] = parts.as_slice() else {
            if text.ends_with(".amazonaws.com") {
                let kind = PrincipalKind::Service;
                return Ok(Caller { kind, account: String::new(), arn: text.to_owned(), role_arn: None });
            }
            bail!("`{text}` is neither an ARN nor a service name");
        };
        let caller = |kind, arn: String, role_arn| Caller { kind, account: account.to_owned(), arn, role_arn };
        let session_of =
            |role: &str, session: &str| format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}");
        Ok(match (service, resource.split_once('/')) {
            ("iam", None) if resource == "root" => caller(PrincipalKind::Root, text.to_owned(), None),
            ("iam", Some(("user", _))) => caller(PrincipalKind::User, text.to_owned(), None),
            // A role never calls; a session of it does. Its name is up to whoever assumes the role.
            ("iam", Some(("role", path))) => {
                let name = path.rsplit('/').next().unwrap_or(path);
                caller(PrincipalKind::AssumedRole, session_of(name, "session"), Some(text.to_owned()))
            }
            ("sts", Some(("assumed-role", names))) => {
                let role = names.split('/').next().unwrap_or(names);
                let role_arn = format!("arn:{partition}:iam::{account}:role/{role}");
                caller(PrincipalKind::AssumedRole, text.to_owned(), Some(role_arn))
            }
            ("sts", Some(("federated-user", _))) => caller(PrincipalKind::FederatedUser, text.to_owned(), None),
            _ => bail!("`{text}` is no user, role, session, federated user or root user"),
        })
    }

    fn principal(&self) -> Principal<'_> {
        Principal {
            kind: self.kind,
            account: &self.account,
            arn: &self.arn,
            role_arn: self.role_arn.as_deref(),
            unique_id: "",
            source_id: None,
        }
    }
}

/// What was given, over what follows from principal, resource and clock.
fn context(args: &ExplainArgs, caller: &Caller, owner: &str, region: &str) -> anyhow::Result<TableContext> {
    let now = Timestamp::now();
    let kind = match caller.kind {
        PrincipalKind::Root => "Account",
        PrincipalKind::User => "User",
        PrincipalKind::FederatedUser => "FederatedUser",
        _ => "AssumedRole",
    };
    let mut context = TableContext::new()
        .with("aws:CurrentTime", format!("{now:.0}"))
        .with("aws:EpochTime", now.as_second().to_string())
        .with("aws:ResourceAccount", owner);
    if !region.is_empty() {
        context = context.with("aws:RequestedRegion", region);
    }
    if caller.kind == PrincipalKind::Service {
        context =
            context.with("aws:PrincipalIsAWSService", "true").with("aws:PrincipalServiceName", caller.arn.as_str());
    } else {
        context = context
            .with("aws:PrincipalArn", caller.role_arn.as_deref().unwrap_or(&caller.arn))
            .with("aws:PrincipalAccount", caller.account.as_str())
            .with("aws:PrincipalType", kind)
            .with("kms:CallerAccount", caller.account.as_str());
    }
    if let (PrincipalKind::User, Some(name)) = (caller.kind, caller.arn.rsplit('/').next()) {
        context = context.with("aws:username", name);
    }
    let mut given: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, value) in args.context()? {
        given.entry(key).or_default().push(value);
    }
    let encryption: Vec<&str> = given.keys().filter_map(|key| key.strip_prefix("kms:EncryptionContext:")).collect();
    if !encryption.is_empty() {
        context = context.with_many("kms:EncryptionContextKeys", encryption);
    }
    Ok(given.into_iter().fold(context, |context, (key, values)| match values.as_slice() {
        [value] if !is_multivalued(key) => context.with(key, *value),
        values => context.with_many(key, values.iter().copied()),
    }))
}
