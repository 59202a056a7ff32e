//! UpdateOpenIDConnectProviderThumbprint, and what a thumbprint is.

use std::collections::BTreeSet;

use claviger_identity::ProviderRecord;
use claviger_shapes::iam::InvalidInputException;

use crate::iam::prelude::*;

/// Most thumbprints of a provider.
const THUMBPRINTS_MAX: usize = 5;

/// Reads a request's thumbprints: SHA-1 digests in hexadecimal.
pub(super) fn accept<E: From<InvalidInputException>>(thumbprints: &[String]) -> Result<BTreeSet<String>, E> {
    if thumbprints.len() > THUMBPRINTS_MAX {
        let text = format!("Thumbprint list must contain fewer than {THUMBPRINTS_MAX} entries.");
        return Err(InvalidInputException::new(text).into());
    }
    let digest = |text: &String| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !thumbprints.iter().all(digest) {
        return Err(InvalidInputException::new("Thumbprint must be exactly 40 hexadecimal characters.").into());
    }
    Ok(thumbprints.iter().map(|text| text.to_ascii_lowercase()).collect())
}

pub(super) struct UpdateOpenIDConnectProviderThumbprint;

impl Operation for UpdateOpenIDConnectProviderThumbprint {
    declare!(
        UpdateOpenIDConnectProviderThumbprint, Audit::write(),
        UpdateOpenIDConnectProviderThumbprintRequest => UpdateOpenIDConnectProviderThumbprintResponse,
        UpdateOpenIDConnectProviderThumbprintError, Target<ProviderRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        super::find(cx, &input.open_id_connect_provider_arn).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let provider = subject.there::<Self::Error>()?;
        let thumbprints = accept::<Self::Error>(&input.thumbprint_list)?;
        let record = ProviderRecord { thumbprints, ..provider.record.clone() };
        let mut batch = Batch::default();
        batch.update(provider.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
