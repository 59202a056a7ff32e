//! Keys brought into every state they can be in, with what was made of them before.

use anyhow::{Context, ensure};
use base64_simd::STANDARD as BASE64;
use claviger_crypto::key_pair::{KeyPairKind, OaepHash, PublicKey};
use claviger_testkit::{ACCOUNT, Client, Server, Signing};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::text;

pub(super) const HERE: &str = "us-east-1";
pub(super) const THERE: &str = "eu-west-1";
/// A state that ends by itself is held by setting the clock back so far.
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// How often holding may come too late.
const TRIES: usize = 20;

/// A key state, named as in `KeyState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Enabled,
    Disabled,
    PendingDeletion,
    PendingReplicaDeletion,
    PendingImport,
    Creating,
    Updating,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Symmetric,
    /// Symmetric, with imported material.
    Imported,
    Signing,
    Agreement,
    Encapsulation,
    Mac,
}

/// The kind of key a row of the table is about.
fn kind(row: &str) -> Kind {
    match row {
        "Sign" | "Verify" | "GetPublicKey" => Kind::Signing,
        "DeriveSharedSecret" => Kind::Agreement,
        "Encapsulate" | "Decapsulate" => Kind::Encapsulation,
        "GenerateMac" | "VerifyMac" => Kind::Mac,
        "GetParametersForImport" | "ImportKeyMaterial" | "DeleteImportedKeyMaterial" => Kind::Imported,
        _ => Kind::Symmetric,
    }
}

/// Whether a row needs something that only a usable key could make. Nobody looks at a signature or a code before the
/// state of its key.
fn needs_past(row: &str) -> bool {
    matches!(row, "Decrypt" | "ReEncrypt from" | "RetireGrant" | "RevokeGrant") || row.starts_with(PROMOTION)
}

/// A key in a state, and where it is.
pub(super) struct Specimen {
    pub(super) client: Client,
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) kind: Kind,
    /// What it made while it was usable, as input members.
    pub(super) made: Value,
    /// Its grant, if it could have one.
    pub(super) grant: String,
    /// The answer of GetParametersForImport, of keys that had one.
    pub(super) parameters: Value,
}

/// A server with keys that serve as the other side.
pub(super) struct Scene {
    server: Server,
    /// A usable key in each of the two Regions.
    others: [String; 2],
    /// A public key to agree with.
    pub(super) peer: String,
}

/// The rows of promotions, and the one in which the replica's state counts.
const PROMOTION: &str = "UpdatePrimaryRegion";
const PROMOTED: &str = "UpdatePrimaryRegion to";

/// The imported material of every key. None of curves is ever imported here.
const MATERIAL: [u8; 32] = [7; 32];

impl Scene {
    pub(super) fn new() -> anyhow::Result<Self> {
        let server = Server::development()?;
        claviger_testkit::block_on(async {
            let make = async |region| {
                let made = client(&server, region).kms("CreateKey", &json!({})).await?.ok()?;
                anyhow::Ok(text(&made, "/KeyMetadata/KeyId"))
            };
            let others = [make(HERE).await?, make(THERE).await?];
            let peer = json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT" });
            let peer = client(&server, HERE).kms("CreateKey", &peer).await?.ok()?;
            let asked = json!({ "KeyId": peer["KeyMetadata"]["KeyId"] });
            let peer = client(&server, HERE).kms("GetPublicKey", &asked).await?.ok()?;
            Ok((others, text(&peer, "/PublicKey")))
        })
        .map(|(others, peer)| Self { server, others, peer })
    }

    /// A usable key beside the specimen.
    pub(super) fn other(&self, specimen: &Specimen) -> &str {
        &self.others[usize::from(specimen.client.region == THERE)]
    }

    pub(super) fn client(&self, region: &str) -> Client {
        client(&self.server, region)
    }

    /// Lets everything held come to its end.
    pub(super) async fn release(&self) {
        self.server.system().clock.reset();
        self.settle().await;
    }

    async fn settle(&self) {
        self.server.system().clock.advance(SignedDuration::from_secs(1));
        for _ in 0..2 {
            self.server.shared().bell.ring_and_wait().await;
        }
    }

