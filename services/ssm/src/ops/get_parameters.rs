//! GetParameters: up to ten parameters at once. What does not exist is told and is no error.

use std::collections::BTreeMap;

use super::prelude::*;
use crate::name::Asked;
use crate::read::{self, Read};

pub(super) struct GetParameters;

impl Operation for GetParameters {
    type Service = Ssm;
    const NAME: &'static str = "GetParameters";
    const ACTION: &'static str = "ssm:GetParameters";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(40);
    type Input = ssm::GetParametersRequest;
    type Output = ssm::GetParametersResponse;
    type Error = ssm::GetParametersError;
    type Subject = Targets<Vec<Asked>>;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let mut all = Vec::with_capacity(input.names.len());
        let mut targets = Vec::with_capacity(input.names.len());
        for text in &input.names {
            let asked = Asked::parse(cx.call, text)?;
            read::check_reference(&asked, input.with_decryption)?;
            let parameter = find::asked(cx, &asked).await.map_err(InternalFailure::from)?;
            targets.push(Target::asked(cx, &asked, parameter));
            all.push(asked);
        }
        Ok(Targets::many(targets, all))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        // By name; a name that is asked for twice is answered once.
        let mut found = BTreeMap::new();
        let mut invalid: Vec<String> = Vec::new();
        for ((text, asked), target) in input.names.iter().zip(&subject.known).zip(&subject.targets) {
            if found.contains_key(text) || invalid.contains(text) {
                continue;
            }
            let read = match &target.parameter {
                Some(parameter) => read::one::<Self::Error>(cx, parameter, asked, input.with_decryption).await?,
                None => Read::NoLabel,
            };
            match read {
                Read::Found(parameter) => drop(found.insert(text.clone(), *parameter)),
                Read::NoVersion(_) | Read::NoLabel => invalid.push(text.clone()),
            }
        }
        let parameters = Some(found.into_values().collect());
        Ok(Done::read(ssm::GetParametersResult { parameters, invalid_parameters: Some(invalid) }))
    }
}
