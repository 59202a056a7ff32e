//! The life of keys: states, aliases, tags, rotation, deletion, lists.

use std::time::Duration;

use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::operation::RequestId;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyState, RotationType, Tag};

use crate::server::Server;

#[tokio::test]
async fn a_key_is_made_described_disabled_enabled() {
    let server = Server::start();
    let kms = server.client();
    let tag = Tag::builder().tag_key("a").tag_value("b").build().unwrap();
    let made = kms.create_key().description("first").tags(tag).send().await.unwrap().key_metadata.unwrap();
    let arn = made.arn.clone().unwrap();
    assert_eq!(arn, format!("arn:aws:kms:us-east-1:{}:key/{}", kms.id, made.key_id));
    let described = async || kms.describe_key().key_id(&arn).send().await.unwrap().key_metadata.unwrap();
    assert_eq!(described().await, made);
    kms.disable_key().key_id(&arn).send().await.unwrap();
    assert_eq!(described().await.key_state, Some(KeyState::Disabled));
    let refused = kms.encrypt().key_id(&arn).plaintext(Blob::new("x")).send().await.unwrap_err().into_service_error();
    assert!(refused.is_disabled_exception());
    assert_eq!(refused.message(), Some(&*format!("{arn} is disabled.")));
    kms.enable_key().key_id(&arn).send().await.unwrap();
    kms.update_key_description().key_id(&arn).description("second").send().await.unwrap();
    assert_eq!(described().await.description.as_deref(), Some("second"));
    assert!(kms.get_key_last_usage().key_id(&arn).send().await.unwrap().tracking_start_date.is_some());
}

#[tokio::test]
async fn errors_have_types_and_request_ids() {
    let server = Server::start();
    let kms = server.client();
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let refused = kms.describe_key().key_id(id).send().await.unwrap_err().into_service_error();
    assert!(refused.is_not_found_exception());
    assert_eq!(refused.request_id().map(str::len), Some(36));
    let refused = kms.enable_key().key_id("alias/x").send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_arn_exception());
    let refused = kms.list_keys().marker("junk").send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_marker_exception());
    // Not in the model, so it has a code but no type.
    let refused = kms.list_keys().limit(1001).send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("ValidationException"));
}

#[tokio::test]
async fn aliases() {
    let server = Server::start();
    let kms = server.client();
    let (one, two) = (kms.key().await, kms.key().await);
    let name = "alias/orders";
    kms.create_alias().alias_name(name).target_key_id(&one.key_id).send().await.unwrap();
    let again = kms.create_alias().alias_name(name).target_key_id(&two.key_id).send().await;
    assert!(again.unwrap_err().into_service_error().is_already_exists_exception());
    kms.update_alias().alias_name(name).target_key_id(&two.key_id).send().await.unwrap();
    let found = kms.list_aliases().key_id(&two.key_id).send().await.unwrap();
    assert_eq!(found.aliases()[0].alias_name(), Some(name));
    assert_eq!(kms.describe_key().key_id(name).send().await.unwrap().key_metadata.unwrap().key_id, two.key_id);
    kms.delete_alias().alias_name(name).send().await.unwrap();
    let gone = kms.describe_key().key_id(name).send().await;
    assert!(gone.unwrap_err().into_service_error().is_not_found_exception());
}

#[tokio::test]
async fn tags() {
    let server = Server::start();
    let kms = server.client();
    let id = kms.key().await.key_id;
    let tag = |key: &str| Tag::builder().tag_key(key).tag_value("1").build().unwrap();
    kms.tag_resource().key_id(&id).tags(tag("a")).tags(tag("b")).send().await.unwrap();
    kms.untag_resource().key_id(&id).tag_keys("a").send().await.unwrap();
    assert_eq!(kms.list_resource_tags().key_id(&id).send().await.unwrap().tags(), [tag("b")]);
    let reserved = kms.tag_resource().key_id(&id).tags(tag("aws:a")).send().await;
    assert!(reserved.unwrap_err().into_service_error().is_tag_exception());
}

#[tokio::test]
async fn rotation() {
    let server = Server::start();
    let kms = server.client();
    let id = kms.key().await.key_id;
    kms.enable_key_rotation().key_id(&id).rotation_period_in_days(90).send().await.unwrap();
    let status = kms.get_key_rotation_status().key_id(&id).send().await.unwrap();
    assert!(status.key_rotation_enabled);
    assert_eq!(status.rotation_period_in_days, Some(90));
    assert!(status.next_rotation_date.is_some());
    kms.disable_key_rotation().key_id(&id).send().await.unwrap();
    let sealed = kms.encrypt().key_id(&id).plaintext(Blob::new("old")).send().await.unwrap();
    kms.rotate_key_on_demand().key_id(&id).send().await.unwrap();
    let mut rotations = Vec::new();
    for _ in 0..100 {
        rotations = kms.list_key_rotations().key_id(&id).send().await.unwrap().rotations.unwrap();
        if !rotations.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(rotations[0].rotation_type, Some(RotationType::OnDemand));
    let opened = kms.decrypt().ciphertext_blob(sealed.ciphertext_blob.unwrap()).send().await.unwrap();
    assert_eq!(opened.plaintext.unwrap().as_ref(), b"old");
}

#[tokio::test]
async fn deletion() {
    let server = Server::start();
    let kms = server.client();
    let id = kms.key().await.key_id;
    let scheduled = kms.schedule_key_deletion().key_id(&id).pending_window_in_days(7).send().await.unwrap();
    assert_eq!(scheduled.key_state, Some(KeyState::PendingDeletion));
    let refused = kms.generate_data_key().key_id(&id).number_of_bytes(8).send().await;
    assert!(refused.unwrap_err().into_service_error().is_kms_invalid_state_exception());
    kms.cancel_key_deletion().key_id(&id).send().await.unwrap();
    let described = kms.describe_key().key_id(&id).send().await.unwrap().key_metadata.unwrap();
    assert_eq!(described.key_state, Some(KeyState::Disabled));
}

#[tokio::test]
async fn paginators_reach_the_end() {
    let server = Server::start();
    let kms = server.client();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(kms.key().await.key_id);
    }
    let id = &made[0];
    for name in ["a", "b", "c"] {
        kms.create_alias().alias_name(format!("alias/{name}")).target_key_id(id).send().await.unwrap();
        let tag = Tag::builder().tag_key(name).tag_value("").build().unwrap();
        kms.tag_resource().key_id(id).tags(tag).send().await.unwrap();
    }
    let keys = kms.list_keys().into_paginator().page_size(2).items().send().try_collect().await.unwrap();
    let mut found: Vec<_> = keys.into_iter().map(|key| key.key_id.unwrap()).collect();
    found.sort();
    made.sort();
    assert_eq!(found, made);
    let aliases = kms.list_aliases().into_paginator().page_size(2).items().send().try_collect().await.unwrap();
    let own = aliases.iter().filter(|alias| alias.target_key_id.is_some());
    assert_eq!(own.count(), 3);
    let id = kms.describe_key().key_id("alias/a").send().await.unwrap().key_metadata.unwrap().key_id;
    let tags = kms.list_resource_tags().key_id(&id).into_paginator().page_size(2).items().send();
    assert_eq!(tags.try_collect().await.unwrap().len(), 3);
}