    /// A new key in `state`, for one row of the table.
    pub(super) async fn specimen(&self, row: &str, state: State) -> anyhow::Result<Specimen> {
        let kind = kind(row);
        let imported = kind == Kind::Imported || state == State::PendingImport;
        let moves = matches!(state, State::PendingReplicaDeletion | State::Creating | State::Updating);
        let multi_region = moves || row.starts_with(PROMOTION) || row == "ReplicateKey";
        for _ in 0..TRIES {
            let mut specimen = self.key(kind, imported, multi_region).await?;
            let has_material = imported && (state != State::PendingImport || needs_past(row));
            if has_material {
                specimen.import().await.context("importing")?;
            }
            if !imported || has_material {
                specimen.use_it().await.context("using")?;
            }
            let promoting = row.starts_with(PROMOTION) && state != State::Creating;
            if promoting || matches!(state, State::Updating | State::PendingReplicaDeletion) {
                self.replicate(&specimen).await?;
                self.settle().await;
            }
            if promoting && row == PROMOTED {
                specimen = specimen.there(self);
            }
            self.bring(&mut specimen, state, has_material, row).await.with_context(|| format!("{row}: {state:?}"))?;
            let described = specimen.client.kms("DescribeKey", &json!({ "KeyId": specimen.id })).await?.ok()?;
            if described["KeyMetadata"]["KeyState"] == format!("{state:?}") {
                return Ok(specimen);
            }
            // The machine was slower than the state lasts.
            ensure!(matches!(state, State::Creating | State::Updating), "{row}: {state:?} is {described}");
            self.release().await;
        }
        anyhow::bail!("{row}: {state:?} could not be held")
    }

    async fn key(&self, kind: Kind, imported: bool, multi_region: bool) -> anyhow::Result<Specimen> {
        let (spec, usage) = match kind {
            Kind::Symmetric | Kind::Imported => ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
            Kind::Signing => ("ECC_NIST_P256", "SIGN_VERIFY"),
            Kind::Agreement => ("ECC_NIST_P256", "KEY_AGREEMENT"),
            Kind::Encapsulation => ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE"),
            Kind::Mac => ("HMAC_256", "GENERATE_VERIFY_MAC"),
        };
        let client = self.client(HERE);
        let origin = if imported { "EXTERNAL" } else { "AWS_KMS" };
        let asked = json!({ "KeySpec": spec, "KeyUsage": usage, "Origin": origin, "MultiRegion": multi_region,
            "Tags": [{ "TagKey": "a", "TagValue": "b" }] });
        let made = client.kms("CreateKey", &asked).await?.ok()?;
        let id = text(&made, "/KeyMetadata/KeyId");
        client.kms("CreateAlias", &json!({ "AliasName": alias(&id), "TargetKeyId": id })).await?.ok()?;
        Ok(Specimen {
            client,
            id,
            arn: text(&made, "/KeyMetadata/Arn"),
            kind,
            made: json!({}),
            grant: String::new(),
            parameters: Value::Null,
        })
    }

    async fn replicate(&self, specimen: &Specimen) -> anyhow::Result<()> {
        specimen.call("ReplicateKey", json!({ "ReplicaRegion": THERE })).await.map(drop)
    }

    /// The last step into the state.
    async fn bring(&self, specimen: &mut Specimen, state: State, has_material: bool, row: &str) -> anyhow::Result<()> {
        match state {
            State::Enabled => {}
            State::Disabled => drop(specimen.call("DisableKey", json!({})).await?),
            State::PendingDeletion | State::PendingReplicaDeletion => {
                specimen.call("ScheduleKeyDeletion", json!({ "PendingWindowInDays": 7 })).await?;
            }
            State::PendingImport if row == "ImportKeyMaterial" => specimen.ask_for_parameters().await?,
            // A new replica has no material.
            State::PendingImport if has_material && row != PROMOTED => {
                specimen.call("DeleteImportedKeyMaterial", json!({})).await?;
            }
            State::PendingImport => {}
            State::Creating => {
                self.replicate(specimen).await?;
                self.server.system().clock.advance(-HOUR);
                *specimen = specimen.there(self);
            }
            State::Updating => {
                let mut there = specimen.there(self);
                if there.kind == Kind::Imported {
                    there.import().await?;
                }
                there.grant().await?;
                specimen.call("UpdatePrimaryRegion", json!({ "PrimaryRegion": THERE })).await?;
                self.server.system().clock.advance(-HOUR);
                *specimen = there;
            }
        }
        Ok(())
    }
}

