//! The quota an increase is asked for, as a resource that policies judge.

use claviger_pipeline::{Permission, Subject};
use claviger_policy::Values;

use crate::{QuotasCx, show};

/// One quota of the caller's account, whether it exists or not.
pub(crate) struct QuotaSubject {
    arn: String,
    account: String,
    service: String,
}

impl QuotaSubject {
    /// In the Region of the call.
    pub(crate) fn new(cx: QuotasCx<'_>, service: &str, code: &str) -> Self {
        let account = cx.call.account();
        Self { arn: show::arn(cx, account, service, code), account: account.to_owned(), service: service.to_owned() }
    }

    /// The quota's ARN.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }
}

impl Subject for QuotaSubject {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        vec![Permission { resource: &self.arn, ..Permission::on_account(action, &self.account) }]
    }

    fn condition(&self, _side: usize, key: &str) -> Option<Values<'_>> {
        (key == "servicequotas:service").then(|| Values::One(self.service.as_str().into()))
    }
}
