//! Who may use a key, case by case: the table an administrator would draw, put to a real server call by call.
//!
//! The call is always Encrypt. "The account" is the one that owns the key.

use std::collections::BTreeMap;

use claviger_identity::{AccountRecord, Held, PolicyRecord, PolicyVersion, RoleRecord, UserRecord};
use claviger_pipeline::credentials::{Holder, Owner, Session, issue, issue_session, new_unique_id};
use claviger_store::{Batch, Records};
use claviger_testkit::{ACCOUNT, Client, OTHER_ACCOUNT, Server, Signing, block_on};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::new_key;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Root,
    User,
    /// The session `shift` of the role `team/worker`.
    Session,
    /// The federated user `guest` of the user.
    Federated,
    OtherRoot,
    OtherUser,
    OtherSession,
}

/// Whom a statement of the key policy names.
#[derive(Clone, Copy, Debug)]
enum Named {
    Account,
    User,
    Role,
    Session,
    AnotherSession,
    Federated,
    Everyone,
    OtherAccount,
    OtherUser,
    OtherRole,
    Service,
}

#[derive(Clone, Copy)]
enum Effect {
    Allow,
    Deny,
    /// Allows something else than the call.
    AllowOther,
    /// Allows it where the encryption context has `stage` = `test`; the call has no context.
    AllowIf,
}
use Effect::{Allow, AllowIf, AllowOther, Deny};

/// What must come of it.
#[derive(Clone, Copy)]
enum Expect {
    Yes,
    /// The end of the message.
    No(&'static str),
    /// A key of another account: not even named.
    Unseen,
}
use Expect::{No, Unseen, Yes};

const NO_RESOURCE: Expect = No(" because no resource-based policy allows the kms:Encrypt action");
const NO_IDENTITY: Expect = No(" because no identity-based policy allows the kms:Encrypt action");
const NO_BOUNDARY: Expect = No(" because no permissions boundary allows the kms:Encrypt action");
const NO_SESSION: Expect = No(" because no session policy allows the kms:Encrypt action");
const NO_CONTROL: Expect = No(" because no service control policy allows the kms:Encrypt action");
const DENIED_BY_KEY: Expect = No(" with an explicit deny in a resource-based policy");
const DENIED_BY_IDENTITY: Expect = No(" with an explicit deny in an identity-based policy");
const DENIED_BY_BOUNDARY: Expect = No(" with an explicit deny in a permissions boundary");
const DENIED_BY_SESSION: Expect = No(" with an explicit deny in a session policy");
const DENIED_BY_CONTROL: Expect = No(" with an explicit deny in a service control policy");
const DENIED_BY_OWNERS_CONTROL: Expect = No(" with an explicit deny in a resource control policy");

struct Row {
    what: &'static str,
    who: Who,
    key: &'static [(Effect, Named)],
    identity: &'static [Effect],
    boundary: Option<Effect>,
    session: Option<Effect>,
    service_control: Option<Effect>,
    resource_control: Option<Effect>,
    grant: Option<Named>,
    expect: Expect,
}

const fn row(what: &'static str, who: Who, key: &'static [(Effect, Named)], expect: Expect) -> Row {
    Row {
        what,
        who,
        key,
        identity: &[],
        boundary: None,
        session: None,
        service_control: None,
        resource_control: None,
        grant: None,
        expect,
    }
}

impl Row {
    const fn identity(mut self, effects: &'static [Effect]) -> Self {
        self.identity = effects;
        self
    }
    const fn boundary(mut self, effect: Effect) -> Self {
        self.boundary = Some(effect);
        self
    }
    const fn session(mut self, effect: Effect) -> Self {
        self.session = Some(effect);
        self
    }
    const fn service_control(mut self, effect: Effect) -> Self {
        self.service_control = Some(effect);
        self
    }
    const fn resource_control(mut self, effect: Effect) -> Self {
        self.resource_control = Some(effect);
        self
    }
    const fn grant(mut self, to: Named) -> Self {
        self.grant = Some(to);
        self
    }
}

/// The account statement alone: identity policies decide.
const DELEGATED: &[(Effect, Named)] = &[(Allow, Named::Account)];

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Root is not above the key policy.
    row("root, by the account statement", Who::Root, DELEGATED, Yes),
    row("root, without an account statement", Who::Root, &[(Allow, Named::User)], NO_RESOURCE),
    row("root, denied by the key policy", Who::Root, &[(Allow, Named::Account), (Deny, Named::Everyone)], DENIED_BY_KEY),