/// The name of a specimen's own alias.
pub(super) fn alias(id: &str) -> String {
    format!("alias/of-{id}")
}

fn client(server: &Server, region: &str) -> Client {
    let mut client = server.client(Signing::Unknown("test".to_owned()));
    client.region = region.to_owned();
    client
}

impl Specimen {
    /// Calls an operation on the key; it must work.
    pub(super) async fn call(&self, operation: &str, mut input: Value) -> anyhow::Result<Value> {
        input["KeyId"] = json!(self.id);
        self.client.kms(operation, &input).await?.ok().with_context(|| operation.to_owned())
    }

    /// The related key in the other Region.
    fn there(&self, scene: &Scene) -> Specimen {
        Specimen {
            client: scene.client(THERE),
            id: self.id.clone(),
            arn: self.arn.replace(HERE, THERE),
            kind: self.kind,
            made: self.made.clone(),
            grant: self.grant.clone(),
            parameters: self.parameters.clone(),
        }
    }

    async fn grant(&mut self) -> anyhow::Result<()> {
        let asked =
            json!({ "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": [self.grantable()] });
        self.grant = text(&self.call("CreateGrant", asked).await?, "/GrantId");
        Ok(())
    }

    pub(super) fn grantable(&self) -> &'static str {
        match self.kind {
            Kind::Symmetric | Kind::Imported => "Encrypt",
            Kind::Signing => "Sign",
            Kind::Agreement => "DeriveSharedSecret",
            Kind::Encapsulation => "Encapsulate",
            Kind::Mac => "GenerateMac",
        }
    }

    /// Makes whatever later calls may need.
    async fn use_it(&mut self) -> anyhow::Result<()> {
        self.grant().await?;
        match self.kind {
            Kind::Symmetric | Kind::Imported => {
                let sealed = self.call("Encrypt", json!({ "Plaintext": "eA==" })).await?;
                self.made = json!({ "CiphertextBlob": sealed["CiphertextBlob"] });
            }
            Kind::Signing => {
                let asked = json!({ "Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256" });
                self.made = json!({ "Signature": self.call("Sign", asked).await?["Signature"] });
            }
            Kind::Encapsulation => {
                let asked = json!({ "EncapsulationAlgorithm": "ML_KEM" });
                let blob = self.call("Encapsulate", asked).await?["SharedSecretCiphertextBlob"].take();
                self.made = json!({ "SharedSecretCiphertextBlob": blob });
            }
            Kind::Mac => {
                let asked = json!({ "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256" });
                self.made = json!({ "Mac": self.call("GenerateMac", asked).await?["Mac"] });
            }
            Kind::Agreement => {}
        }
        Ok(())
    }

    /// Imports its material.
    async fn import(&mut self) -> anyhow::Result<()> {
        self.ask_for_parameters().await?;
        self.call("ImportKeyMaterial", self.import_input()?).await.map(drop)
    }

    pub(super) async fn ask_for_parameters(&mut self) -> anyhow::Result<()> {
        self.parameters = self.call("GetParametersForImport", super::calls::wrapping()).await?;
        Ok(())
    }

    /// The input of an import with the parameters at hand.
    pub(super) fn import_input(&self) -> anyhow::Result<Value> {
        let public = BASE64.decode_to_vec(text(&self.parameters, "/PublicKey"))?;
        let public = PublicKey::from_der(KeyPairKind::Rsa2048, &public).context("the wrapping key")?;
        let wrapped = public.encrypt(OaepHash::Sha256, &MATERIAL).map_err(|_| anyhow::anyhow!("too long"))?;
        Ok(json!({
            "ImportToken": self.parameters["ImportToken"],
            "EncryptedKeyMaterial": BASE64.encode_to_string(wrapped),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        }))
    }
}
