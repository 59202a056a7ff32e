//! Keys in memory, and the subjects operations ask permission for.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use claviger_crypto::context::EncryptionContext;
use claviger_pipeline::{Call, Caller, Internal, Limit, Permission, Subject, Via, Wording, bool_text, internal};
use claviger_policy::{Document, GrantKind, ResourceRule, Values};
use claviger_shapes::InternalFailure;
use claviger_shapes::kms::{EncryptionAlgorithmSpec, GrantOperation, InvalidKeyUsageException, KeySpec, KeyUsageType};

use crate::backing::Backing;
use crate::grant::Use;
use crate::record::{KeyRecord, Manager, key_path};
use crate::spec::{self, Kind};
use crate::{KmsCx, quotas, symmetric};

/// Type of a key in audit records.
pub const KEY_TYPE: &str = "AWS::KMS::Key";

/// A stored key, with its policy compiled and its aliases at hand.
pub struct Key {
    /// What is stored.
    pub record: KeyRecord,
    /// The stored version; changes are made against it.
    pub version: u64,
    /// `ACCOUNT/REGION/KEY-ID`.
    pub path: Arc<str>,
    /// The key's ARN.
    pub arn: String,
    /// The compiled key policy.
    pub policy: Arc<Document>,
    /// Names of the aliases that stand for the key.
    pub aliases: Vec<String>,
    /// The material that encrypts, once it has been needed.
    pub current: OnceLock<Arc<Backing>>,
}

impl Key {
    /// Makes a key from its record.
    pub fn new(record: KeyRecord, version: u64, partition: &str, aliases: Vec<String>) -> Result<Self, Internal> {
        let path = key_path(&record.account, &record.region, &record.key_id).into();
        let arn = key_arn(partition, &record.region, &record.account, &record.key_id);
        let policy = crate::policy::compile(&record.policy, &record.bound)?;
        Ok(Self { record, version, path, arn, policy, aliases, current: OnceLock::new() })
    }

    /// Whether AWS manages the key.
    pub fn is_aws_managed(&self) -> bool {
        matches!(self.record.manager, Manager::Aws(_))
    }

    /// What stands behind the key.
    pub fn kind(&self) -> Result<Kind, Internal> {
        let spec = self.record.key_spec();
        spec::kind(spec).ok_or_else(|| internal(format!("{} has the spec {}", self.arn, spec.as_str())))
    }

    /// Whether the key encrypts symmetrically.
    pub fn is_symmetric(&self) -> bool {
        self.record.key_spec() == KeySpec::SymmetricDefault
    }

    /// The encryption algorithm of a call, of those the key offers.
    pub fn require_algorithm<E: From<InvalidKeyUsageException>>(
        &self,
        algorithm: Option<EncryptionAlgorithmSpec>,
    ) -> Result<EncryptionAlgorithmSpec, E> {
        let algorithm = algorithm.unwrap_or(EncryptionAlgorithmSpec::SymmetricDefault);
        let spec = self.record.key_spec();
        if spec::encryption(spec).contains(&algorithm) {
            return Ok(algorithm);
        }
        Err(spec::incompatible(algorithm.as_str(), spec).into())
    }

    /// Refuses keys whose usage is not `wanted`.
    pub fn require_usage<E: From<InvalidKeyUsageException>>(
        &self,
        wanted: KeyUsageType,
        operation: &str,
    ) -> Result<(), E> {
        let usage = self.record.key_usage();
        if usage == wanted {
            return Ok(());
        }
        let usage = usage.as_str();
        let arn = &self.arn;
        let text = format!("{arn} key usage is {usage} which is not valid for {operation}.");
        Err(InvalidKeyUsageException::new(text).into())
    }
}

/// `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`
pub fn key_arn(partition: &str, region: &str, account: &str, key_id: &str) -> String {
    format!("arn:{partition}:kms:{region}:{account}:key/{key_id}")
}

/// `arn:PARTITION:kms:REGION:ACCOUNT:alias/NAME`; `name` has the prefix.
pub fn alias_arn(partition: &str, region: &str, account: &str, name: &str) -> String {
    format!("arn:{partition}:kms:{region}:{account}:{name}")
}

