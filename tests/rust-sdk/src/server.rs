//! A real server process, and clients of it.

use std::env;
use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_kms::types::KeyMetadata;
use aws_smithy_http_client::Builder;

/// A development server on a free port; ended when dropped.
pub(crate) struct Server {
    child: Child,
    url: String,
    accounts: AtomicU64,
}

impl Server {
    pub(crate) fn start() -> Self {
        let binary = env::var("CLAVIGER_BIN").unwrap_or_else(|_| "../../target/release/claviger".to_owned());
        let steering = env::vars_os().map(|(name, _)| name).filter(|name| {
            let name = name.to_string_lossy().to_lowercase();
            name.starts_with("aws_") || name.starts_with("claviger_") || name.ends_with("_proxy")
        });
        let mut command = Command::new(&binary);
        for name in steering {
            command.env_remove(name);
        }
        command.args(["dev", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{binary}: {error}"));
        // The ready line is the first that names an address. A server that ends instead closes its output.
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.map_while(Result::ok).find_map(|line| {
            let word = line.split_whitespace().find(|word| word.starts_with("http://"))?;
            Some(word.trim_end_matches(|last: char| !last.is_ascii_digit()).to_owned())
        });
        Self { child, url: url.expect("no ready line"), accounts: AtomicU64::new(100_000_000_001) }
    }

    /// A client of an account that nobody has used.
    pub(crate) fn client(&self) -> Account {
        self.client_of(&self.accounts.fetch_add(1, Ordering::Relaxed).to_string(), "us-east-1")
    }

    /// A client of an account, in one Region.
    pub(crate) fn client_of(&self, account: &str, region: &'static str) -> Account {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .endpoint_url(&self.url)
            .credentials_provider(Credentials::new(account, "any", None, None, "test"))
            .http_client(Builder::new().build_http())
            .retry_config(RetryConfig::disabled())
            .build();
        Account { client: Client::from_conf(config), id: account.to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// KMS as the root user of one account.
pub(crate) struct Account {
    client: Client,
    /// Its 12 digits.
    pub(crate) id: String,
}

impl Account {
    /// A new symmetric key.
    pub(crate) async fn key(&self) -> KeyMetadata {
        self.create_key().send().await.unwrap().key_metadata.unwrap()
    }

    /// The name of its root user.
    pub(crate) fn root(&self) -> String {
        format!("arn:aws:iam::{}:root", self.id)
    }
}

impl Deref for Account {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}
