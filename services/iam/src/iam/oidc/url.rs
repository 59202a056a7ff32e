//! The URL of an issuer.

use claviger_shapes::ValidationException;
use claviger_shapes::iam::InvalidInputException;

/// Cuts an issuer's URL into its scheme and the rest, by which the provider is known. Other than at AWS a port may be
/// named: issuers in one's own house often have one. Plain HTTP never leaves the host.
pub(super) fn cut<E>(url: &str) -> Result<(&str, &str), E>
where
    E: From<ValidationException> + From<InvalidInputException>,
{
    let (scheme, rest) =
        url.split_once("://").ok_or_else(|| ValidationException::new("Invalid Open ID Connect Provider URL"))?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if !(scheme == "https" || scheme == "http" && loopback) {
        let text = "Invalid Open ID Connect Provider URL. The URL must begin with https://.";
        return Err(InvalidInputException::new(text).into());
    }
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if (loopback || is_host(host)) && port_fits && is_path(path) {
        return Ok((scheme, rest));
    }
    Err(InvalidInputException::new("Invalid Open ID Connect Provider URL.").into())
}

/// Whether the text is a host's name or IPv4 address (RFC 1123).
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(fits) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.split('.').all(label)
}

/// Whether the text is a path without a query (RFC 3986, 3.3) that no reader takes for another.
fn is_path(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte);
    text.bytes().all(fits) && !text.split('/').any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use claviger_shapes::Fault;
    use claviger_shapes::iam::CreateOpenIDConnectProviderError;

    use super::*;

    fn cut_url(url: &str) -> Result<(&str, &str), Fault> {
        cut::<CreateOpenIDConnectProviderError>(url).map_err(Fault::from)
    }

    #[test]
    fn issuers_are_known_by_what_follows_the_scheme() {
        for (url, scheme, rest) in [
            ("https://token.actions.githubusercontent.com", "https", "token.actions.githubusercontent.com"),
            ("https://oidc.eks.eu-west-1.amazonaws.com/id/AB12", "https", "oidc.eks.eu-west-1.amazonaws.com/id/AB12"),
            ("https://dex.internal:5556/dex", "https", "dex.internal:5556/dex"),
            ("http://127.0.0.1:8080/realms/x", "http", "127.0.0.1:8080/realms/x"),
            ("http://[::1]:8080", "http", "[::1]:8080"),
            ("http://[::1]", "http", "[::1]"),
            ("http://localhost", "http", "localhost"),
        ] {
            assert_eq!(cut_url(url), Ok((scheme, rest)));
        }
    }

    #[test]
    fn what_is_no_issuer() {
        let plain = "Invalid Open ID Connect Provider URL. The URL must begin with https://.";
        let wrong = "Invalid Open ID Connect Provider URL.";
        for (url, text) in [
            ("http://example.com", plain),
            ("http://127.0.0.1.example.com", plain),
            ("http://127.0.0.1:80@example.com/", wrong),
            ("ftp://example.com", plain),
            ("HTTPS://example.com", plain),
            ("https://", wrong),
            ("https:///path", wrong),
            ("https://example.com?foo=1", wrong),
            ("https://example.com/#x", wrong),
            ("https://user@example.com", wrong),
            ("https://example.com:0", wrong),
            ("https://example.com:x", wrong),
            ("https://example.com/a/../b", wrong),
            ("https://exa mple.com", wrong),
            ("https://[::2]", wrong),
        ] {
            let fault = cut_url(url).map_or_else(|fault| fault, |_| panic!("{url}"));
            assert_eq!((fault.code, fault.message.as_deref()), ("InvalidInput", Some(text)), "{url}");
        }
        let fault = cut_url("example.com").map_or_else(|fault| fault, |_| panic!("no scheme"));
        assert_eq!(fault.message.as_deref(), Some("Invalid Open ID Connect Provider URL"));
        assert_eq!(fault.code, "ValidationException");
    }
}