/// One key as the subject of an operation.
#[derive(Clone)]
pub struct KeySubject {
    /// The key.
    pub key: Arc<Key>,
    /// What is asked for.
    pub action: &'static str,
    /// The alias the request used, if it used one.
    pub alias: Option<String>,
    /// Whether the operation can ever be allowed to another account.
    pub cross_account: bool,
    /// Whether the caller never named the key: it followed from a ciphertext.
    pub unnamed: bool,
    /// Who asks.
    pub caller: Arc<Caller>,
    /// The service that asks for the caller.
    pub via: Option<Arc<Via>>,
    /// The strongest of the caller's grants that covers what is asked.
    pub grant: Option<GrantKind>,
    /// Whole days since the key was last used, for operations whose policies may ask.
    pub idle_days: Option<i64>,
}

impl KeySubject {
    /// A key the caller named.
    pub(crate) fn new(
        call: &Call,
        action: &'static str,
        key: Arc<Key>,
        alias: Option<String>,
        cross_account: bool,
    ) -> Self {
        let (caller, via) = (Arc::clone(&call.caller), call.via.clone());
        Self { key, action, alias, cross_account, unnamed: false, caller, via, grant: None, idle_days: None }
    }

    /// The same with the time since the key's last use; since its creation when it was never used.
    pub(crate) async fn with_idle_days<E: From<InternalFailure>>(self, cx: KmsCx<'_>) -> Result<Self, E> {
        let last = cx.service.keys.uses.last(cx.system, &self.key.path).await.map_err(InternalFailure::from)?;
        let since = last.map_or(self.key.record.created, |used| used.time);
        let idle_days = Some(cx.call.now.duration_since(since).as_hours() / 24);
        Ok(Self { idle_days, ..self })
    }

    /// The same with what the caller's grants add to `operation` in an encryption context.
    pub(crate) async fn granted<E: From<InternalFailure>>(
        self,
        cx: KmsCx<'_>,
        operation: GrantOperation,
        context: Option<&EncryptionContext>,
    ) -> Result<Self, E> {
        let source_arn = self.via.as_ref().and_then(|via| via.source_arn.as_deref());
        let request = Use { operation, context: symmetric::context(context), source_arn };
        let grant = cx.service.keys.grants.allow(cx.system, &self.key, &self.caller, request).await;
        let grant = grant.map_err(InternalFailure::from)?;
        Ok(Self { grant, ..self })
    }

    /// The permission to do `action` with this key.
    pub fn permission(&self, action: &'static str) -> Permission<'_> {
        Permission {
            action,
            resource: &self.key.arn,
            owner: &self.key.record.account,
            policy: Some(&self.key.policy),
            rule: ResourceRule::KmsKey,
            cross_account: self.cross_account,
            wording: if self.unnamed { Wording::Ciphertext } else { Wording::Named },
            grant: self.grant,
            principal: None,
        }
    }

    /// Condition keys that follow from the key.
    pub fn key_condition(&self, key: &str) -> Option<Values<'_>> {
        let record = &self.key.record;
        let text: Cow<'_, str> = match key {
            "kms:calleraccount" => (&*self.caller.account).into(),
            "kms:grantisforawsresource"
                if matches!(self.action, "kms:CreateGrant" | "kms:ListGrants" | "kms:RevokeGrant") =>
            {
                bool_text(self.via.is_some()).into()
            }
            "kms:trailingdayswithoutkeyusage" => self.idle_days?.to_string().into(),
            "kms:viaservice" => (&*self.via.as_ref()?.endpoint).into(),
            "kms:keyspec" => record.spec.as_str().into(),
            "kms:keyusage" => record.usage.as_str().into(),
            "kms:keyorigin" => record.origin.as_str().into(),
            "kms:multiregion" => bool_text(record.multi_region.is_some()).into(),
            "kms:multiregionkeytype" => record.multi_region_type()?.as_str().into(),
            "kms:requestalias" => self.alias.as_deref()?.into(),
            "kms:resourcealiases" => {
                return Some(Values::Many(self.key.aliases.iter().map(|alias| alias.as_str().into()).collect()));
            }
            "aws:resourceaccount" => record.account.as_str().into(),
            _ => {
                let name = key.strip_prefix("aws:resourcetag/")?;
                let (_, value) = record.tags.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(name))?;
                value.as_str().into()
            }
        };
        Some(Values::One(text))
    }
}

impl Subject for KeySubject {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        vec![self.permission(action)]
    }

    fn condition(&self, _side: usize, key: &str) -> Option<Values<'_>> {
        self.key_condition(key)
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        vec![(&self.key.arn, &self.key.record.account, KEY_TYPE)]
    }

    fn pools(&self) -> [Option<&'static Limit>; 2] {
        [Some(quotas::pool(self.key.record.key_spec())), None]
    }
}
