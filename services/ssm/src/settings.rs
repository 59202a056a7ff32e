//! Settings of the service in an account and Region.

use claviger_pipeline::{Call, Internal, System, internal};
use claviger_shapes::Timestamp;
use claviger_shapes::ssm::{ParameterTier, ServiceSetting, ServiceSettingNotFound};
use claviger_store::{Records, Stored};

use crate::SsmCx;
use crate::record::SettingRecord;
use crate::subject::{Target, Targets};

/// A setting that is known.
pub(crate) struct Setting {
    /// Its path.
    pub(crate) id: &'static str,
    /// Its values, the default first.
    values: &'static [&'static str],
}

/// The tier of parameters whose writer names none.
static DEFAULT_TIER: Setting = Setting {
    id: "/ssm/parameter-store/default-parameter-tier",
    values: &["Standard", "Advanced", "Intelligent-Tiering"],
};

/// Whether more requests are let in, for a price.
static HIGH_THROUGHPUT: Setting =
    Setting { id: "/ssm/parameter-store/high-throughput-enabled", values: &["false", "true"] };

/// One setting as the subject of an operation.
pub(crate) type SettingSubject = Targets<&'static Setting>;

/// Finds the setting a request names by its path or its ARN.
pub(crate) fn subject<E: From<ServiceSettingNotFound>>(cx: SsmCx<'_>, text: &str) -> Result<SettingSubject, E> {
    let call = cx.call;
    let prefix = format!("arn:{}:ssm:{}:{}:servicesetting", call.partition, call.region, call.account());
    let id = text.strip_prefix(&prefix).unwrap_or(text);
    let known = [&DEFAULT_TIER, &HIGH_THROUGHPUT].into_iter().find(|setting| setting.id == id);
    let Some(setting) = known else {
        return Err(ServiceSettingNotFound::new(format!("Service setting {text} is not found.")).into());
    };
    let target =
        Target { arn: prefix + setting.id, account: call.account().to_owned(), parameter: None, is_read: false };
    Ok(Targets::one(target, setting))
}

/// The stored value of a setting, if it is not at its default.
pub(crate) async fn stored(
    system: &System,
    call: &Call,
    setting: &Setting,
) -> Result<Option<Stored<SettingRecord>>, Internal> {
    system.store.load(&record_id(call, setting)).await.map_err(internal)
}

/// The id of a setting's record.
pub(crate) fn record_id(call: &Call, setting: &Setting) -> String {
    call.home().trim_end_matches('/').to_owned() + setting.id
}

/// The tier of parameters whose writer names none.
pub(crate) async fn default_tier(system: &System, call: &Call) -> Result<ParameterTier, Internal> {
    let named = stored(system, call, &DEFAULT_TIER).await?.and_then(|stored| stored.record.value.parse().ok());
    Ok(named.unwrap_or(ParameterTier::Standard))
}

impl Setting {
    /// Whether it may have this value.
    pub(crate) fn allows(&self, value: &str) -> bool {
        self.values.contains(&value)
    }

    /// What a wrong value is answered.
    pub(crate) fn wrong(&self, value: &str) -> String {
        format!("The value {value} is not valid for {}. Valid values: {}.", self.id, self.values.join(", "))
    }

    /// As clients get it. Settings nobody changed say so, and since when is not known.
    pub(crate) fn shown(&self, subject: &SettingSubject, record: Option<&SettingRecord>) -> ServiceSetting {
        let status = if record.is_some() { "Customized" } else { "Default" };
        let value = record.map_or(self.values.first().copied().unwrap_or_default(), |record| record.value.as_str());
        let user = record.map_or("System", |record| record.user.as_str());
        let modified = record.map_or(jiff::Timestamp::UNIX_EPOCH, |record| record.modified);
        ServiceSetting {
            setting_id: Some(self.id.to_owned()),
            setting_value: Some(value.to_owned()),
            last_modified_date: Some(Timestamp(modified)),
            last_modified_user: Some(user.to_owned()),
            arn: subject.targets.first().map(|target| target.arn.clone()),
            status: Some(status.to_owned()),
        }
    }
}
