//! SigV4 as an SDK does it, for one kind of request: a POST to `/` with a body.

use claviger_crypto::digest::{hmac_sha256, sha256};

use crate::REGION;

/// How requests are signed.
#[derive(Clone, Debug)]
pub enum Signing {
    /// Not at all.
    Unsigned,
    /// With an access key the server does not know and a signature that is only well-formed. The id picks the account
    /// of a development server.
    Unknown(String),
    /// Properly.
    With {
        /// Access key id.
        access_key_id: String,
        /// Secret access key.
        secret: String,
    },
    /// With temporary credentials.
    Session {
        /// Access key id.
        access_key_id: String,
        /// Secret access key.
        secret: String,
        /// Session token.
        token: String,
    },
}

/// What distinguishes the protocols before the body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dialect<'a> {
    /// awsJson 1.1, with its target.
    Json(&'a str),
    /// awsQuery.
    Query,
}

impl Signing {
    /// The headers of a call of KMS in [`REGION`], signed now; names in lower case.
    pub fn kms_headers(&self, host: &str, operation: &str, body: &[u8]) -> Vec<(String, String)> {
        self.headers(REGION, "kms", host, Dialect::Json(&format!("TrentService.{operation}")), body)
    }

    /// The headers of a call, signed now; names in lower case.
    pub(crate) fn headers(
        &self,
        region: &str,
        service: &str,
        host: &str,
        dialect: Dialect<'_>,
        body: &[u8],
    ) -> Vec<(String, String)> {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let content_type = match dialect {
            Dialect::Json(_) => "application/x-amz-json-1.1",
            Dialect::Query => "application/x-www-form-urlencoded; charset=utf-8",
        };
        let mut headers = vec![
            ("content-type".to_owned(), content_type.to_owned()),
            ("host".to_owned(), host.to_owned()),
            ("x-amz-date".to_owned(), now.clone()),
        ];
        // Names stay in order: they are signed as they stand here.
        if let Self::Session { token, .. } = self {
            headers.push(("x-amz-security-token".to_owned(), token.clone()));
        }
        if let Dialect::Json(target) = dialect {
            headers.push(("x-amz-target".to_owned(), target.to_owned()));
        }
        if let Some(authorization) = self.authorization(region, service, &now, &headers, body) {
            headers.push(("authorization".to_owned(), authorization));
        }
        headers
    }

    fn authorization(
        &self,
        region: &str,
        service: &str,
        now: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Option<String> {
        let (id, secret) = match self {
            Self::Unsigned => return None,
            Self::Unknown(id) => (id, None),
            Self::With { access_key_id, secret } | Self::Session { access_key_id, secret, .. } => {
                (access_key_id, Some(secret))
            }
        };
        let date = &now[..8];
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let signature = match secret {
            None => "0".repeat(64),
            Some(secret) => {
                let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
                let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", hex::encode(sha256(body)));
                let to_sign =
                    format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{}", hex::encode(sha256(canonical.as_bytes())));
                let mut key = hmac_sha256(format!("AWS4{secret}").as_bytes(), &[date.as_bytes()]);
                for part in [region, service, "aws4_request"] {
                    key = hmac_sha256(&key, &[part.as_bytes()]);
                }
                hex::encode(hmac_sha256(&key, &[to_sign.as_bytes()]))
            }
        };
        Some(format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"))
    }
}
