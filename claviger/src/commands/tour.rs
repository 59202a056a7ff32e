//! `claviger tour`: the whole of it on one file of the user's.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use claviger_crypto::digest::Sha256;
use claviger_crypto::envelope;
use claviger_crypto::seals::create_key_file;
use claviger_crypto::secret::Secret;
use claviger_pipeline::{Clock, Mode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use super::run::{self as server, Server};
use super::{audit, block_on};
use crate::config::Config;
use crate::fetch::ProviderDocuments;
use crate::foundation::{self, Folder, Parts, audit_dir, usual_key_file};
use crate::unseal::Opener;
use crate::{Services, logs};

const ACCOUNT: &str = "000000000000";
const ALIAS: &str = "alias/tour";
/// Bytes of the file sealed at a time: memory use does not depend on the file's size.
const CHUNK: usize = 1024 * 1024;
/// Label under which the tour seals the file's chunks.
const LABEL: &str = "claviger tour";

pub(super) fn run(file: &Path) -> anyhow::Result<()> {
    let mut config = Config::default();
    config.log.filter = "error".to_owned();
    logs::start(&config.log)?;
    server::harden();
    let size = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
    ensure!(file.is_file(), "{} is not a file; name one to encrypt", file.display());
    let dir = fresh_folder()?;
    let outcome = block_on(async {
        let started = Instant::now();
        let server = start(&dir.join("data"), &config).await?;
        say(started, &format!("a server on its embedded store in {}: {}", dir.display(), server.url()));
        let mut client = Client::connect(&server).await?;
        let result = Tour { client: &mut client, dir: &dir, file, size }.go().await;
        let shown = result.and_then(|()| show_audit(&dir.join("data")));
        let url = server.url().to_owned();
        drop(client);
        server.stop().await;
        shown.map(|()| url)
    });
    std::fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    outcome?;
    println!("\nNow with your own client. Start a server and point any AWS SDK or tool at it:\n");
    println!("  claviger dev &");
    println!("  export AWS_ENDPOINT_URL=http://127.0.0.1:9700 AWS_REGION=us-east-1");
    println!("  export AWS_ACCESS_KEY_ID=dev AWS_SECRET_ACCESS_KEY=dev");
    println!("  aws kms create-key\n");
    println!("To keep keys: claviger init --data-dir DIR --account 111122223333, then claviger serve --data-dir DIR");
    Ok(())
}

fn say(since: Instant, what: &str) {
    println!("{:>8.1} ms  {what}", since.elapsed().as_secs_f64() * 1000.0);
}

fn fresh_folder() -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let dir = std::env::temp_dir().join(format!("claviger-tour-{}", uuid::Uuid::new_v4()));
    std::fs::DirBuilder::new().mode(0o700).create(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir)
}

async fn start(dir: &Path, config: &Config) -> anyhow::Result<Server> {
    let folder = Folder::create(dir)?;
    let key_file = usual_key_file(dir);
    create_key_file(&key_file)?;
    let store = foundation::open_store(&folder)?;
    let opener = Opener::KeyFile(key_file);
    let (laid, root) = foundation::lay(&*store, ACCOUNT, opener.as_unsealer()).await?;
    let services = Services::new(Arc::new(ProviderDocuments::new(&config.oidc, true)?));
    let parts = Parts {
        clock: Arc::new(Clock::default()),
        mode: Mode::Development { account: ACCOUNT.into() },
        listeners: services.listeners(),
    };
    let system = foundation::system(&folder, store, &laid, root, &config.audit, parts).await?;
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    server::start(system, services, Some(folder), config, listen, None, None)
}

struct Tour<'a> {
    client: &'a mut Client,
    dir: &'a Path,
    file: &'a Path,
    size: u64,
}