    // The account statement lets identity policies decide, and only as far as it goes.
    row("delegated, identity allows", Who::User, DELEGATED, Yes).identity(&[Allow]),
    row("delegated, identity silent", Who::User, DELEGATED, NO_IDENTITY),
    row("delegated, identity allows another action", Who::User, DELEGATED, NO_IDENTITY).identity(&[AllowOther]),
    row("delegated, identity allows under a condition that fails", Who::User, DELEGATED, NO_IDENTITY).identity(&[AllowIf]),
    row("delegated, identity allows and denies", Who::User, DELEGATED, DENIED_BY_IDENTITY).identity(&[Allow, Deny]),
    row("not delegated, identity allows", Who::User, &[(Allow, Named::Role)], NO_RESOURCE).identity(&[Allow]),
    row("delegated for another action", Who::User, &[(AllowOther, Named::Account)], NO_RESOURCE).identity(&[Allow]),
    row("delegated under a condition that fails", Who::User, &[(AllowIf, Named::Account)], NO_RESOURCE).identity(&[Allow]),
    row("a session, delegated, its role allows", Who::Session, DELEGATED, Yes).identity(&[Allow]),
    row("a session, delegated, its role silent", Who::Session, DELEGATED, NO_IDENTITY),

    // Named in the key policy.
    row("user named", Who::User, &[(Allow, Named::User)], Yes),
    row("user named, denied by its own policy", Who::User, &[(Allow, Named::User)], DENIED_BY_IDENTITY).identity(&[Deny]),
    row("user named and denied there", Who::User, &[(Allow, Named::User), (Deny, Named::User)], DENIED_BY_KEY),
    row("user named for another action", Who::User, &[(AllowOther, Named::User)], NO_RESOURCE),
    row("user named under a condition that fails", Who::User, &[(AllowIf, Named::User)], NO_RESOURCE),
    row("role named", Who::Session, &[(Allow, Named::Role)], Yes),
    row("session named", Who::Session, &[(Allow, Named::Session)], Yes),
    row("another session named", Who::Session, &[(Allow, Named::AnotherSession)], NO_RESOURCE),
    row("role denied", Who::Session, &[(Allow, Named::Session), (Deny, Named::Role)], DENIED_BY_KEY),
    row("everyone", Who::User, &[(Allow, Named::Everyone)], Yes),
    row("a service named is not the caller", Who::User, &[(Allow, Named::Service)], NO_RESOURCE).identity(&[Allow]),

    // Boundaries.
    row("boundary allows, identity allows", Who::User, DELEGATED, Yes).identity(&[Allow]).boundary(Allow),
    row("boundary silent", Who::User, DELEGATED, NO_BOUNDARY).identity(&[Allow]).boundary(AllowOther),
    row("boundary alone gives nothing", Who::User, DELEGATED, NO_IDENTITY).boundary(Allow),
    row("boundary denies whom the key policy names", Who::User, &[(Allow, Named::User)], DENIED_BY_BOUNDARY).boundary(Deny),
    row("boundary does not limit a user the key policy names", Who::User, &[(Allow, Named::User)], Yes).boundary(AllowOther),
    row("boundary limits a role the key policy names", Who::Session, &[(Allow, Named::Role)], NO_BOUNDARY).boundary(AllowOther),
    row("boundary does not limit a session the key policy names", Who::Session, &[(Allow, Named::Session)], Yes).boundary(AllowOther),

