use claviger_store::{Batch, MemoryStore};

use super::*;
use crate::record::Held;

const A: &str = "111122223333";

fn user(name: &str, path: &str, id: &str) -> UserRecord {
    UserRecord {
        account: A.into(),
        name: name.into(),
        path: path.into(),
        user_id: id.into(),
        created: jiff::Timestamp::UNIX_EPOCH,
        tags: BTreeMap::new(),
        boundary: None,
        held: Held::default(),
        groups: Default::default(),
    }
}

fn role(name: &str, path: &str, id: &str) -> RoleRecord {
    RoleRecord {
        account: A.into(),
        name: name.into(),
        path: path.into(),
        role_id: id.into(),
        created: jiff::Timestamp::UNIX_EPOCH,
        description: None,
        max_session_seconds: 3600,
        trust: String::new(),
        trusted: BTreeMap::new(),
        tags: BTreeMap::new(),
        boundary: None,
        held: Held::default(),
    }
}

async fn store() -> Arc<dyn Store> {
    let store: Arc<dyn Store> = MemoryStore::new();
    let mut batch = Batch::default();
    batch.insert(&user("Alice", "/", "AIDAAAAAAAAAAAAAAAAA1"));
    batch.insert(&role("app", "/svc/", "AROAAAAAAAAAAAAAAAAA1"));
    batch.insert(&AccountRecord {
        account: A.into(),
        name: "test".into(),
        created: jiff::Timestamp::UNIX_EPOCH,
        alias: None,
        service_control: Default::default(),
        resource_control: Default::default(),
    });
    store.commit(batch).await.unwrap();
    store
}

#[tokio::test]
async fn names_become_unique_ids_and_ids_become_names() {
    let store = store().await;
    let directory = Directory::new(false);
    for (text, kind, id, back) in [
        (A, NamedKind::Account, A, "arn:aws:iam::111122223333:root"),
        ("arn:aws:iam::111122223333:root", NamedKind::Account, A, "arn:aws:iam::111122223333:root"),
        (
            "arn:aws:iam::111122223333:user/Alice",
            NamedKind::User,
            "AIDAAAAAAAAAAAAAAAAA1",
            "arn:aws:iam::111122223333:user/Alice",
        ),
        (
            "arn:aws:iam::111122223333:role/svc/app",
            NamedKind::Role,
            "AROAAAAAAAAAAAAAAAAA1",
            "arn:aws:iam::111122223333:role/svc/app",
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/app/worker",
            NamedKind::Session,
            "AROAAAAAAAAAAAAAAAAA1:worker",
            "arn:aws:sts::111122223333:assumed-role/app/worker",
        ),
        (
            "arn:aws:sts::111122223333:federated-user/bob",
            NamedKind::FederatedUser,
            "111122223333:bob",
            "arn:aws:sts::111122223333:federated-user/bob",
        ),
        (
            "AROAAAAAAAAAAAAAAAAA1:worker",
            NamedKind::Session,
            "AROAAAAAAAAAAAAAAAAA1:worker",
            "arn:aws:sts::111122223333:assumed-role/app/worker",
        ),
        (
            "logs.us-east-1.amazonaws.com",
            NamedKind::Service,
            "logs.us-east-1.amazonaws.com",
            "logs.us-east-1.amazonaws.com",
        ),
    ] {
        let found = directory.principal(&*store, text).await.unwrap();
        let found = found.unwrap_or_else(|| panic!("{text} is a principal"));
        assert_eq!((found.kind, found.id.as_str()), (kind, id), "{text}");
        assert_eq!(directory.arn_of(&*store, "aws", id).await.unwrap().as_deref(), Some(back), "{text}");
    }
}

#[tokio::test]
async fn what_is_no_principal() {
    let store = store().await;
    let directory = Directory::new(false);
    for text in [
        "",
        "*",
        "444455556666",
        "arn:aws:iam::444455556666:root",
        "arn:aws:iam::111122223333:user/alice",
        "arn:aws:iam::111122223333:user/x/Alice",
        "arn:aws:iam::111122223333:user/Bob",
        "arn:aws:iam::111122223333:role/app",
        "arn:aws:sts::111122223333:assumed-role/svc/app/worker",
        "arn:aws:sts::111122223333:assumed-role/none/worker",
        "arn:aws:sts::444455556666:federated-user/bob",
        "arn:aws:iam::111122223333:group/g",
        "AIDAAAAAAAAAAAAAAAAA2",
        "AIDAAAAAAAAAAAAAAAAA1:session",
        "example.com",
        "Logs.amazonaws.com",
    ] {
        assert_eq!(directory.principal(&*store, text).await.unwrap(), None, "{text}");
    }
}

#[tokio::test]
async fn a_policy_means_whom_it_named_when_it_was_put() {
    let store = store().await;
    let directory = Directory::new(false);
    let text = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:user/Alice","111122223333"]},"Action":"kms:*","Resource":"*"}]}"#;
    let bound = directory.bind(&*store, text).await.unwrap();
    assert!(rebind(text, &bound).contains(r#"["AIDAAAAAAAAAAAAAAAAA1","111122223333"]"#));
    assert_eq!(directory.read_back(&*store, text, &bound).await.unwrap(), text);
    // Another name is the same user.
    let mut batch = Batch::default();
    batch.remove::<UserRecord>(entity_path(A, "Alice"), None);
    batch.insert(&user("Alicia", "/x/", "AIDAAAAAAAAAAAAAAAAA1"));
    store.commit(batch).await.unwrap();
    let read = directory.read_back(&*store, text, &bound).await.unwrap();
    assert!(read.contains(r#"["arn:aws:iam::111122223333:user/x/Alicia","111122223333"]"#), "{read}");
    let mut batch = Batch::default();
    batch.remove::<UserRecord>(entity_path(A, "Alicia"), None);
    store.commit(batch).await.unwrap();
    // The same name again is somebody else.
    let mut batch = Batch::default();
    batch.put(&user("Alice", "/", "AIDAAAAAAAAAAAAAAAAA2"));
    store.commit(batch).await.unwrap();
    assert!(directory.read_back(&*store, text, &bound).await.unwrap().contains("AIDAAAAAAAAAAAAAAAAA1"));
    let unknown = text.replace("Alice", "Mallory");
    assert!(
        matches!(directory.bind(&*store, &unknown).await, Err(BindError::Unknown(name)) if name.ends_with("Mallory"))
    );
}
