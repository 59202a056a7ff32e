//! GetParameter: one parameter, its newest version or the one asked for.

use super::prelude::*;
use crate::name::Asked;
use crate::read::{self, Read};

pub(super) struct GetParameter;

impl Operation for GetParameter {
    type Service = Ssm;
    const NAME: &'static str = "GetParameter";
    const ACTION: &'static str = "ssm:GetParameter";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(40);
    type Input = ssm::GetParameterRequest;
    type Output = ssm::GetParameterResponse;
    type Error = ssm::GetParameterError;
    type Subject = Targets<Asked>;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let asked = Asked::parse(cx.call, &input.name)?;
        read::check_reference(&asked, input.with_decryption)?;
        let parameter = find::asked(cx, &asked).await.map_err(InternalFailure::from)?;
        Ok(Targets::one(Target::asked(cx, &asked, parameter), asked))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let asked = &subject.known;
        let missing = || match name::is_reference(&asked.path) {
            true => ssm::ParameterNotFound::new(read::no_secret(&asked.path)),
            false => ssm::ParameterNotFound::bare(),
        };
        let parameter = subject.parameter().ok_or_else(missing)?;
        match read::one::<Self::Error>(cx, parameter, asked, input.with_decryption).await? {
            Read::Found(parameter) => Ok(Done::read(ssm::GetParameterResult { parameter: Some(*parameter) })),
            Read::NoVersion(number) => {
                let text = read::no_version(&parameter.record.name, number);
                Err(ssm::ParameterVersionNotFound::new(text).into())
            }
            Read::NoLabel => Err(ssm::ParameterNotFound::bare().into()),
        }
    }
}