    // Session policies.
    row("session policy allows, role allows", Who::Session, DELEGATED, Yes).identity(&[Allow]).session(Allow),
    row("session policy silent", Who::Session, DELEGATED, NO_SESSION).identity(&[Allow]).session(AllowOther),
    row("session policy alone gives nothing", Who::Session, DELEGATED, NO_IDENTITY).session(Allow),
    row("session policy denies", Who::Session, &[(Allow, Named::Session)], DENIED_BY_SESSION).session(Deny),
    row("session policy limits a role the key policy names", Who::Session, &[(Allow, Named::Role)], NO_SESSION).session(AllowOther),
    row("session policy does not limit a session the key policy names", Who::Session, &[(Allow, Named::Session)], Yes).session(AllowOther),

    // Federated users.
    row("federated, without a session policy", Who::Federated, DELEGATED, NO_SESSION).identity(&[Allow]),
    row("federated, user and session policy allow", Who::Federated, DELEGATED, Yes).identity(&[Allow]).session(Allow),
    row("federated, user silent", Who::Federated, DELEGATED, NO_IDENTITY).session(Allow),
    row("federated user named", Who::Federated, &[(Allow, Named::Federated)], Yes),
    row("its user named, session policy silent", Who::Federated, &[(Allow, Named::User)], NO_SESSION).session(AllowOther),
    row("its user named, session policy allows", Who::Federated, &[(Allow, Named::User)], Yes).session(Allow),

    // Grants.
    row("grant to the user", Who::User, DELEGATED, Yes).grant(Named::User),
    row("grant to somebody else", Who::User, DELEGATED, NO_IDENTITY).grant(Named::Role),
    row("grant, denied by the key policy", Who::User, &[(Allow, Named::Account), (Deny, Named::User)], DENIED_BY_KEY).grant(Named::User),
    row("grant, denied by the identity policy", Who::User, DELEGATED, DENIED_BY_IDENTITY).identity(&[Deny]).grant(Named::User),
    row("grant to the role", Who::Session, DELEGATED, Yes).grant(Named::Role),
    row("grant to the role, session policy silent", Who::Session, DELEGATED, NO_SESSION).session(AllowOther).grant(Named::Role),
    row("grant to the session, session policy silent", Who::Session, DELEGATED, Yes).session(AllowOther).grant(Named::Session),
    row("grant to another session", Who::Session, DELEGATED, NO_IDENTITY).grant(Named::AnotherSession),

    // Other accounts: both sides must agree.
    row("other account, named, identity allows", Who::OtherUser, &[(Allow, Named::Account), (Allow, Named::OtherAccount)], Yes).identity(&[Allow]),
    row("other account, named, identity silent", Who::OtherUser, &[(Allow, Named::Account), (Allow, Named::OtherAccount)], NO_IDENTITY),
    row("other account, not named, identity allows", Who::OtherUser, DELEGATED, Unseen).identity(&[Allow]),
    row("other account, not named, identity denies", Who::OtherUser, DELEGATED, Unseen).identity(&[Deny]),
    row("other user named, identity allows", Who::OtherUser, &[(Allow, Named::Account), (Allow, Named::OtherUser)], Yes).identity(&[Allow]),
    row("other user named, identity silent", Who::OtherUser, &[(Allow, Named::Account), (Allow, Named::OtherUser)], NO_IDENTITY),
    row("other role named, its policy allows", Who::OtherSession, &[(Allow, Named::Account), (Allow, Named::OtherRole)], Yes).identity(&[Allow]),
    row("other role named, session policy silent", Who::OtherSession, &[(Allow, Named::Account), (Allow, Named::OtherRole)], NO_SESSION).identity(&[Allow]).session(AllowOther),
    row("other root, account named", Who::OtherRoot, &[(Allow, Named::Account), (Allow, Named::OtherAccount)], Yes),
    row("everyone, from another account, identity silent", Who::OtherUser, &[(Allow, Named::Account), (Allow, Named::Everyone)], NO_IDENTITY),
    row("denied in the key policy, from another account", Who::OtherUser, &[(Allow, Named::Account), (Allow, Named::OtherAccount), (Deny, Named::OtherUser)], Unseen).identity(&[Allow]),
    row("grant from the owner, identity allows", Who::OtherUser, DELEGATED, Yes).identity(&[Allow]).grant(Named::OtherUser),
    row("grant from the owner, identity silent", Who::OtherUser, DELEGATED, NO_IDENTITY).grant(Named::OtherUser),

