//! Users and roles of two accounts, made as records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use claviger_identity::{AccountRecord, Entity, Held, RoleRecord, UserRecord, entity_path, session_arn};
use claviger_pipeline::System;
use claviger_pipeline::credentials::{Holder, Owner, Session, issue, issue_session, new_unique_id};
use claviger_store::{Batch, Record, Records};
use claviger_testkit::{ACCOUNT, Client, OTHER_ACCOUNT, Server, Signing};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Makes principals.
#[derive(Clone, Copy)]
pub(crate) struct People<'a>(pub &'a Server);

/// Somebody who can call.
pub(crate) struct Person {
    pub arn: String,
    pub id: String,
    pub client: Client,
    path: String,
    system: Arc<System>,
}

/// A role to make sessions of.
pub(crate) struct Role<'a> {
    pub arn: String,
    pub id: String,
    account: String,
    name: String,
    people: People<'a>,
}

impl<'a> People<'a> {
    fn system(self) -> &'a Arc<System> {
        self.0.system()
    }

    /// Makes the two accounts.
    pub(crate) async fn accounts(self) -> anyhow::Result<()> {
        for account in [ACCOUNT, OTHER_ACCOUNT] {
            let mut batch = Batch::default();
            batch.put(&AccountRecord::new(account, "test", Timestamp::now()));
            self.system().commit(batch).await?;
        }
        Ok(())
    }

    pub(crate) async fn user(self, account: &str, name: &str) -> anyhow::Result<Person> {
        let user_id = new_unique_id("AIDA");
        let record = UserRecord {
            account: account.to_owned(),
            name: name.to_owned(),
            path: "/".to_owned(),
            user_id: user_id.clone(),
            created: Timestamp::now(),
            tags: BTreeMap::new(),
            boundary: None,
            held: Held::default(),
            groups: BTreeSet::new(),
        };
        let issued = issue(self.system(), account, Owner::User { user_id: user_id.clone() }).await;
        let issued = issued.map_err(|error| anyhow::anyhow!("{error}"))?;
        let mut batch = Batch::default();
        batch.put(&record);
        batch.insert(&issued.record);
        self.system().commit(batch).await?;
        let signing = Signing::With { access_key_id: issued.record.access_key_id, secret: issued.secret.to_string() };
        Ok(Person {
            arn: record.arn("aws"),
            id: user_id,
            client: self.0.client(signing),
            path: record.id(),
            system: Arc::clone(self.system()),
        })
    }

    pub(crate) async fn role(self, account: &str, name: &str) -> anyhow::Result<Role<'a>> {
        let record = RoleRecord {
            account: account.to_owned(),
            name: name.to_owned(),
            path: "/team/".to_owned(),
            role_id: new_unique_id("AROA"),
            created: Timestamp::now(),
            description: None,
            max_session_seconds: 3600,
            trust: "{}".to_owned(),
            trusted: BTreeMap::new(),
            tags: BTreeMap::new(),
            boundary: None,
            held: Held::default(),
        };
        let mut batch = Batch::default();
        batch.put(&record);
        self.system().commit(batch).await?;
        let arn = record.arn("aws");
        Ok(Role { arn, id: record.role_id, account: account.to_owned(), name: name.to_owned(), people: self })
    }
}

impl Person {
    /// Gives the user an identity policy.
    pub(crate) async fn allow(&self, action: &str, resource: &str) -> anyhow::Result<()> {
        let statement = json!({ "Effect": "Allow", "Action": action, "Resource": resource });
        self.put_policy(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()).await
    }

    pub(crate) async fn put_policy(&self, text: &str) -> anyhow::Result<()> {
        put_policy::<UserRecord>(&self.system, &self.path, text).await
    }

    pub(crate) async fn delete(&self) -> anyhow::Result<()> {
        let mut batch = Batch::default();
        batch.remove::<UserRecord>(self.path.clone(), None);
        Ok(self.system.commit(batch).await?)
    }
}

impl Role<'_> {
    fn path(&self) -> String {
        entity_path(&self.account, &self.name)
    }

    pub(crate) fn session_arn(&self, session: &str) -> String {
        session_arn("aws", &self.account, &self.name, session)
    }

    pub(crate) async fn session(&self, name: &str) -> anyhow::Result<Person> {
        self.session_with(name, None).await
    }

    pub(crate) async fn session_with(&self, name: &str, policies: Option<Vec<String>>) -> anyhow::Result<Person> {
        let system = self.people.system();
        let holder = Holder::Role { role_id: self.id.clone(), session: name.to_owned() };
        let now = system.clock.now();
        let mut session = Session::new(holder, now, now + SignedDuration::from_hours(1));
        session.policies = policies;
        let issued = issue_session(system, &self.account, session).await;
        let issued = issued.map_err(|error| anyhow::anyhow!("{error}"))?;
        let signing = Signing::Session {
            access_key_id: issued.access_key_id,
            secret: issued.secret.to_string(),
            token: issued.token.to_string(),
        };
        Ok(Person {
            arn: self.session_arn(name),
            id: format!("{}:{name}", self.id),
            client: self.people.0.client(signing),
            path: String::new(),
            system: Arc::clone(system),
        })
    }

    pub(crate) async fn put_policy(&self, text: &str) -> anyhow::Result<()> {
        put_policy::<RoleRecord>(self.people.system(), &self.path(), text).await
    }

    pub(crate) async fn delete(&self) -> anyhow::Result<()> {
        let mut batch = Batch::default();
        batch.remove::<RoleRecord>(self.path(), None);
        Ok(self.people.system().commit(batch).await?)
    }
}

async fn put_policy<E: Entity>(system: &System, path: &str, text: &str) -> anyhow::Result<()> {
    let mut stored = system.store.load::<E>(path).await?.ok_or_else(|| anyhow::anyhow!("{path} is gone"))?;
    stored.record.held_mut().inline.insert("test".to_owned(), text.to_owned());
    let mut batch = Batch::default();
    batch.update(stored.version, &stored.record);
    Ok(system.commit(batch).await?)
}
