//! What is told about a message: the fields of `aws-encryption-cli`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use claviger_esdk::Version;
use claviger_esdk::header::Header;
use serde_json::{Value, json};

/// Where lines about messages go.
pub(in crate::commands) struct Metadata(Mutex<Box<dyn Write + Send>>);

impl Metadata {
    /// To a file, after what is there unless `overwrite`, or `-`.
    pub(in crate::commands) fn open(path: &Path, overwrite: bool) -> anyhow::Result<Self> {
        let writer: Box<dyn Write + Send> = if path == Path::new("-") {
            Box::new(io::stdout())
        } else {
            let file: io::Result<File> =
                if overwrite { File::create(path) } else { OpenOptions::new().append(true).create(true).open(path) };
            Box::new(file.with_context(|| format!("cannot write {}", path.display()))?)
        };
        Ok(Self(Mutex::new(writer)))
    }

    pub(in crate::commands) fn write(
        &self,
        mode: &str,
        input: &str,
        output: &str,
        header: &Header,
    ) -> anyhow::Result<()> {
        let line = json!({ "mode": mode, "input": input, "output": output, "header": describe(header) });
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(writer, "{line}").and_then(|()| writer.flush()).context("cannot write the metadata")
    }
}

/// A header as JSON.
pub(in crate::commands) fn describe(header: &Header) -> Value {
    let base64 = |bytes: &[u8]| base64_simd::STANDARD.encode_to_string(bytes);
    let keys: Vec<Value> = header
        .encrypted_data_keys
        .iter()
        .map(|key| {
            json!({
                "encrypted_data_key": base64(&key.ciphertext),
                "key_provider": {
                    "provider_id": base64(key.provider_id.as_bytes()),
                    "key_info": base64(&key.provider_info),
                },
            })
        })
        .collect();
    let (version, kind, nonce_bytes) = match header.suite.version() {
        Version::V1 => ("1.0", Some(128), Some(12)),
        Version::V2 => ("2.0", None, None),
    };
    json!({
        "algorithm": header.suite.name(),
        "commitment_key": header.commitment.as_ref().map(|commitment| base64(commitment)),
        "content_type": if header.frame_length.is_some() { 2 } else { 1 },
        "encrypted_data_keys": keys,
        "encryption_context": header.context,
        "frame_length": header.frame_length.unwrap_or(0),
        "header_iv_length": nonce_bytes,
        "message_id": base64(&header.message_id),
        "type": kind,
        "version": version,
    })
}
