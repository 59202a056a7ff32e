//! What Encrypt feels of RSA: its times alone, while RSA keys sign, and while RSA keys are made.

use std::path::Path;

use anyhow::{Context, Result};
use base64_simd::STANDARD;
use bytes::Bytes;
use claviger_testkit::Client;
use serde_json::{Value, json};

use crate::load::{self, Figures, Until};
use crate::prepare;
use crate::server::{Home, Running};

/// Connections of each kind, each with one request under way.
const ENCRYPT: usize = 4;
const SIGN: usize = 8;
const CREATE: usize = 4;

pub(crate) async fn run(program: &Path, folder: &Path, seconds: f64) -> Result<()> {
    let home = Home::make(program, &folder.join("mixed"))?;
    println!(
        "\nEncrypt of 32 bytes on {ENCRYPT} connections, alone and beside RSA-4096: {SIGN} connections that sign, {CREATE} that make keys"
    );
    println!(
        "  {:<12} {:<22} {:>11} {:>8} {:>8} {:>9} {:>9} {:>8}",
        "server", "beside", "Encrypt/s", "p50 us", "p99 us", "Sign/s", "p99 ms", "keys/s"
    );
    for (name, core) in [("one core", Some("0")), ("all cores", None)] {
        let server = home.serve(core)?;
        let encrypt = request(&home, &server, "SYMMETRIC_DEFAULT").await?;
        let sign = request(&home, &server, "RSA_4096").await?;
        let create = json!({ "KeySpec": "RSA_4096", "KeyUsage": "SIGN_VERIFY" });
        let create = Bytes::from(prepare::raw(&home.signing, server.address, "CreateKey", &create)?);
        measure(&server, ENCRYPT, Some(&encrypt), seconds / 4.0).await?;
        for (beside, signing, creating) in
            [("nothing", false, false), ("signing", true, false), ("making keys", false, true), ("both", true, true)]
        {
            let (alone, signed, created) = tokio::join!(
                measure(&server, ENCRYPT, Some(&encrypt), seconds),
                measure(&server, SIGN, Some(&sign).filter(|_| signing), seconds),
                measure(&server, CREATE, Some(&create).filter(|_| creating), seconds),
            );
            let encrypted = alone?.context("Encrypt is always measured")?;
            let rate = |figures: Option<Figures>| -> Result<f64> { figures.map_or(Ok(0.0), |it| it.per_second()) };
            let signed = signed?;
            println!(
                "  {name:<12} {beside:<22} {:>11.0} {:>8.0} {:>8.0} {:>9.0} {:>9.1} {:>8.2}",
                encrypted.per_second()?,
                encrypted.p50_us,
                encrypted.p99_us,
                rate(signed)?,
                signed.map_or(0.0, |figures| figures.p99_us / 1e3),
                rate(created?)?,
            );
        }
    }
    Ok(())
}

async fn measure(
    server: &Running,
    connections: usize,
    request: Option<&Bytes>,
    seconds: f64,
) -> Result<Option<Figures>> {
    let Some(request) = request else { return Ok(None) };
    let until = Until::Seconds(seconds);
    load::measure(server.address, connections, until, vec![request.clone()]).await.map(Some)
}

/// A request that uses a new key of this spec.
async fn request(home: &Home, server: &Running, spec: &str) -> Result<Bytes> {
    let client = Client::new(server.address, home.signing.clone());
    let rsa = spec.starts_with("RSA");
    let usage = if rsa { "SIGN_VERIFY" } else { "ENCRYPT_DECRYPT" };
    let created = client.kms("CreateKey", &json!({ "KeySpec": spec, "KeyUsage": usage })).await?.ok()?;
    let key: &Value = &created["KeyMetadata"]["KeyId"];
    let (operation, input) = if rsa {
        let message = STANDARD.encode_to_string([7; 32]);
        ("Sign", json!({ "KeyId": key, "Message": message, "SigningAlgorithm": "RSASSA_PSS_SHA_256" }))
    } else {
        ("Encrypt", json!({ "KeyId": key, "Plaintext": STANDARD.encode_to_string([7; 32]) }))
    };
    Ok(Bytes::from(prepare::raw(&home.signing, server.address, operation, &input)?))
}
