//! ResetServiceSetting: puts a setting back to its default.

use super::prelude::*;
use crate::record::SettingRecord;
use crate::settings::{self, SettingSubject};

pub(super) struct ResetServiceSetting;

impl Operation for ResetServiceSetting {
    type Service = Ssm;
    const NAME: &'static str = "ResetServiceSetting";
    const ACTION: &'static str = "ssm:ResetServiceSetting";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::ResetServiceSettingRequest;
    type Output = ssm::ResetServiceSettingResponse;
    type Error = ssm::ResetServiceSettingError;
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
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let setting = subject.known;
        let mut batch = Batch::default();
        batch.remove::<SettingRecord>(settings::record_id(cx.call, setting), None);
        let shown = setting.shown(subject, None);
        Ok(Done::write(ssm::ResetServiceSettingResult { service_setting: Some(shown) }, batch))
    }
}
