//! GetServiceSetting: a setting of the service and who set it.

use super::prelude::*;
use crate::settings::{self, SettingSubject};

pub(super) struct GetServiceSetting;

impl Operation for GetServiceSetting {
    type Service = Ssm;
    const NAME: &'static str = "GetServiceSetting";
    const ACTION: &'static str = "ssm:GetServiceSetting";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::GetServiceSettingRequest;
    type Output = ssm::GetServiceSettingResponse;
    type Error = ssm::GetServiceSettingError;
    type Subject = SettingSubject;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        settings::subject(cx, &input.setting_id)
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let setting = subject.known;
        let stored = settings::stored(cx.system, cx.call, setting).await.map_err(InternalFailure::from)?;
        let shown = setting.shown(subject, stored.as_ref().map(|stored| &stored.record));
        Ok(Done::read(ssm::GetServiceSettingResult { service_setting: Some(shown) }))
    }
}
