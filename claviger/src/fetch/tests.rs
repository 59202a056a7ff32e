use std::net::SocketAddr;

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

fn settings(issuers: &[&str]) -> Oidc {
    Oidc { issuers: issuers.iter().map(|&issuer| issuer.to_owned()).collect(), ca_file: None }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Answers one request, as is; tells what was asked.
async fn answering(answer: String, tls: Option<TlsAcceptor>) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        match tls {
            Some(acceptor) => match acceptor.accept(stream).await {
                Ok(stream) => exchange(stream, &answer).await,
                Err(_) => String::new(),
            },
            None => exchange(stream, &answer).await,
        }
    });
    (address, task)
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: &str) -> String {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        let byte = stream.read_u8().await.unwrap();
        asked.push(byte);
    }
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.flush().await;
    String::from_utf8(asked).unwrap()
}

#[test]
fn who_is_asked_at_all() {
    let any = ProviderDocuments::new(&settings(&[]), false).unwrap();
    let listed = ProviderDocuments::new(&settings(&["https://a.example/x/", "http://b.example"]), false).unwrap();
    let development = ProviderDocuments::new(&settings(&["https://a.example/x"]), true).unwrap();
    for (issuer, in_any, in_listed, in_development) in [
        ("https://a.example/x", true, true, true),
        ("https://a.example/x/", true, true, true),
        ("https://a.example/xy", true, false, false),
        ("https://other.example", true, false, false),
        ("http://b.example", false, true, false),
        ("http://127.0.0.1:8080", false, false, true),
        ("http://localhost/realm", false, false, true),
        ("http://[::1]:80", false, false, true),
        ("https://127.0.0.1", true, false, true),
        ("http://127.0.0.1.example", false, false, false),
        ("http://10.0.0.1", false, false, false),
        ("https://user@a.example/x", false, false, false),
        ("ftp://a.example/x", false, false, false),
        ("file:///etc/passwd", false, false, false),
        ("", false, false, false),
    ] {
        assert_eq!(any.permits(issuer), in_any, "{issuer}");
        assert_eq!(listed.permits(issuer), in_listed, "{issuer}, listed");
        assert_eq!(development.permits(issuer), in_development, "{issuer}, development");
    }
}

#[test]
fn a_provider_names_no_address_it_has_no_business_with() {
    let development = ProviderDocuments::new(&settings(&[]), true).unwrap();
    run(async {
        for (issuer, url) in [
            // Only TLS leads to another host or port.
            ("https://a.example", "http://a.example/keys"),
            ("https://a.example", "http://169.254.169.254/latest/meta-data"),
            ("https://a.example", "http://127.0.0.1:9700/keys"),
            ("http://127.0.0.1:1", "http://127.0.0.1:2/keys"),
            ("http://127.0.0.1:1", "http://localhost:1/keys"),
            ("https://a.example", "file:///etc/passwd"),
            ("https://a.example", "https://user@b.example/keys"),
            ("https://a.example", "/keys"),
            ("http://a.example", "https://b.example/keys"),
        ] {
            let found = development.get(issuer, url).await;
            assert!(matches!(found, Err(FetchError::Refused(_))), "{issuer} {url}: {found:?}");
        }
    });
}

#[test]
fn documents_come_as_they_are_and_nothing_else_does() {
    let documents = ProviderDocuments::new(&settings(&[]), true).unwrap();
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    run(async {
        for (answer, comes) in [
            (OK.to_owned(), true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".to_owned(), true),
            (format!("{}{}", head(DOCUMENT_BYTES_MAX), "x".repeat(DOCUMENT_BYTES_MAX)), true),
            (format!("{}{}", head(DOCUMENT_BYTES_MAX + 1), "x".repeat(DOCUMENT_BYTES_MAX + 1)), false),
            ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_owned(), false),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}".to_owned(), false),
            ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), false),
            (format!("{}half", head(8)), false),
            ("nothing like HTTP\r\n\r\n".to_owned(), false),
        ] {
            let name = answer.lines().next().unwrap_or_default().to_owned();
            let (address, asked) = answering(answer, None).await;
            let issuer = format!("http://{address}");
            let found = documents.get(&issuer, &format!("{issuer}/a/b?c=d")).await;
            assert_eq!(found.is_ok(), comes, "{name}: {:?}", found.err());
            let asked = asked.await.unwrap().to_ascii_lowercase();
            assert!(asked.starts_with("get /a/b?c=d http/1.1\r\n"), "{asked}");
            assert!(asked.contains(&format!("host: {address}\r\n")), "{asked}");
        }
        let found = documents.get("http://127.0.0.1:1", "http://127.0.0.1:1/").await;
        assert!(matches!(found, Err(FetchError::Unreachable(_))), "{found:?}");
    });
}

#[test]
fn who_does_not_answer_is_given_up() {
    let mut documents = ProviderDocuments::new(&settings(&[]), true).unwrap();
    documents.patience = Duration::from_millis(50);
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let found = documents.get(&issuer, &issuer).await;
        assert!(matches!(&found, Err(FetchError::Unreachable(why)) if why.ends_with("in time")), "{found:?}");
    });
}

#[test]
fn certificates_must_be_those_of_the_settings() {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca.pem()).unwrap();
    let trusting = Oidc { issuers: Vec::new(), ca_file: Some(file.clone()) };
    let trusting = ProviderDocuments::new(&trusting, false).unwrap();
    let system = ProviderDocuments::new(&settings(&[]), false).unwrap();
    run(async {
        let (address, asked) = answering(OK.to_owned(), Some(acceptor.clone())).await;
        let issuer = format!("https://{address}");
        assert_eq!(trusting.get(&issuer, &issuer).await, Ok(b"{}".to_vec()));
        assert!(asked.await.unwrap().starts_with("GET / "));
        // Nobody but the settings vouches for that certificate, and it is not good for another name.
        let (address, _asked) = answering(OK.to_owned(), Some(acceptor.clone())).await;
        let issuer = format!("https://{address}");
        assert!(matches!(system.get(&issuer, &issuer).await, Err(FetchError::Unreachable(_))));
        let (address, _asked) = answering(OK.to_owned(), Some(acceptor)).await;
        let issuer = format!("https://localhost:{}", address.port());
        assert!(matches!(trusting.get(&issuer, &issuer).await, Err(FetchError::Unreachable(_))));
    });

    for (content, name) in [
        ("", "empty"),
        ("no certificate", "text"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "junk"),
    ] {
        std::fs::write(&file, content).unwrap();
        let refused = Oidc { issuers: Vec::new(), ca_file: Some(file.clone()) };
        assert!(ProviderDocuments::new(&refused, false).is_err(), "{name}");
    }
}
