//! UpdateServiceSetting: changes a setting of the service.

use super::prelude::*;
use crate::record::SettingRecord;
use crate::settings::{self, SettingSubject};

pub(super) struct UpdateServiceSetting;

impl Operation for UpdateServiceSetting {
    type Service = Ssm;
    const NAME: &'static str = "UpdateServiceSetting";
    const ACTION: &'static str = "ssm:UpdateServiceSetting";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::UpdateServiceSettingRequest;
    type Output = ssm::UpdateServiceSettingResponse;
    type Error = ssm::UpdateServiceSettingError;
    type Subject = SettingSubject;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        settings::subject(cx, &input.setting_id)
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    fn overtaken() -> Option<Self::Error> {
        Some(super::too_many_updates().into())
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let setting = subject.known;
        if !setting.allows(&input.setting_value) {
            return Err(ValidationException::new(setting.wrong(&input.setting_value)).into());
        }
        let mut batch = Batch::default();
        batch.put(&SettingRecord {
            id: settings::record_id(cx.call, setting),
            value: input.setting_value.clone(),
            modified: cx.call.now,
            user: cx.call.caller.arn.to_string(),
        });
        Ok(Done::write(ssm::UpdateServiceSettingResult, batch))
    }
}
