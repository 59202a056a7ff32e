//! AssumeRoleWithWebIdentity: whose token opens which role.

mod provider;

use claviger_identity::{AccountRecord, ControlPolicies};
use claviger_store::{Batch, Records};
use claviger_testkit::{ACCOUNT, Answer, Client, OTHER_ACCOUNT, Server, Signing, block_on};
use serde_json::{Value, json};

use crate::web_identity::provider::{AUDIENCE, ISSUER, Provider, SUBJECT, Token};

const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please reference \
                      AssumeRoleWithWebIdentity documentation for requirements";
const DENIED: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

/// A server, an account with a provider and a role, and the provider itself.
struct Scene {
    server: Server,
    provider: Provider,
    admin: Client,
    nobody: Client,
}

impl Scene {
    async fn new() -> anyhow::Result<Self> {
        let provider = Provider::new();
        let server = Server::with_providers(provider.documents())?;
        let admin = server.client(server.issue(OTHER_ACCOUNT).await?);
        let nobody = server.client(Signing::Unsigned);
        let created = admin
            .iam("CreateOpenIDConnectProvider", &[("Url", ISSUER), ("ClientIDList.member.1", AUDIENCE)])
            .await?
            .ok()?;
        assert_eq!(created["OpenIDConnectProviderArn"], provider_arn(OTHER_ACCOUNT));
        let scene = Self { server, provider, admin, nobody };
        scene.role("app", &["sts:AssumeRoleWithWebIdentity"], &json!({})).await?;
        Ok(scene)
    }

    async fn role(&self, name: &str, actions: &[&str], condition: &Value) -> anyhow::Result<()> {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": provider_arn(OTHER_ACCOUNT) },
            "Action": actions,
            "Condition": condition,
        }] });
        let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", &trust.to_string())];
        self.admin.iam("CreateRole", &parameters).await?.ok()?;
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*" },
            {
                "Effect": "Allow",
                "Action": "kms:ListKeys",
                "Resource": "*",
                "Condition": { "StringEquals": { "aws:PrincipalTag/Team": "blue" } },
            },
        ] });
        let parameters = [("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", &policy.to_string())];
        self.admin.iam("PutRolePolicy", &parameters).await?.ok()?;
        Ok(())
    }

    async fn ask(&self, role: &str, token: &str, more: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let role = role_arn(role);
        let mut parameters = vec![("RoleArn", &*role), ("RoleSessionName", "me"), ("WebIdentityToken", token)];
        parameters.extend(more);
        self.nobody.sts("AssumeRoleWithWebIdentity", &parameters).await
    }

    async fn session(&self, role: &str, token: &str, more: &[(&str, &str)]) -> anyhow::Result<Client> {
        let answer = self.ask(role, token, more).await?.ok()?;
        let text = |name: &str| answer["Credentials"][name].as_str().unwrap_or_default().to_owned();
        Ok(self.server.client(Signing::Session {
            access_key_id: text("AccessKeyId"),
            secret: text("SecretAccessKey"),
            token: text("SessionToken"),
        }))
    }

    async fn refused(&self, role: &str, token: &str, code: &str, message: &str) -> anyhow::Result<()> {
        let answer = self.ask(role, token, &[]).await?;
        assert_eq!((answer.code(), answer.message()), (code, message));
        assert_eq!(answer.status, if code == "AccessDenied" { 403 } else { 400 });
        Ok(())
    }
}

fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{OTHER_ACCOUNT}:role/{name}")
}

fn provider_arn(account: &str) -> String {
    format!("arn:aws:iam::{account}:oidc-provider/{}", host())
}

fn host() -> &'static str {
    ISSUER.trim_start_matches("https://")
}

#[test]
fn a_token_opens_a_role() -> anyhow::Result<()> {
    block_on(async {
        let scene = Scene::new().await?;
        let token = scene.provider.token();
        let answer = scene.ask("app", &token, &[]).await?.ok()?;
        assert_eq!(answer["SubjectFromWebIdentityToken"], SUBJECT);
        assert_eq!(answer["Audience"], AUDIENCE);
        assert_eq!(answer["Provider"], provider_arn(OTHER_ACCOUNT));
        assert_eq!(answer["AssumedRoleUser"]["Arn"], format!("arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/app/me"));
        let id = answer["AssumedRoleUser"]["AssumedRoleId"].as_str().unwrap_or_default();
        assert!(id.starts_with("AROA") && id.ends_with(":me"), "{id}");
        assert_eq!(answer.get("PackedPolicySize"), None);

        let session = scene.session("app", &token, &[]).await?;
        let who = session.sts("GetCallerIdentity", &[]).await?.ok()?;
        assert_eq!(who["Arn"], format!("arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/app/me"));
        session.kms("CreateKey", &json!({})).await?.ok()?;
        assert_eq!(session.kms("ListKeys", &json!({})).await?.code(), "AccessDeniedException");
        Ok(())
    })
}

