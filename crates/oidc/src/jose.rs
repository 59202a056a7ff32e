//! The token's form, and its signature: the JOSE library over the house's own cryptography.

use std::sync::Once;

use claviger_crypto::signature::{self as crypto, Curve, Rsa};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JoseError, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey, Header, Validation};

use crate::claims::Members;
use crate::{Error, TOKEN_BYTES_MAX};

/// Lets the library verify through the crypto room. It is asked for once a process.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: no_signer,
        verifier_factory: verifier,
        key_utils: KeyUtils::new_unimplemented(),
    };
    INSTALLED.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

/// Nothing here signs.
fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>, JoseError> {
    Err(ErrorKind::InvalidAlgorithm.into())
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, JoseError> {
    let family = algorithm.family();
    if family == AlgorithmFamily::Hmac || family != key.family() {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    Ok(Box::new(Bound { algorithm: *algorithm, key: key.clone() }))
}

/// A key with the one algorithm it is used for.
struct Bound {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for Bound {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for Bound {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> Result<(), signature::Error> {
        let rsa = match self.algorithm {
            Algorithm::RS256 => Some(Rsa::Pkcs1Sha256),
            Algorithm::RS384 => Some(Rsa::Pkcs1Sha384),
            Algorithm::RS512 => Some(Rsa::Pkcs1Sha512),
            Algorithm::PS256 => Some(Rsa::PssSha256),
            Algorithm::PS384 => Some(Rsa::PssSha384),
            Algorithm::PS512 => Some(Rsa::PssSha512),
            _ => None,
        };
        let curve = match self.algorithm {
            Algorithm::ES256 => Some(Curve::P256Sha256),
            Algorithm::ES384 => Some(Curve::P384Sha384),
            Algorithm::EdDSA => Some(Curve::Ed25519),
            _ => None,
        };
        let verdict = match (self.key.kind(), rsa, curve) {
            (DecodingKeyKind::RsaModulusExponent { n, e }, Some(rsa), None) => {
                crypto::verify_rsa(rsa, n, e, message, signed)
            }
            (DecodingKeyKind::SecretOrDer(point), None, Some(curve)) => {
                crypto::verify_curve(curve, point, message, signed)
            }
            _ => Err(crypto::BadSignature),
        };
        verdict.map_err(|_| signature::Error::new())
    }
}

/// A token's header and claims, of which nothing is verified yet.
pub(crate) fn peek(token: &str) -> Result<(Header, Members), Error> {
    // The library looks at the signature's letters only when it has a key.
    let spelled = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if token.len() > TOKEN_BYTES_MAX || !spelled {
        return Err(Error::Malformed);
    }
    let data = jsonwebtoken::dangerous::insecure_decode::<Members>(token).map_err(|_| Error::Malformed)?;
    // RFC 7515 §4.1.11: who does not know an extension that is marked critical must not accept the token.
    if data.header.alg.family() == AlgorithmFamily::Hmac || data.header.crit.is_some() {
        return Err(Error::Malformed);
    }
    Ok((data.header, data.claims))
}

/// The claims, once the signature is verified under `key`.
pub(crate) fn open(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Members, Error> {
    let mut validation = Validation::new(algorithm);
    // The library would ask the machine for the time; the claims are judged by the caller's.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let opened = jsonwebtoken::decode::<Members>(token, key, &validation).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => Error::BadSignature,
        _ => Error::Malformed,
    })?;
    Ok(opened.claims)
}
