//! Custom key stores, of an account that has none.

use crate::server::Server;

const STORE: &str = "cks-1234567890abcdef0";

#[tokio::test]
async fn there_are_none() {
    let server = Server::start();
    let kms = server.client();
    let stores = kms.describe_custom_key_stores().into_paginator().items().send().try_collect().await.unwrap();
    assert!(stores.is_empty());
    let refused = kms.connect_custom_key_store().custom_key_store_id(STORE).send().await.unwrap_err();
    assert!(refused.into_service_error().is_custom_key_store_not_found_exception());
    let refused = kms.disconnect_custom_key_store().custom_key_store_id(STORE).send().await.unwrap_err();
    assert!(refused.into_service_error().is_custom_key_store_not_found_exception());
    let refused = kms.update_custom_key_store().custom_key_store_id(STORE).send().await.unwrap_err();
    assert!(refused.into_service_error().is_custom_key_store_not_found_exception());
    let refused = kms.delete_custom_key_store().custom_key_store_id(STORE).send().await.unwrap_err();
    assert!(refused.into_service_error().is_custom_key_store_not_found_exception());
    let asked = kms.create_custom_key_store().custom_key_store_name("store").key_store_password("kmspassword");
    let asked = asked.cloud_hsm_cluster_id("cluster-2a34b5cdefg").trust_anchor_certificate("a certificate");
    assert!(asked.send().await.unwrap_err().into_service_error().is_cloud_hsm_cluster_not_found_exception());
}