#[test]
fn the_records_say_who_and_not_with_what() -> anyhow::Result<()> {
    block_on(async {
        let scene = Scene::new().await?;
        let token = scene.provider.token();
        let session = scene.session("app", &token, &[]).await?;
        session.kms("CreateKey", &json!({})).await?.ok()?;
        scene
            .role("closed", &["sts:AssumeRoleWithWebIdentity"], &json!({ "Bool": { "aws:SecureTransport": "true" } }))
            .await?;
        scene.refused("closed", &token, "AccessDenied", DENIED).await?;
        scene.refused("app", &scene.provider.forged(), "InvalidIdentityToken", "Couldn't verify signed token.").await?;

        let records = scene.server.audit();
        let asked: Vec<&Value> =
            records.iter().filter(|record| record["eventName"] == "AssumeRoleWithWebIdentity").collect();
        let [opened, denied, forged] = asked[..] else { panic!("{} records", asked.len()) };
        let provider = provider_arn(OTHER_ACCOUNT);
        for record in [opened, denied] {
            assert_eq!(record["recipientAccountId"], OTHER_ACCOUNT);
            let identity = &record["userIdentity"];
            assert_eq!(identity["type"], "WebIdentityUser");
            assert_eq!(identity["principalId"], format!("{provider}:{AUDIENCE}:{SUBJECT}"));
            assert_eq!(identity["userName"], SUBJECT);
            assert_eq!(identity["identityProvider"], provider);
            assert_eq!(identity.get("accountId"), None);
            assert_eq!(record["requestParameters"]["roleSessionName"], "me");
        }
        assert_eq!(opened["responseElements"]["subjectFromWebIdentityToken"], SUBJECT);
        assert_eq!(denied["errorCode"], "AccessDenied");
        assert_eq!(forged["errorCode"], "InvalidIdentityToken");
        let used = records.iter().find(|record| record["eventName"] == "CreateKey").unwrap_or(&Value::Null);
        let federation = &used["userIdentity"]["sessionContext"]["webIdFederationData"];
        assert_eq!(federation["federatedProvider"], provider);
        assert_eq!(federation["attributes"]["sub"], SUBJECT);

        let all: String = records.iter().map(Value::to_string).collect();
        for part in token.split('.').chain(scene.provider.forged().split('.')) {
            assert!(!all.contains(part), "a part of a token is in the log");
        }
        assert!(!all.contains("sessionToken") && !all.contains("secretAccessKey"));
        Ok(())
    })
}

#[test]
fn tokens_that_open_nothing() -> anyhow::Result<()> {
    block_on(async {
        let scene = Scene::new().await?;
        let provider = &scene.provider;
        let now = jiff::Timestamp::now().as_second();
        let no_jwt = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
        let with = |change: Value| provider.sign(&Token::with(change));
        let expired =
            format!("Token expired: current date/time {now} must be before the expiration date/time {}", now - 1);
        for (what, token, code, message) in [
            ("forged", provider.forged(), "InvalidIdentityToken", "Couldn't verify signed token."),
            (
                "another issuer's key",
                provider.with_foreign_key(),
                "InvalidIdentityToken",
                "Couldn't verify signed token.",
            ),
            ("no algorithm", provider.unsigned(), "InvalidIdentityToken", no_jwt),
            ("no token", "x.y.z".to_owned(), "InvalidIdentityToken", no_jwt),
            ("an id nobody has", provider.with_key_id("nowhere"), "InvalidIdentityToken", NO_KEY),
            ("audience", with(json!({ "aud": "elsewhere" })), "InvalidIdentityToken", "Incorrect token audience"),
            (
                "issued to another client",
                with(json!({ "azp": "elsewhere" })),
                "InvalidIdentityToken",
                "Incorrect token audience",
            ),
            ("no audience", with(json!({ "aud": null })), "InvalidIdentityToken", "Missing a required claim: aud"),
            ("no subject", with(json!({ "sub": null })), "InvalidIdentityToken", "Missing a required claim: sub"),
            (
                "a long subject",
                with(json!({ "sub": "x".repeat(256) })),
                "InvalidIdentityToken",
                "Invalid token subject",
            ),
            ("expired", with(json!({ "exp": now - 1 })), "ExpiredTokenException", &expired),
            ("not yet", with(json!({ "nbf": now + 90 })), "InvalidIdentityToken", "Token is not valid yet."),
            (
                "another scheme",
                with(json!({ "iss": format!("http://{}", host()) })),
                "InvalidIdentityToken",
                &format!("No OpenIDConnect provider found in your account for http://{}", host()),
            ),
            (
                "a tag that is none",
                with(json!({ "https://aws.amazon.com/tags": { "principal_tags": { "aws:x": ["y"] } } })),
                "InvalidIdentityToken",
                "A session tag in the token is not valid.",
            ),
        ] {
            let answer = scene.ask("app", &token, &[]).await?;
            assert_eq!(answer.code(), code, "{what}: {}", answer.message());
            // The second may change between the two clocks' readings.
            if what != "expired" {
                assert_eq!((answer.status, answer.message()), (400, message), "{what}");
            }
        }
        scene.ask("app", &provider.token(), &[]).await?.ok()?;
        Ok(())
    })
}

