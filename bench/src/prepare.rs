//! Keys to work with, and requests signed in advance: signing while measuring would measure the client.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use base64_simd::STANDARD;
use claviger_testkit::{Client, Signing};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What an SDK sends beside the headers it signs.
const SDK_HEADERS: &str = "user-agent: Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1.0 md/arch#x86_64 \
    lang/python#3.13.0 md/pyimpl#CPython m/Z,b cfg/retry-mode#legacy Botocore/1.40.0\r\n\
    accept-encoding: identity\r\n\
    amz-sdk-invocation-id: 3f2f1c6e-6d0a-4f7e-9a35-0c5c7f9d2b11\r\n\
    amz-sdk-request: attempt=1\r\n";
const PLAINTEXT: [u8; 32] = [7; 32];

pub(crate) async fn run(
    address: SocketAddr,
    access_key_id: String,
    secret: Option<String>,
    keys: usize,
    to: &Path,
) -> anyhow::Result<()> {
    let signing = match secret {
        Some(secret) => Signing::With { access_key_id, secret },
        None => Signing::Unknown(access_key_id),
    };
    let client = Client::new(address, signing.clone());
    let (mut encrypt, mut decrypt, mut generate) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..keys {
        let created = client.kms("CreateKey", &json!({})).await?.ok()?;
        let key = created["KeyMetadata"]["KeyId"].as_str().context("CreateKey answers no key id")?;
        let input = json!({ "KeyId": key, "Plaintext": STANDARD.encode_to_string(PLAINTEXT) });
        let sealed = client.kms("Encrypt", &input).await?.ok()?;
        encrypt.push(input);
        decrypt.push(json!({ "CiphertextBlob": sealed["CiphertextBlob"] }));
        generate.push(json!({ "KeyId": key, "KeySpec": "AES_256" }));
    }
    let (user, input) = governed(&client).await?;
    let governed = ("Encrypt", GOVERNED, &user, vec![input]);
    for (operation, file, signing, inputs) in [
        ("Encrypt", "Encrypt", &signing, encrypt),
        ("Decrypt", "Decrypt", &signing, decrypt),
        ("GenerateDataKey", "GenerateDataKey", &signing, generate),
        governed,
    ] {
        let requests = inputs.iter().map(|input| raw(signing, address, operation, input));
        let requests = requests.collect::<Result<Vec<String>, _>>()?;
        std::fs::write(to.join(file), requests.concat())?;
        let first = requests.first().context("no keys, no requests")?;
        let response_bytes = answer_bytes(address, first).await?;
        println!("{}", json!({ "operation": file, "request": first.len(), "response": response_bytes }));
    }
    Ok(())
}

/// Encrypt by a user, on a key of many rules.
const GOVERNED: &str = "EncryptGoverned";
/// Statements of the key policy.
const STATEMENTS: usize = 20;
/// Grants on the key, each to a principal of its own.
const GRANTS: usize = 1000;

/// A user with two policies, and a request for a key with a long policy and many grants: what a governed installation
/// judges on every call.
async fn governed(client: &Client) -> anyhow::Result<(Signing, Value)> {
    let user = client.iam("CreateUser", &[("UserName", "app")]).await?.ok()?;
    let user_arn = user["User"]["Arn"].as_str().context("CreateUser answers no ARN")?;
    let account = user_arn.split(':').nth(4).context("an ARN has an account")?;
    let key = client.iam("CreateAccessKey", &[("UserName", "app")]).await?.ok()?;
    let text = |pointer: &str| key.pointer(pointer).and_then(Value::as_str).context("no access key").map(str::to_owned);
    let (access_key_id, secret) = (text("/AccessKey/AccessKeyId")?, text("/AccessKey/SecretAccessKey")?);
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": user_arn }, "Action": "sts:AssumeRole" } ] });
    let role = [("RoleName", "worker"), ("AssumeRolePolicyDocument", &*trust.to_string())];
    client.iam("CreateRole", &role).await?.ok()?;
    for (name, statements) in [
        (
            "use",
            json!([
                { "Effect": "Allow", "Action": ["kms:DescribeKey", "kms:ListKeys", "kms:ListAliases"], "Resource": "*" },
                { "Effect": "Allow", "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"],
                  "Resource": format!("arn:aws:kms:*:{account}:key/*"),
                  "Condition": { "StringEquals": { "kms:EncryptionContext:stage": ["test", "prod"] } } },
            ]),
        ),
        (
            "limits",
            json!([
                { "Effect": "Deny", "Action": "kms:*", "Resource": "*",
                  "Condition": { "StringNotEquals": { "aws:RequestedRegion": ["us-east-1", "eu-west-1"] } } },
                { "Effect": "Deny", "Action": ["kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"], "Resource": "*" },
            ]),
        ),
    ] {
        let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let policy = [("UserName", "app"), ("PolicyName", name), ("PolicyDocument", document.as_str())];
        client.iam("PutUserPolicy", &policy).await?.ok()?;
    }
    let created = client.kms("CreateKey", &json!({})).await?.ok()?;
    let key = created["KeyMetadata"]["KeyId"].as_str().context("CreateKey answers no key id")?.to_owned();
    let mut statements = vec![
        json!({ "Effect": "Allow", "Principal": { "AWS": account }, "Action": "kms:*", "Resource": "*" }),
        json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
                "Condition": { "StringNotEquals": { "kms:CallerAccount": account } } }),
    ];
    statements.extend((statements.len()..STATEMENTS).map(|number| {
        json!({ "Sid": format!("Team{number}"), "Effect": "Allow", "Resource": "*",
                "Principal": { "AWS": format!("arn:aws:sts::{account}:assumed-role/worker/team-{number}") },
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"],
                "Condition": { "StringEquals": { "kms:EncryptionContext:team": number.to_string() } } })
    }));
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    client.kms("PutKeyPolicy", &json!({ "KeyId": key, "Policy": policy })).await?.ok()?;
    for number in 0..GRANTS {
        let grantee = format!("arn:aws:sts::{account}:assumed-role/worker/job-{number}");
        let grant = json!({ "KeyId": key, "GranteePrincipal": grantee, "Operations": ["Encrypt", "Decrypt"] });
        client.kms("CreateGrant", &grant).await?.ok()?;
    }
    let input = json!({ "KeyId": key, "Plaintext": STANDARD.encode_to_string(PLAINTEXT),
        "EncryptionContext": { "stage": "prod" } });
    Ok((Signing::With { access_key_id, secret }, input))
}

/// A whole request, signed now, as an SDK sends it.
pub(crate) fn raw(
    signing: &Signing,
    address: SocketAddr,
    operation: &str,
    input: &Value,
) -> Result<String, std::fmt::Error> {
    let body = input.to_string();
    let mut text = "POST / HTTP/1.1\r\n".to_owned();
    for (name, value) in signing.kms_headers(&address.to_string(), operation, body.as_bytes()) {
        write!(text, "{name}: {value}\r\n")?;
    }
    write!(text, "{SDK_HEADERS}content-length: {}\r\n\r\n{body}", body.len())?;
    Ok(text)
}

/// The size of an answer with its head: all that comes until the server closes, less the header that asked it to.
async fn answer_bytes(address: SocketAddr, request: &str) -> anyhow::Result<usize> {
    let closing = "connection: close\r\n";
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.replacen("\r\n", &format!("\r\n{closing}"), 1).as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200 "), "unexpected answer: {answer}");
    Ok(answer.len() - if answer.contains(closing) { closing.len() } else { 0 })
}
