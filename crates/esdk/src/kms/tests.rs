use super::sigv4::authorization;
use super::*;

/// Signed by botocore 1.44.5 (`botocore.auth.SigV4Auth`) for the same request, credentials and time.
#[test]
fn signs_as_botocore() {
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned().into(),
        session_token: Some("token".to_owned()),
    };
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("host", "kms.us-east-1.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
        ("x-amz-security-token", "token"),
        ("x-amz-target", "TrentService.Decrypt"),
    ];
    let header = authorization(&credentials, "us-east-1", "20150830T123600Z", "/", &headers, b"{}");
    assert_eq!(
        header,
        concat!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/kms/aws4_request, ",
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, ",
            "Signature=b97700131f0177ea7b3767f7cf8eb631af1e1709b981a36e5b3726897502151b"
        )
    );
}