#[test]
fn only_providers_of_the_roles_account_are_asked() -> anyhow::Result<()> {
    block_on(async {
        let scene = Scene::new().await?;
        let elsewhere = "https://issuer.elsewhere.example";
        let token = scene.provider.sign(&Token::with(json!({ "iss": elsewhere })));
        let missing = format!("No OpenIDConnect provider found in your account for {elsewhere}");
        scene.refused("app", &token, "InvalidIdentityToken", &missing).await?;
        // The provider of one account is none of another's, even for a role that trusts it.
        let others = scene.server.client(scene.server.issue(ACCOUNT).await?);
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": provider_arn(OTHER_ACCOUNT) },
            "Action": "sts:AssumeRoleWithWebIdentity",
        }] });
        let parameters = [("RoleName", "app"), ("AssumeRolePolicyDocument", &trust.to_string())];
        others.iam("CreateRole", &parameters).await?.ok()?;
        let role = format!("arn:aws:iam::{ACCOUNT}:role/app");
        let token = scene.provider.token();
        let parameters = [("RoleArn", &*role), ("RoleSessionName", "me"), ("WebIdentityToken", &token)];
        let answer = scene.nobody.sts("AssumeRoleWithWebIdentity", &parameters).await?;
        let missing = format!("No OpenIDConnect provider found in your account for {ISSUER}");
        assert_eq!((answer.code(), answer.message()), ("InvalidIdentityToken", &*missing));
        assert_eq!(scene.provider.asked(), 0, "nothing was fetched");
        // With a provider of its own of the same name, the role still trusts the other account's.
        let parameters = [("Url", ISSUER), ("ClientIDList.member.1", AUDIENCE)];
        others.iam("CreateOpenIDConnectProvider", &parameters).await?.ok()?;
        let parameters = [("RoleArn", &*role), ("RoleSessionName", "me"), ("WebIdentityToken", &token)];
        let answer = scene.nobody.sts("AssumeRoleWithWebIdentity", &parameters).await?;
        assert_eq!((answer.code(), answer.message()), ("AccessDenied", DENIED));
        Ok(())
    })
}

#[test]
fn roles_that_are_not_there_look_like_closed_ones() -> anyhow::Result<()> {
    block_on(async {
        let scene = Scene::new().await?;
        let token = scene.provider.token();
        scene.refused("nobody-made-it", &token, "AccessDenied", DENIED).await?;
        scene.role("assumed", &["sts:AssumeRole"], &json!({})).await?;
        scene.refused("assumed", &token, "AccessDenied", DENIED).await?;
        let parameters =
            [("RoleArn", "arn:aws:iam::1:role/x-x"), ("RoleSessionName", "me"), ("WebIdentityToken", &token)];
        let answer = scene.nobody.sts("AssumeRoleWithWebIdentity", &parameters).await?;
        assert_eq!((answer.code(), answer.message()), ("ValidationError", "arn:aws:iam::1:role/x-x is invalid"));
        Ok(())
    })
}

