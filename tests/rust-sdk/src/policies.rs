//! Key policies and grants.

use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::GrantOperation;

use crate::server::Server;

#[tokio::test]
async fn key_policies() {
    let server = Server::start();
    let kms = server.client();
    let id = kms.key().await.key_id;
    let read = async || kms.get_key_policy().key_id(&id).send().await.unwrap().policy.unwrap();
    assert!(read().await.contains(&kms.root()));
    let changed = format!(
        r#"{{"Version": "2012-10-17", "Id": "changed", "Statement": [
            {{"Effect": "Allow", "Principal": {{"AWS": "{}"}}, "Action": "kms:*", "Resource": "*"}}]}}"#,
        kms.root()
    );
    kms.put_key_policy().key_id(&id).policy(changed).send().await.unwrap();
    assert!(read().await.contains("changed"));
    let names = kms.list_key_policies().key_id(&id).into_paginator().items().send().try_collect().await.unwrap();
    assert_eq!(names, ["default"]);
    let refused = kms.put_key_policy().key_id(&id).policy("{").send().await.unwrap_err().into_service_error();
    assert!(refused.is_malformed_policy_document_exception());
}

#[tokio::test]
async fn another_account_comes_in_with_a_grant_and_leaves_with_it() {
    let server = Server::start();
    let (owner, guest) = (server.client(), server.client());
    let key = owner.key().await;
    let arn = key.arn.unwrap();
    let seal = || guest.encrypt().key_id(&arn).plaintext(Blob::new("x"));
    let refused = seal().send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("AccessDeniedException"));
    let grant = || {
        let asked = owner.create_grant().key_id(&key.key_id).grantee_principal(guest.root());
        asked.operations(GrantOperation::Encrypt).operations(GrantOperation::RetireGrant)
    };
    let granted = grant().name("guest").retiring_principal(guest.root()).send().await.unwrap();
    let token = granted.grant_token.unwrap();
    seal().grant_tokens(&token).send().await.unwrap();
    let listed = owner.list_grants().key_id(&key.key_id).into_paginator().page_size(1).items().send();
    let listed = listed.try_collect().await.unwrap();
    assert_eq!(listed[0].grant_id, granted.grant_id);
    let retirable = guest.list_retirable_grants().retiring_principal(guest.root()).send().await.unwrap();
    assert_eq!(retirable.grants()[0].grant_id, granted.grant_id);
    guest.retire_grant().grant_token(token).send().await.unwrap();
    assert!(seal().send().await.is_err());
    let second = grant().send().await.unwrap().grant_id.unwrap();
    seal().send().await.unwrap();
    owner.revoke_grant().key_id(&key.key_id).grant_id(&second).send().await.unwrap();
    assert!(seal().send().await.is_err());
    let again = owner.revoke_grant().key_id(&key.key_id).grant_id(&second).send().await;
    assert!(again.unwrap_err().into_service_error().is_not_found_exception());
}
