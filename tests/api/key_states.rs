//! Every operation in every state of a key, through the API: one declaration, the published table.

mod calls;
mod specimen;

use std::collections::BTreeSet;

use claviger_testkit::{Answer, block_on};
use serde_json::{Value, json};

use crate::development;
use specimen::{Scene, Specimen, State};

/// What each operation answers when the key is Enabled, Disabled, PendingDeletion, PendingReplicaDeletion, PendingImport,
/// Creating, Updating: `o`k, `D`isabled, `P`ending deletion, pending `R`eplica deletion, pending `I`mport, `C`reating,
/// updatin`G`, `N`ot pending deletion, wrong origin (`X`), not a primary key (`U`, `S`), `-` cannot be. Words after a
/// name tell which of two keys is in the state.
const TABLE: [(&str, &str); 47] = [
    ("Encrypt", "oDPRICo"),
    ("Decrypt", "oDPRICo"),
    ("ReEncrypt from", "oDPRICo"),
    ("ReEncrypt to", "oDPRICo"),
    ("GenerateDataKey", "oDPRICo"),
    ("GenerateDataKeyWithoutPlaintext", "oDPRICo"),
    ("GenerateDataKeyPair", "oDPRICo"),
    ("GenerateDataKeyPairWithoutPlaintext", "oDPRICo"),
    ("Sign", "oDPRICo"),
    ("Verify", "oDPRICo"),
    ("GenerateMac", "oDPRICo"),
    ("VerifyMac", "oDPRICo"),
    ("DeriveSharedSecret", "oDPRICo"),
    // Keys of this kind take no imported material.
    ("Encapsulate", "oDPR-Co"),
    ("Decapsulate", "oDPR-Co"),
    ("GetPublicKey", "ooPRICo"),
    ("DescribeKey", "ooooooo"),
    ("GetKeyPolicy", "ooooooo"),
    ("ListKeyPolicies", "ooooooo"),
    ("ListGrants", "ooooooo"),
    ("ListResourceTags", "ooooooo"),
    ("ListAliases", "ooooooo"),
    ("GetKeyLastUsage", "ooooooo"),
    ("PutKeyPolicy", "ooooooo"),
    // Grants are not replicated, and none can be made of a key that is Creating.
    ("RetireGrant", "ooooo-o"),
    ("RevokeGrant", "ooooo-o"),
    ("DeleteAlias", "ooooooo"),
    ("CreateGrant", "oDPRICo"),
    ("CreateAlias", "ooPRooo"),
    ("UpdateAlias", "ooPRooo"),
    ("TagResource", "ooPRooo"),
    ("UntagResource", "ooPRooo"),
    ("UpdateKeyDescription", "ooPRooo"),
    ("EnableKey", "ooPRICG"),
    ("DisableKey", "ooPRICG"),
    ("ScheduleKeyDeletion", "ooPRooG"),
    ("CancelKeyDeletion", "NNooNNN"),
    ("EnableKeyRotation", "oDPRXCo"),
    ("DisableKeyRotation", "oDPRXCo"),
    ("GetKeyRotationStatus", "ooooooo"),
    ("RotateKeyOnDemand", "oDPRICG"),
    ("ListKeyRotations", "ooooooo"),
    ("GetParametersForImport", "ooPRoCG"),
    ("ImportKeyMaterial", "ooPRoCo"),
    ("DeleteImportedKeyMaterial", "oooooCG"),
    // A key that is Creating is a replica, and the role is looked at first. So it is of a promotion, in other words.
    ("ReplicateKey", "oDPRIUG"),
    ("UpdatePrimaryRegion", "oD-RISo"),
];

/// The replica that is to become the primary key. Where it is Updating, so is the primary key: the row before.
const PROMOTED: (&str, &str) = ("UpdatePrimaryRegion to", "oDP-IC-");

/// Operations of no key.
const KEYLESS: [&str; 10] = [
    "CreateKey",
    "ListKeys",
    "GenerateRandom",
    "ListRetirableGrants",
    "ConnectCustomKeyStore",
    "CreateCustomKeyStore",
    "DeleteCustomKeyStore",
    "DescribeCustomKeyStores",
    "DisconnectCustomKeyStore",
    "UpdateCustomKeyStore",
];

const STATES: [State; 7] = [
    State::Enabled,
    State::Disabled,
    State::PendingDeletion,
    State::PendingReplicaDeletion,
    State::PendingImport,
    State::Creating,
    State::Updating,
];

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.into_iter().chain([PROMOTED])
}

#[test]
fn the_table_is_complete() {
    let (server, _) = development().unwrap();
    let services = server.shared().engine().services();
    let served = services.iter().find(|service| service.name == "kms").unwrap().operations();
    let judged: BTreeSet<_> = rows().map(|(row, _)| row.split(' ').next().unwrap()).chain(KEYLESS).collect();
    assert_eq!(served.into_iter().collect::<BTreeSet<_>>(), judged);
    assert!(rows().all(|(_, letters)| letters.len() == STATES.len()));
}

#[test]
fn every_operation_in_every_state() {
    let scene = Scene::new().unwrap();
    let mut wrong = Vec::new();
    let mut judged = 0;
    block_on(async {
        for (row, letters) in rows() {
            for (state, letter) in STATES.into_iter().zip(letters.chars()).filter(|(_, letter)| *letter != '-') {
                let specimen = scene.specimen(row, state).await?;
                let before = described(&specimen).await?;
                assert_eq!(before["KeyState"], format!("{state:?}"), "{row}");
                let answer = calls::call(&scene, row, &specimen).await?;
                if let Err(text) = judge(letter, &specimen, &answer) {
                    wrong.push(format!("{row}, {state:?}: {text}\n    {} {}", answer.status, answer.body));
                }
                // What was refused changed nothing.
                if answer.status != 200 && described(&specimen).await? != before {
                    wrong.push(format!("{row}, {state:?}: the key is not what it was"));
                }
                scene.release().await;
                judged += 1;
            }
        }
        Ok(())
    })
    .unwrap();
    assert!(wrong.is_empty(), "{} of {judged}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(judged > 300, "only {judged} were judged");
}

async fn described(specimen: &Specimen) -> anyhow::Result<Value> {
    let mut answer = specimen.client.kms("DescribeKey", &json!({ "KeyId": specimen.id })).await?.ok()?;
    Ok(answer["KeyMetadata"].take())
}

/// Whether the answer is what the letter says, type and message.
fn judge(letter: char, specimen: &Specimen, answer: &Answer) -> Result<(), String> {
    let arn = &specimen.arn;
    let (code, text) = match letter {
        'o' if answer.status == 200 => return Ok(()),
        'o' => return Err("should have worked".to_owned()),
        'D' => ("DisabledException", format!("{arn} is disabled.")),
        'X' => (
            "UnsupportedOperationException",
            format!("{arn} origin is EXTERNAL which is not valid for this operation."),
        ),
        'U' => ("UnsupportedOperationException", format!("{arn} is not a multi-region primary key.")),
        'S' => ("KMSInvalidStateException", format!("{arn} is not a multi-Region primary key.")),
        other => {
            let is = match other {
                'P' => "pending deletion",
                'R' => "pending replica deletion",
                'I' => "pending import",
                'C' => "creating",
                'G' => "updating",
                'N' => "not pending deletion",
                _ => return Err(format!("the table has a letter {other}")),
            };
            ("KMSInvalidStateException", format!("{arn} is {is}."))
        }
    };
    if (answer.status, answer.code(), answer.message()) == (400, code, text.as_str()) {
        return Ok(());
    }
    Err(format!("should have been {code}: {text}"))
}