#[test]
fn conditions_see_the_claims() -> anyhow::Result<()> {
    block_on(async {
        let scene = Scene::new().await?;
        let key = |claim: &str| format!("{}:{claim}", host());
        let action = ["sts:AssumeRoleWithWebIdentity"];
        let condition = json!({
            "StringEquals": { key("aud"): AUDIENCE, "sts:RoleSessionName": "me" },
            "StringLike": { key("sub"): "system:serviceaccount:team:*" },
        });
        scene.role("team", &action, &condition).await?;
        scene.ask("team", &scene.provider.token(), &[]).await?.ok()?;
        let other = scene.provider.sign(&Token::with(json!({ "sub": "system:serviceaccount:other:app" })));
        scene.refused("team", &other, "AccessDenied", DENIED).await?;

        // The authorized party counts as the audience; the audience then goes by another name.
        let condition =
            json!({ "StringEquals": { key("aud"): AUDIENCE, key("azp"): AUDIENCE, key("oaud"): "the-api" } });
        scene.role("party", &action, &condition).await?;
        let party = scene.provider.sign(&Token::with(json!({ "aud": "the-api", "azp": AUDIENCE })));
        scene.ask("party", &party, &[]).await?.ok()?;
        scene.refused("party", &scene.provider.token(), "AccessDenied", DENIED).await?;

        let condition = json!({ "ForAnyValue:StringEquals": { key("amr"): "mfa" } });
        scene.role("careful", &action, &condition).await?;
        let twice = scene.provider.sign(&Token::with(json!({ "amr": ["pwd", "mfa"] })));
        scene.ask("careful", &twice, &[]).await?.ok()?;
        scene.refused("careful", &scene.provider.token(), "AccessDenied", DENIED).await?;
        let several = scene.provider.sign(&Token::with(json!({ "aud": ["elsewhere", AUDIENCE] })));
        assert_eq!(scene.ask("app", &several, &[]).await?.ok()?["Audience"], AUDIENCE);
        Ok(())
    })
}

#[test]
fn a_token_brings_tags_and_a_source_identity() -> anyhow::Result<()> {
    block_on(async {
        let scene = Scene::new().await?;
        let tags = json!({ "principal_tags": { "Team": ["blue"] }, "transitive_tag_keys": ["Team"] });
        let nested = scene.provider.sign(&Token::with(json!({ "https://aws.amazon.com/tags": tags })));
        let flat = scene.provider.sign(&Token::with(json!({
            "https://aws.amazon.com/tags/principal_tags/Team": "blue",
            "https://aws.amazon.com/source_identity": "anna",
        })));
        // Tags and source identities are actions of their own.
        let denied = |action| format!("Not authorized to perform {action}");
        scene.refused("app", &nested, "AccessDenied", &denied("sts:TagSession")).await?;
        let action = "sts:AssumeRoleWithWebIdentity";
        let condition = json!({ "StringEqualsIfExists": { "aws:RequestTag/Team": "blue" } });
        scene.role("tagged", &[action, "sts:TagSession"], &condition).await?;
        let session = scene.session("tagged", &nested, &[]).await?;
        session.kms("ListKeys", &json!({})).await?.ok()?;
        assert!(scene.ask("tagged", &nested, &[]).await?.ok()?["PackedPolicySize"].is_string());
        scene.refused("tagged", &flat, "AccessDenied", &denied("sts:SetSourceIdentity")).await?;
        let red = json!({ "principal_tags": { "Team": ["red"] } });
        let red = scene.provider.sign(&Token::with(json!({ "https://aws.amazon.com/tags": red })));
        scene.refused("tagged", &red, "AccessDenied", DENIED).await?;

        let condition = json!({ "StringEquals": { "sts:SourceIdentity": "anna" } });
        scene.role("known", &[action, "sts:TagSession", "sts:SetSourceIdentity"], &condition).await?;
        assert_eq!(scene.ask("known", &flat, &[]).await?.ok()?["SourceIdentity"], "anna");
        scene.session("known", &flat, &[]).await?.kms("ListKeys", &json!({})).await?.ok()?;
        Ok(())
    })
}

#[test]
fn sessions_are_limited_as_others_are() -> anyhow::Result<()> {
    block_on(async {
        let scene = Scene::new().await?;
        let token = scene.provider.token();
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "kms:List*", "Resource": "*" },
        ] });
        let session = scene.session("app", &token, &[("Policy", &policy.to_string())]).await?;
        let answer = session.kms("CreateKey", &json!({})).await?;
        assert!(answer.message().ends_with("because no session policy allows the kms:CreateKey action"), "{answer:?}");
        let answer = scene.ask("app", &token, &[("DurationSeconds", "3601")]).await?;
        let text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        assert_eq!((answer.code(), answer.message()), ("ValidationError", text));
        let answer = scene.ask("app", &token, &[("Policy", "{}")]).await?;
        assert_eq!(answer.code(), "MalformedPolicyDocument");
        let answer = scene.ask("app", &token, &[("ProviderId", "www.amazon.com")]).await?;
        assert_eq!(answer.code(), "ValidationError");
        let answer = scene.ask("app", &"x".repeat(20_001), &[]).await?;
        assert_eq!(answer.code(), "ValidationError");
        Ok(())
    })
}