impl Tour<'_> {
    async fn go(&mut self) -> anyhow::Result<()> {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let context = json!({ "file": name });

        let at = Instant::now();
        let created = self.client.call("CreateKey", json!({ "Description": "the tour's key" })).await?;
        let key_id = text(&created, "/KeyMetadata/KeyId")?;
        self.client.call("CreateAlias", json!({ "AliasName": ALIAS, "TargetKeyId": key_id })).await?;
        say(at, &format!("key {key_id}, {ALIAS}"));

        let at = Instant::now();
        let sealed = self.dir.join("file.sealed");
        let asked = json!({ "KeyId": ALIAS, "KeySpec": "AES_256", "EncryptionContext": context });
        let data_key = self.client.call("GenerateDataKey", asked).await?;
        let wrapped = text(&data_key, "/CiphertextBlob")?;
        let digest = seal(self.file, &sealed, &secret(&data_key)?)?;
        say(at, &format!("{name} ({} bytes) encrypted under a data key; only the wrapped data key is kept", self.size));

        let at = Instant::now();
        let opened =
            self.client.call("Decrypt", json!({ "CiphertextBlob": wrapped, "EncryptionContext": context })).await?;
        let before = text(&opened, "/KeyMaterialId")?;
        let same = open(&sealed, &secret(&opened)?)? == digest;
        ensure!(same, "the decrypted file differs from the original");
        say(at, "the data key unwrapped, the file decrypted and compared: identical");

        let at = Instant::now();
        let wrong = json!({ "CiphertextBlob": wrapped, "EncryptionContext": { "file": "another" } });
        let refused = self.client.attempt("Decrypt", wrong).await?;
        ensure!(refused.0 == 400, "a wrong encryption context was accepted");
        say(at, &format!("with another encryption context: {}", refused.1["__type"].as_str().unwrap_or("refused")));

        let at = Instant::now();
        self.client.call("RotateKeyOnDemand", json!({ "KeyId": key_id })).await?;
        let after = self.rotated(&key_id, &before).await?;
        let again =
            self.client.call("Decrypt", json!({ "CiphertextBlob": wrapped, "EncryptionContext": context })).await?;
        ensure!(text(&again, "/KeyMaterialId")? == before, "the old ciphertext names other key material");
        say(at, &format!("rotated to key material {}…; what {}… encrypted still decrypts", &after[..8], &before[..8]));
        Ok(())
    }

    async fn rotated(&mut self, key_id: &str, before: &str) -> anyhow::Result<String> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let described = self.client.call("DescribeKey", json!({ "KeyId": key_id })).await?;
            let current = text(&described, "/KeyMetadata/CurrentKeyMaterialId")?;
            if current != before {
                return Ok(current);
            }
            ensure!(Instant::now() < deadline, "the rotation did not complete");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn show_audit(data: &Path) -> anyhow::Result<()> {
    println!("\nThe audit log of what just happened (CloudTrail's format, each record chained to the one before):\n");
    for record in claviger_audit::read(&audit_dir(data), 0)? {
        println!("  {}", audit::line(&record?.json));
    }
    Ok(())
}

fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("the answer has no {pointer}"))
}

fn secret(answer: &Value) -> anyhow::Result<Secret> {
    let encoded = Zeroizing::new(text(answer, "/Plaintext")?);
    let mut bytes = Zeroizing::new(base64_simd::STANDARD.decode_to_vec(encoded.as_bytes())?);
    Ok(Secret::take(&mut bytes))
}

/// Seals a file chunk by chunk and returns its digest. Every chunk is bound to its position and to being the last.
fn seal(from: &Path, to: &Path, key: &Secret) -> anyhow::Result<[u8; 32]> {
    let mut reader = BufReader::new(File::open(from)?);
    let mut writer = BufWriter::new(File::create_new(to)?);
    let mut digest = Sha256::new();
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    for number in 0u64.. {
        let length = fill(&mut reader, &mut chunk)?;
        digest.update(&chunk[..length]);
        let last = length < CHUNK;
        let sealed = envelope::seal(key, LABEL, &[&number.to_be_bytes(), &[u8::from(last)]], &chunk[..length]);
        writer.write_all(&u32::try_from(sealed.len())?.to_be_bytes())?;
        writer.write_all(&sealed)?;
        if last {
            break;
        }
    }
    writer.flush()?;
    Ok(digest.finish())
}

/// Opens a sealed file and returns the digest of what was in it.
fn open(from: &Path, key: &Secret) -> anyhow::Result<[u8; 32]> {
    let mut reader = BufReader::new(File::open(from)?);
    let mut digest = Sha256::new();
    for number in 0u64.. {
        let mut length = [0; 4];
        reader.read_exact(&mut length)?;
        let mut sealed = vec![0; u32::from_be_bytes(length) as usize];
        reader.read_exact(&mut sealed)?;
        let last = sealed.len() < CHUNK + envelope::OVERHEAD;
        let plaintext = envelope::open(key, LABEL, &[&number.to_be_bytes(), &[u8::from(last)]], &sealed)?;
        digest.update(&plaintext);
        if last {
            break;
        }
    }
    Ok(digest.finish())
}

fn fill(reader: &mut impl Read, chunk: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < chunk.len() {
        match reader.read(&mut chunk[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Speaks to the server as an SDK does. The development server takes any well-formed signature.
struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Client {
    async fn connect(server: &Server) -> anyhow::Result<Self> {
        let host = server.url().trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host })
    }

    async fn call(&mut self, operation: &str, input: Value) -> anyhow::Result<Value> {
        let (status, answer) = self.attempt(operation, input).await?;
        if status != 200 {
            bail!("{operation} failed: {answer}");
        }
        Ok(answer)
    }

    async fn attempt(&mut self, operation: &str, input: Value) -> anyhow::Result<(u16, Value)> {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=tour/{}/us-east-1/kms/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={}",
            &now[..8],
            "0".repeat(64)
        );
        let request = http::Request::post("/")
            .header("host", &self.host)
            .header("content-type", "application/x-amz-json-1.1")
            .header("user-agent", "claviger-tour")
            .header("x-amz-date", &now)
            .header("x-amz-target", format!("TrentService.{operation}"))
            .header("authorization", authorization)
            .body(Full::new(Bytes::from(input.to_string())))?;
        let response = self.sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? }))
    }
}