    // Control policies; the management account's principals are exempt from service control.
    row("service control silent", Who::OtherUser, &[(Allow, Named::Account), (Allow, Named::OtherAccount)], NO_CONTROL).identity(&[Allow]).service_control(AllowOther),
    row("service control denies root", Who::OtherRoot, &[(Allow, Named::Account), (Allow, Named::OtherAccount)], DENIED_BY_CONTROL).service_control(Deny),
    row("service control allows", Who::OtherUser, &[(Allow, Named::Account), (Allow, Named::OtherAccount)], Yes).identity(&[Allow]).service_control(Allow),
    row("service control of the management account", Who::User, DELEGATED, Yes).identity(&[Allow]).service_control(Deny),
    row("resource control denies", Who::User, &[(Allow, Named::User)], DENIED_BY_OWNERS_CONTROL).resource_control(Deny),
    row("resource control denies root", Who::Root, DELEGATED, DENIED_BY_OWNERS_CONTROL).resource_control(Deny),
    row("resource control denies another account", Who::OtherUser, &[(Allow, Named::Account), (Allow, Named::OtherAccount)], Unseen).identity(&[Allow]).resource_control(Deny),
];

#[test]
fn every_row_of_the_table() {
    let server = Server::enforced().unwrap();
    let mut wrong = Vec::new();
    block_on(async {
        let owner = server.client(server.issue(ACCOUNT).await?);
        let other = server.client(server.issue(OTHER_ACCOUNT).await?);
        for row in TABLE {
            let cast = Cast::gather(&server, row).await?;
            let (key, arn) = new_key(&owner).await?;
            if let Some(to) = row.grant {
                let grant = json!({ "KeyId": key, "GranteePrincipal": cast.name(to), "Operations": ["Encrypt"] });
                owner.kms("CreateGrant", &grant).await?.ok()?;
            }
            let statements: Vec<Value> =
                row.key.iter().map(|(effect, named)| cast.statement(*effect, *named)).collect();
            let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
            let put = json!({ "KeyId": key, "Policy": policy, "BypassPolicyLockoutSafetyCheck": true });
            owner.kms("PutKeyPolicy", &put).await?.ok()?;
            // Last, because they bind whoever prepares the rest.
            cast.put_controls(&server, row).await?;
            let caller = match row.who {
                Who::Root => &owner,
                Who::OtherRoot => &other,
                _ => &cast.caller,
            };
            let answer = caller.kms("Encrypt", &json!({ "KeyId": arn, "Plaintext": "eA==" })).await?;
            let fits = match row.expect {
                Yes => answer.status == 200,
                No(tail) => answer.code() == "AccessDeniedException" && answer.message().ends_with(tail),
                Unseen => {
                    answer.code() == "AccessDeniedException"
                        && answer.message().contains("on this resource because the resource does not exist")
                }
            };
            let foreign = matches!(row.who, Who::OtherRoot | Who::OtherUser | Who::OtherSession);
            if !fits || foreign && answer.status != 200 && answer.message().contains(&arn) {
                wrong.push(format!("{}: {} {}", row.what, answer.status, answer.body));
            }
            cast.clear_controls(&server).await?;
        }
        Ok(())
    })
    .unwrap();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), TABLE.len(), wrong.join("\n"));
}