#[test]
fn keys_rotate_and_issuers_fail() -> anyhow::Result<()> {
    block_on(async {
        let scene = Scene::new().await?;
        scene.provider.stop();
        scene.refused("app", &scene.provider.token(), "IDPCommunicationError", NO_KEY).await?;
        let asked = scene.provider.asked();
        scene.refused("app", &scene.provider.token(), "IDPCommunicationError", NO_KEY).await?;
        assert_eq!(scene.provider.asked(), asked, "not asked twice within seconds");

        let scene = Scene::new().await?;
        scene.ask("app", &scene.provider.token(), &[]).await?.ok()?;
        scene.provider.stop();
        scene.ask("app", &scene.provider.token(), &[]).await?.ok()?;
        scene.refused("app", &scene.provider.with_key_id("nowhere"), "InvalidIdentityToken", NO_KEY).await?;
        Ok(())
    })
}

#[test]
fn nobody_looks_at_a_signature_here_and_everybody_does_elsewhere() -> anyhow::Result<()> {
    block_on(async {
        let scene = Scene::new().await?;
        let (role, token) = (role_arn("app"), scene.provider.token());
        let parameters = [("RoleArn", &*role), ("RoleSessionName", "me"), ("WebIdentityToken", &token)];
        let wrong = Signing::With { access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(), secret: "wrong".to_owned() };
        let stale = Signing::Session {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wrong".to_owned(),
            token: "stale".to_owned(),
        };
        for signing in [wrong, stale, Signing::Unknown("x".to_owned())] {
            scene.server.client(signing).sts("AssumeRoleWithWebIdentity", &parameters).await?.ok()?;
        }
        let services = scene.server.shared().engine().services();
        for service in services.iter().filter(|service| ["kms", "iam", "sts"].contains(&service.name)) {
            for operation in service.operations() {
                let answer = match service.name {
                    "kms" => scene.nobody.kms(operation, &json!({})).await?,
                    "iam" => scene.nobody.iam(operation, &[]).await?,
                    _ => scene.nobody.sts(operation, &[]).await?,
                };
                let expected = match (service.name, operation) {
                    (_, "AssumeRoleWithWebIdentity") => "ValidationError",
                    ("kms", _) => "MissingAuthenticationTokenException",
                    _ => "MissingAuthenticationToken",
                };
                assert_eq!(answer.code(), expected, "{} {operation}", service.name);
            }
        }
        Ok(())
    })
}

#[test]
fn the_owners_control_policies_bind_bearers_too() -> anyhow::Result<()> {
    block_on(async {
        for account in [OTHER_ACCOUNT, ACCOUNT] {
            let scene = Scene::new().await?;
            let admin = scene.server.client(scene.server.issue(account).await?);
            if account == ACCOUNT {
                let parameters = [("Url", ISSUER), ("ClientIDList.member.1", AUDIENCE)];
                admin.iam("CreateOpenIDConnectProvider", &parameters).await?.ok()?;
            }
            let trust = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Principal": { "Federated": provider_arn(account) },
                "Action": "sts:AssumeRoleWithWebIdentity",
            }] });
            let parameters = [("RoleName", "bound"), ("AssumeRolePolicyDocument", &trust.to_string())];
            admin.iam("CreateRole", &parameters).await?.ok()?;
            let (role, token) = (format!("arn:aws:iam::{account}:role/bound"), scene.provider.token());
            let parameters = [("RoleArn", &*role), ("RoleSessionName", "me"), ("WebIdentityToken", &token)];
            scene.nobody.sts("AssumeRoleWithWebIdentity", &parameters).await?.ok()?;
            let policy = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Resource": "*",
                "Condition": { "StringNotEquals": { format!("{}:sub", host()): "somebody else" } },
            }] });
            let store = &scene.server.system().store;
            let mut stored =
                store.load::<AccountRecord>(account).await?.ok_or_else(|| anyhow::anyhow!("no account"))?;
            stored.record.resource_control =
                ControlPolicies { policies: [("wall".to_owned(), policy.to_string())].into() };
            let mut batch = Batch::default();
            batch.update(stored.version, &stored.record);
            scene.server.system().commit(batch).await?;
            let answer = scene.nobody.sts("AssumeRoleWithWebIdentity", &parameters).await?;
            assert_eq!((answer.code(), answer.message()), ("AccessDenied", DENIED), "{account}");
        }
        Ok(())
    })
}
