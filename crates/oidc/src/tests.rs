use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::keys::KeySet;

/// Tokens made by another implementation; see `vectors/make.py`.
const TOKENS: &str = include_str!("../vectors/tokens.json");

#[derive(Deserialize)]
struct Tokens {
    issuer: String,
    now: i64,
    jwks: Value,
    accepted: BTreeMap<String, String>,
    refused: BTreeMap<String, BTreeMap<String, String>>,
}

impl Tokens {
    fn read() -> Self {
        serde_json::from_str(TOKENS).unwrap()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now).unwrap()
    }

    fn usual(&self) -> &str {
        &self.accepted["RS256"]
    }
}

/// An issuer in memory.
#[derive(Default)]
struct Provider {
    documents: Mutex<HashMap<String, Vec<u8>>>,
    asked: AtomicUsize,
    slow: bool,
}

impl Provider {
    fn of(tokens: &Tokens) -> Arc<Self> {
        let provider = Arc::new(Self::default());
        provider.publish(tokens, &tokens.jwks);
        provider
    }

    fn publish(&self, tokens: &Tokens, jwks: &Value) {
        let keys = "https://keys.example.com/jwks";
        let configuration =
            json!({ "issuer": tokens.issuer, "jwks_uri": keys, "response_types_supported": ["id_token"] });
        self.put(&format!("{}/.well-known/openid-configuration", tokens.issuer), &configuration);
        self.put(keys, jwks);
    }

    fn put(&self, url: &str, document: &Value) {
        self.documents.lock().unwrap().insert(url.to_owned(), document.to_string().into_bytes());
    }