fn policy(effects: &[Effect], principal: bool) -> String {
    let statements: Vec<Value> =
        effects.iter().map(|effect| statement(*effect, principal.then(|| json!("*")))).collect();
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn statement(effect: Effect, principal: Option<Value>) -> Value {
    let mut statement = json!({
        "Effect": if matches!(effect, Deny) { "Deny" } else { "Allow" },
        "Action": if matches!(effect, AllowOther) { "kms:DescribeKey" } else { "kms:Encrypt" },
        "Resource": "*",
    });
    if matches!(effect, AllowIf) {
        statement["Condition"] = json!({ "StringEquals": { "kms:EncryptionContext:stage": "test" } });
    }
    if let Some(principal) = principal {
        statement["Principal"] = principal;
    }
    statement
}

/// The principals of one row: made afresh, so that no row sees another's policies.
struct Cast {
    user: String,
    role: String,
    names: String,
    other_user: String,
    other_role: String,
    caller: Client,
}

impl Cast {
    async fn gather(server: &Server, row: &Row) -> anyhow::Result<Self> {
        let names = new_unique_id("n").to_lowercase();
        let system = server.system();
        let mut batch = Batch::default();
        let mut held = Held::default();
        if !row.identity.is_empty() {
            held.inline.insert("identity".to_owned(), policy(row.identity, false));
        }
        let account = match row.who {
            Who::OtherRoot | Who::OtherUser | Who::OtherSession => OTHER_ACCOUNT,
            _ => ACCOUNT,
        };
        let boundary = row.boundary.map(|effect| {
            let record = boundary(account, &names, policy(&[effect], false));
            batch.insert(&record);
            record.arn("aws")
        });
        let mut ids = BTreeMap::new();
        for owner in [ACCOUNT, OTHER_ACCOUNT] {
            // Only who calls has the row's policies.
            let (held, boundary) =
                if owner == account { (held.clone(), boundary.clone()) } else { (Held::default(), None) };
            let (user_id, role_id) = (new_unique_id("AIDA"), new_unique_id("AROA"));
            batch.insert(&user(owner, &names, &user_id, held.clone(), boundary.clone()));
            batch.insert(&role(owner, &names, &role_id, held, boundary));
            ids.insert(owner, (user_id, role_id));
        }
        system.commit(batch).await?;
        let (user_id, role_id) = ids.remove(account).unwrap_or_default();
        let now = system.clock.now();
        let holder = match row.who {
            Who::Session | Who::OtherSession => Some(Holder::Role { role_id, session: "shift".to_owned() }),
            Who::Federated => Some(Holder::Federated {
                name: "guest".to_owned(),
                user_id: Some(user_id.clone()),
                key: key_of(server, account, &user_id).await?.0,
            }),
            _ => None,
        };
        let signing = match holder {
            Some(holder) => {
                let mut session = Session::new(holder, now, now + SignedDuration::from_hours(1));
                session.policies = row.session.map(|effect| vec![policy(&[effect], false)]);
                let issued = issue_session(system, account, session).await.map_err(|e| anyhow::anyhow!("{e}"))?;
                Signing::Session {
                    access_key_id: issued.access_key_id,
                    secret: issued.secret.to_string(),
                    token: issued.token.to_string(),
                }
            }
            None => {
                let (access_key_id, secret) = key_of(server, account, &user_id).await?;
                Signing::With { access_key_id, secret }
            }
        };
        Ok(Self {
            user: format!("arn:aws:iam::{ACCOUNT}:user/{names}"),
            role: format!("arn:aws:iam::{ACCOUNT}:role/team/{names}"),
            other_user: format!("arn:aws:iam::{OTHER_ACCOUNT}:user/{names}"),
            other_role: format!("arn:aws:iam::{OTHER_ACCOUNT}:role/team/{names}"),
            names,
            caller: server.client(signing),
        })
    }

    fn name(&self, named: Named) -> String {
        match named {
            Named::Account => format!("arn:aws:iam::{ACCOUNT}:root"),
            Named::User => self.user.clone(),
            Named::Role => self.role.clone(),
            Named::Session => format!("arn:aws:sts::{ACCOUNT}:assumed-role/{}/shift", self.names),
            Named::AnotherSession => format!("arn:aws:sts::{ACCOUNT}:assumed-role/{}/night", self.names),
            Named::Federated => format!("arn:aws:sts::{ACCOUNT}:federated-user/guest"),
            Named::Everyone => "*".to_owned(),
            Named::OtherAccount => OTHER_ACCOUNT.to_owned(),
            Named::OtherUser => self.other_user.clone(),
            Named::OtherRole => self.other_role.clone(),
            Named::Service => "logs.amazonaws.com".to_owned(),
        }
    }

    fn statement(&self, effect: Effect, named: Named) -> Value {
        let family = if matches!(named, Named::Service) { "Service" } else { "AWS" };
        statement(effect, Some(json!({ family: self.name(named) })))
    }

    async fn put_controls(&self, server: &Server, row: &Row) -> anyhow::Result<()> {
        let callers = match row.who {
            Who::OtherRoot | Who::OtherUser | Who::OtherSession => OTHER_ACCOUNT,
            _ => ACCOUNT,
        };
        if let Some(effect) = row.service_control {
            let text = policy(&[effect], false);
            change_account(server, callers, |record| {
                record.service_control.policies.insert("row".to_owned(), text);
            })
            .await?;
        }
        if let Some(effect) = row.resource_control {
            let text = policy(&[effect], true);
            change_account(server, ACCOUNT, |record| {
                record.resource_control.policies.insert("row".to_owned(), text);
            })
            .await?;
        }
        Ok(())
    }

    async fn clear_controls(&self, server: &Server) -> anyhow::Result<()> {
        for account in [ACCOUNT, OTHER_ACCOUNT] {
            change_account(server, account, |record| {
                record.service_control.policies.clear();
                record.resource_control.policies.clear();
            })
            .await?;
        }
        Ok(())
    }
}

async fn change_account(server: &Server, account: &str, change: impl FnOnce(&mut AccountRecord)) -> anyhow::Result<()> {
    let stored = server.system().store.load::<AccountRecord>(account).await?;
    let mut stored = stored.ok_or_else(|| anyhow::anyhow!("no account {account}"))?;
    change(&mut stored.record);
    let mut batch = Batch::default();
    batch.update(stored.version, &stored.record);
    Ok(server.system().commit(batch).await?)
}

async fn key_of(server: &Server, account: &str, user_id: &str) -> anyhow::Result<(String, String)> {
    let owner = Owner::User { user_id: user_id.to_owned() };
    let issued = issue(server.system(), account, owner).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut batch = Batch::default();
    batch.insert(&issued.record);
    server.system().commit(batch).await?;
    Ok((issued.record.access_key_id, issued.secret.to_string()))
}

fn user(account: &str, name: &str, id: &str, held: Held, boundary: Option<String>) -> UserRecord {
    UserRecord {
        account: account.to_owned(),
        name: name.to_owned(),
        path: "/".to_owned(),
        user_id: id.to_owned(),
        created: Timestamp::now(),
        tags: BTreeMap::new(),
        boundary,
        held,
        groups: Default::default(),
    }
}

fn role(account: &str, name: &str, id: &str, held: Held, boundary: Option<String>) -> RoleRecord {
    RoleRecord {
        account: account.to_owned(),
        name: name.to_owned(),
        path: "/team/".to_owned(),
        role_id: id.to_owned(),
        created: Timestamp::now(),
        description: None,
        max_session_seconds: 3600,
        trust: "{}".to_owned(),
        trusted: BTreeMap::new(),
        tags: BTreeMap::new(),
        boundary,
        held,
    }
}

fn boundary(account: &str, name: &str, document: String) -> PolicyRecord {
    let now = Timestamp::now();
    PolicyRecord {
        account: account.to_owned(),
        name: name.to_owned(),
        path: "/".to_owned(),
        policy_id: new_unique_id("ANPA"),
        created: now,
        updated: now,
        description: None,
        tags: BTreeMap::new(),
        default_version: 1,
        next_version: 2,
        versions: vec![PolicyVersion { number: 1, document, created: now }],
    }
}