    fn stop(&self) {
        self.documents.lock().unwrap().clear();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Fetch for Provider {
    fn permits(&self, issuer: &str) -> bool {
        !issuer.contains("forbidden")
    }

    fn get<'a>(&'a self, _issuer: &'a str, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if self.slow {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let found = self.documents.lock().unwrap().get(url).cloned();
            found.ok_or_else(|| FetchError::Unreachable("down".to_owned()))
        })
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[test]
fn tokens_of_another_implementation_are_told_apart() {
    let tokens = Tokens::read();
    run(async {
        // A verifier for each, so that a pause between fetches hides nothing.
        for (name, token) in &tokens.accepted {
            let found = Verifier::new(Provider::of(&tokens)).verify(&tokens.issuer, token, tokens.now()).await;
            assert!(found.is_ok(), "{name}: {found:?}");
        }
        for (expected, cases) in &tokens.refused {
            for (name, token) in cases {
                let found = Verifier::new(Provider::of(&tokens)).verify(&tokens.issuer, token, tokens.now()).await;
                let error = found.expect_err(name);
                assert!(format!("{error:?}").starts_with(expected), "{name}: {error:?}, not {expected}");
            }
        }
    });
    assert!(tokens.accepted.len() > 15 && tokens.refused.values().map(BTreeMap::len).sum::<usize>() > 45);
}

#[test]
fn claims_are_read_as_they_stand() {
    let tokens = Tokens::read();
    let claims =
        run(Verifier::new(Provider::of(&tokens)).verify(&tokens.issuer, tokens.usual(), tokens.now())).unwrap();
    let at = |seconds: i64| Timestamp::from_second(tokens.now + seconds).unwrap();
    assert_eq!(
        claims,
        Claims {
            issuer: tokens.issuer.clone(),
            subject: "system:serviceaccount:team:app".to_owned(),
            audiences: vec!["sts.amazonaws.com".to_owned()],
            authorized_party: None,
            expires: at(3600),
            issued_at: at(-60),
            not_before: Some(at(-60)),
            extra: BTreeMap::new(),
        }
    );
    let azp = &tokens.accepted["azp in place of aud"];
    let claims = run(Verifier::new(Provider::of(&tokens)).verify(&tokens.issuer, azp, tokens.now())).unwrap();
    assert_eq!((claims.audiences.len(), claims.authorized_party.as_deref()), (0, Some("client")));
}

#[test]
fn a_missing_claim_is_named() {
    let tokens = Tokens::read();
    for (name, token) in &tokens.refused["MissingClaim"] {
        let claim = name.split(' ').next().unwrap();
        match Verifier::issuer_of(token) {
            Err(Error::MissingClaim(found)) => assert_eq!(found, claim),
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// RFC 7515, appendices A.2 (RS256) and A.3 (ES256).
#[test]
fn the_examples_of_jws_verify() {
    crate::jose::install();
    let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let a2 = concat!(
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUA",
        "r7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO-",
        "-xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_",
        "IoypGlUPQGe77Rw"
    );
    let a3 = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let keys = json!({ "keys": [
        {
            "kty": "RSA",
            "n": concat!(
                "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd",
                "2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7W",
                "TBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs9",
                "1kzk2PAcDTW9gb54h4FRWyuXpoQ"
            ),
            "e": "AQAB"
        },
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
        }
    ] });
    let keys = KeySet::parse(keys.to_string().as_bytes()).unwrap();
    for (header, signature) in [("eyJhbGciOiJSUzI1NiJ9", a2), ("eyJhbGciOiJFUzI1NiJ9", a3)] {
        let token = format!("{header}.{payload}.{signature}");
        let algorithm = jsonwebtoken::decode_header(&token).unwrap().alg;
        let key = keys.find(None, algorithm).unwrap();
        assert!(crate::jose::open(&token, key, algorithm).is_ok(), "{algorithm:?}");
        let forged = format!("{header}.{}.{signature}", payload.replacen("eyJ", "eyK", 1));
        assert!(crate::jose::open(&forged, key, algorithm).is_err());
    }
}

#[test]
fn a_thousand_callers_make_one_fetch() {
    let tokens = Tokens::read();
    let provider = Arc::new(Provider { slow: true, ..Provider::default() });
    provider.publish(&tokens, &tokens.jwks);
    let verifier = Arc::new(Verifier::new(Arc::clone(&provider) as _));
    run(async {
        let callers: Vec<_> = (0..1000)
            .map(|_| {
                let (verifier, issuer) = (Arc::clone(&verifier), tokens.issuer.clone());
                let (token, now) = (tokens.usual().to_owned(), tokens.now());
                tokio::spawn(async move { verifier.verify(&issuer, &token, now).await })
            })
            .collect();
        for caller in callers {
            assert!(caller.await.unwrap().is_ok());
        }
    });
    assert_eq!(provider.asked(), 2, "the configuration and the keys");
}

#[test]
fn keys_are_kept_for_minutes_and_asked_for_again_then() {
    let tokens = Tokens::read();
    let provider = Provider::of(&tokens);
    let verifier = Verifier::new(Arc::clone(&provider) as _);
    run(async {
        for (later, asked) in [(0, 2), (1, 2), (599, 2), (600, 4), (601, 4), (1199, 4), (1200, 6)] {
            let now = tokens.now() + SignedDuration::from_secs(later);
            assert!(verifier.verify(&tokens.issuer, tokens.usual(), now).await.is_ok(), "{later}");
            assert_eq!(provider.asked(), asked, "{later}");
        }
        // A clock set back must not keep keys for ever.
        let now = tokens.now() - SignedDuration::from_secs(50);
        assert!(verifier.verify(&tokens.issuer, tokens.usual(), now).await.is_ok());
        assert_eq!(provider.asked(), 8);
    });
}

#[test]
fn a_new_key_is_found_at_once_but_strangers_cause_no_flood() {
    let tokens = Tokens::read();
    let provider = Arc::new(Provider::default());
    let all = tokens.jwks["keys"].as_array().unwrap();
    let only = |kid: &str| json!({ "keys": all.iter().filter(|key| key["kid"] == kid).collect::<Vec<_>>() });
    provider.publish(&tokens, &only("one"));
    let verifier = Verifier::new(Arc::clone(&provider) as _);
    let rotated = &tokens.accepted["a key of 3072 bits"];
    let at = |seconds| tokens.now() + SignedDuration::from_secs(seconds);
    run(async {
        assert!(verifier.verify(&tokens.issuer, tokens.usual(), at(0)).await.is_ok());
        // Nobody may make this server ask more often than every five seconds.
        for _ in 0..100 {
            assert_eq!(verifier.verify(&tokens.issuer, rotated, at(4)).await, Err(Error::NoKey));
        }
        assert_eq!(provider.asked(), 2);
        assert_eq!(verifier.verify(&tokens.issuer, rotated, at(5)).await, Err(Error::NoKey));
        assert_eq!(provider.asked(), 4);
        provider.publish(&tokens, &only("two"));
        assert!(verifier.verify(&tokens.issuer, rotated, at(10)).await.is_ok());
        assert_eq!(provider.asked(), 6);
        // The key that is no longer published is no longer good.
        assert_eq!(verifier.verify(&tokens.issuer, tokens.usual(), at(11)).await, Err(Error::NoKey));
    });
}

#[test]
fn an_issuer_that_is_down_is_believed_for_hours() {
    let tokens = Tokens::read();
    let token = &tokens.accepted["a day long"];
    let provider = Provider::of(&tokens);
    let verifier = Verifier::new(Arc::clone(&provider) as _);
    let at = |seconds| tokens.now() + SignedDuration::from_secs(seconds);
    run(async {
        assert!(verifier.verify(&tokens.issuer, token, at(0)).await.is_ok());
        provider.stop();
        for later in [600, 3600, 6 * 3600 - 1] {
            assert!(verifier.verify(&tokens.issuer, token, at(later)).await.is_ok(), "{later}");
        }
        let asked = provider.asked();
        assert_eq!(asked, 2 + 3, "asked each time, in vain");
        assert!(verifier.verify(&tokens.issuer, token, at(6 * 3600 - 2)).await.is_ok());
        assert_eq!(provider.asked(), asked, "not again within seconds");
        assert_eq!(verifier.verify(&tokens.issuer, token, at(6 * 3600)).await, Err(Error::Unreachable));
        // A clock that is set back does not make them any younger.
        assert_eq!(verifier.verify(&tokens.issuer, token, at(-6 * 3600)).await, Err(Error::Unreachable));
    });
}

#[test]
fn an_issuer_that_never_answered_is_told_from_a_bad_token() {
    let tokens = Tokens::read();
    let provider = Arc::new(Provider::default());
    let verifier = Verifier::new(Arc::clone(&provider) as _);
    let at = |seconds| tokens.now() + SignedDuration::from_secs(seconds);
    run(async {
        for _ in 0..10 {
            assert_eq!(verifier.verify(&tokens.issuer, tokens.usual(), at(0)).await, Err(Error::Unreachable));
        }
        assert_eq!(provider.asked(), 1, "once in five seconds");
        provider.publish(&tokens, &tokens.jwks);
        assert_eq!(verifier.verify(&tokens.issuer, tokens.usual(), at(4)).await, Err(Error::Unreachable));
        assert!(verifier.verify(&tokens.issuer, tokens.usual(), at(5)).await.is_ok());
    });
}

#[test]
fn nothing_is_fetched_for_what_is_refused_anyway() {
    let tokens = Tokens::read();
    let provider = Provider::of(&tokens);
    let verifier = Verifier::new(Arc::clone(&provider) as _);
    run(async {
        for kind in ["Malformed", "MissingClaim", "WrongIssuer", "Expired", "NotYetValid"] {
            for token in tokens.refused[kind].values() {
                assert!(verifier.verify(&tokens.issuer, token, tokens.now()).await.is_err());
            }
        }
        assert!(Verifier::issuer_of(tokens.usual()).is_ok());
    });
    assert_eq!(provider.asked(), 0);
    assert!(verifier.permits(&tokens.issuer) && !verifier.permits("https://forbidden.example.com"));
}

#[test]
fn one_issuer_does_not_speak_for_another() {
    let tokens = Tokens::read();
    let configuration = format!("{}/.well-known/openid-configuration", tokens.issuer);
    for (document, why) in [
        (
            json!({ "issuer": "https://evil.example.com", "jwks_uri": "https://keys.example.com/jwks" }),
            "another issuer",
        ),
        (json!({ "issuer": tokens.issuer }), "no keys"),
        (json!([]), "no configuration"),
    ] {
        let provider = Provider::of(&tokens);
        provider.put(&configuration, &document);
        let found = run(Verifier::new(provider).verify(&tokens.issuer, tokens.usual(), tokens.now()));
        assert_eq!(found, Err(Error::NoKey), "{why}");
    }
}

#[test]
fn a_caller_who_goes_away_does_not_undo_the_fetch() {
    let tokens = Tokens::read();
    let provider = Arc::new(Provider { slow: true, ..Provider::default() });
    provider.publish(&tokens, &tokens.jwks);
    let verifier = Verifier::new(Arc::clone(&provider) as _);
    run(async {
        let begun = verifier.verify(&tokens.issuer, tokens.usual(), tokens.now());
        assert!(tokio::time::timeout(Duration::from_millis(5), begun).await.is_err());
        assert!(verifier.verify(&tokens.issuer, tokens.usual(), tokens.now()).await.is_ok());
    });
    assert_eq!(provider.asked(), 2);
}
