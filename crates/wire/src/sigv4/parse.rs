//! Everything about a signature that needs no secret, in the order and with the texts of AWS.

use std::borrow::Cow;

use http::HeaderName;
use http::header::{AUTHORIZATION, DATE};
use jiff::Timestamp;
use jiff::tz::Offset;
use percent_encoding::percent_decode_str;

use super::{ALGORITHM, Presented, TERMINATOR, cut, pieces};
use crate::arn::is_region;
use crate::{Fault, Request};

/// Reads the signature of a request and judges all of it but the signature itself: presence, form, clock, signed
/// headers, algorithm, scope. The first check that fails decides the fault; only faults of the scope are joined.
///
/// `skew_seconds` is how far the client's clock may be from `wall_clock` either way; AWS allows 900.
pub fn parse<'a>(
    request: &'a Request,
    expected_service: &str,
    wall_clock: Timestamp,
    skew_seconds: i64,
) -> Result<Presented<'a>, Fault> {
    let fields = Fields::read(request, expected_service)?;
    let (timestamp, time) = fields.time()?;
    check_clock(timestamp, wall_clock, skew_seconds)?;
    let signed_headers =
        if fields.from_query { decoded(fields.signed_headers) } else { Cow::Borrowed(fields.signed_headers) };
    check_signed(request, &signed_headers)?;
    if fields.algorithm != ALGORITHM {
        let algorithm = fields.shown(fields.algorithm);
        return Err(incomplete(format!(
            "Unsupported AWS 'algorithm': '{algorithm}' (only AWS4-HMAC-SHA256 for now). "
        )));
    }
    let [access_key_id, date, region, service, terminator] = fields.credential_parts()?;
    check_scope(&Scope { date, region, service, terminator }, expected_service, &time)?;
    Ok(Presented {
        access_key_id,
        date,
        region,
        service,
        timestamp,
        session_token: fields.session_token,
        from_query: fields.from_query,
        signed_headers,
        time,
        signature: fields.signature,
    })
}

/// The parts of a signature as sent; percent-encoded when they come from the query string.
struct Fields<'a> {
    from_query: bool,
    algorithm: &'a str,
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
    date: Cow<'a, str>,
    /// The date is that of the `Date` header, which has a form of its own.
    http_date: bool,
    session_token: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn read(request: &'a Request, expected_service: &str) -> Result<Self, Fault> {
        let header = request.parts.headers.get(AUTHORIZATION);
        let header = header.map(|value| value.as_bytes().trim_ascii()).filter(|value| !value.is_empty());
        let query = request.parts.uri.query().filter(|query| raw_parameter(query, "X-Amz-Algorithm").is_some());
        match (header, query) {
            (None, None) => Err(missing_token(expected_service)),
            (Some(_), Some(_)) => {
                Err(invalid("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."))
            }
            (None, Some(query)) => Self::from_query(query),
            (Some(header), None) => match std::str::from_utf8(header) {
                Ok(header) => Self::from_header(request, header),
                Err(_) => Err(nothing_in(&String::from_utf8_lossy(header), date_of(request).is_some())),
            },
        }
    }

    fn from_header(request: &'a Request, header: &'a str) -> Result<Self, Fault> {
        let (algorithm, rest) = cut(header, b' ').unwrap_or((header, ""));
        let (mut credential, mut signature, mut signed_headers) = ("", "", "");
        let mut without_equals = None;
        for part in pieces(rest, b',').map(str::trim_ascii).filter(|part| !part.is_empty()) {
            match cut(part, b'=') {
                Some(("Credential", value)) => credential = value,
                Some(("Signature", value)) => signature = value,
                Some(("SignedHeaders", value)) => signed_headers = value,
                Some(_) => {}
                None => without_equals = without_equals.or(Some(part)),
            }
        }
        let date = date_of(request);
        let dated = date.is_some();
        let fields = [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)];
        let missing = fields.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| *name);
        let (Some((date, http_date)), true) = (date, fields.iter().all(|(_, value)| !value.is_empty())) else {
            return Err(header_lacks(missing, dated, header));
        };
        if let Some(part) = without_equals {
            return Err(incomplete(format!(
                "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'."
            )));
        }
        let session_token = request.header(SECURITY_TOKEN);
        Ok(Self { from_query: false, algorithm, credential, signed_headers, signature, date, http_date, session_token })
    }

    fn from_query(query: &'a str) -> Result<Self, Fault> {
        let get = |name| raw_parameter(query, name).unwrap_or("");
        let names = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];
        let [algorithm, credential, signature, signed_headers, date] = names.map(get);
        let missing: String = names
            .iter()
            .filter(|name| get(name).is_empty())
            .map(|name| format!("AWS query-string parameters must include '{name}'. "))
            .collect();
        if !missing.is_empty() {
            return Err(incomplete(missing + "Re-examine the query-string parameters."));
        }
        Ok(Self {
            from_query: true,
            algorithm,
            credential,
            signed_headers,
            signature,
            date: Cow::Borrowed(date),
            http_date: false,
            session_token: raw_parameter(query, "X-Amz-Security-Token"),
        })
    }

    /// The moment of signing, and its spelling in the string to sign. The `Date` header may also have the form that HTTP
    /// gives it; what is signed is then its ISO form.
    fn time(&self) -> Result<(Timestamp, Cow<'a, str>), Fault> {
        if let Some(timestamp) = basic_iso(&self.date) {
            return Ok((timestamp, self.date.clone()));
        }
        if self.http_date
            && let Ok(timestamp) = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(self.date.as_ref())
        {
            return Ok((timestamp, Cow::Owned(iso(timestamp))));
        }
        let date = self.shown(&self.date);
        Err(incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        )))
    }

    /// In a query string the slashes arrive percent-encoded; the parts themselves need no encoding.
    fn credential_parts(&self) -> Result<[&'a str; 5], Fault> {
        let slash = pieces(self.credential, b'/');
        let mut parts = [""; 5];
        let mut count = 0;
        let mut add = |part| {
            if let Some(place) = parts.get_mut(count) {
                *place = part;
            }
            count += 1;
        };
        if self.from_query {
            slash.flat_map(|part| part.split("%2F")).flat_map(|part| part.split("%2f")).for_each(&mut add);
        } else {
            slash.for_each(&mut add);
        }
        if count == parts.len() {
            return Ok(parts);
        }
        let credential = self.shown(self.credential);
        Err(incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, \
             got '{credential}'"
        )))
    }

    /// A field as the caller wrote it before encoding, for a message.
    fn shown<'b>(&self, field: &'b str) -> Cow<'b, str> {
        if self.from_query { decoded(field) } else { Cow::Borrowed(field) }
    }
}

struct Scope<'a> {
    date: &'a str,
    region: &'a str,
    service: &'a str,
    terminator: &'a str,
}

fn check_scope(scope: &Scope<'_>, expected_service: &str, time: &str) -> Result<(), Fault> {
    let Scope { date, region, service, terminator } = scope;
    let day = time.get(..8).unwrap_or_default();
    if is_region(region) && *service == expected_service && *terminator == TERMINATOR && *date == day {
        return Ok(());
    }
    let mut faults = String::new();
    if !is_region(region) {
        faults.push_str("Credential should be scoped to a valid region. ");
    }
    if *service != expected_service {
        faults.push_str(&format!("Credential should be scoped to correct service: '{expected_service}'. "));
    }
    if *terminator != TERMINATOR {
        faults.push_str(&format!(
            "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. "
        ));
    }
    if *date != day {
        faults.push_str(&format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
             '{date}' != '{day}', from '{time}'."
        ));
    }
    Err(invalid(faults))
}

fn check_clock(signed: Timestamp, now: Timestamp, skew: i64) -> Result<(), Fault> {
    let (at, now, skew) = (signed.as_second(), now.as_second(), skew.max(0));
    let (earliest, latest) = (now.saturating_sub(skew), now.saturating_add(skew));
    if (earliest..=latest).contains(&at) {
        return Ok(());
    }
    let spell = |second| Timestamp::from_second(second).map(iso).unwrap_or_default();
    let allowed = if skew % 60 == 0 { format!("{} min.", skew / 60) } else { format!("{skew} sec.") };
    let (at_text, now_text) = (iso(signed), spell(now));
    Err(invalid(if at < earliest {
        format!("Signature expired: {at_text} is now earlier than {} ({now_text} - {allowed})", spell(earliest))
    } else {
        format!("Signature not yet current: {at_text} is still later than {} ({now_text} + {allowed})", spell(latest))
    }))
}

/// `host` must be signed, and so must every `X-Amz-*` header that was sent: an unsigned `X-Amz-Target` would let a
/// captured request be turned into another one. The session token may be added after signing, and the date and the
/// body's hash are part of what is signed anyway.
fn check_signed(request: &Request, signed_headers: &str) -> Result<(), Fault> {
    let signed = |name: &str| pieces(signed_headers, b';').any(|signed| signed.eq_ignore_ascii_case(name));
    if !signed("host") {
        return Err(unsigned("Host"));
    }
    for name in request.parts.headers.keys().map(HeaderName::as_str) {
        let exempt = ["x-amz-security-token", "x-amz-date", "x-amz-content-sha256"];
        if name.starts_with("x-amz-") && !exempt.contains(&name) && !signed(name) {
            return Err(unsigned(name));
        }
    }
    Ok(())
}

/// The time of signing: `X-Amz-Date` if there is one, else `Date`, and whether it is the latter.
fn date_of(request: &Request) -> Option<(Cow<'_, str>, bool)> {
    let value = |name| {
        let value = request.parts.headers.get(name)?.as_bytes().trim_ascii();
        (!value.is_empty()).then(|| String::from_utf8_lossy(value))
    };
    value(AMZ_DATE).map(|date| (date, false)).or_else(|| value(DATE).map(|date| (date, true)))
}

/// `yyyymmddThhmmssZ` and nothing else; the library's parser would also take fractions, offsets and separators.
fn basic_iso(text: &str) -> Option<Timestamp> {
    let form = |(at, byte): (usize, u8)| match at {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    let basic = text.len() == 16 && text.bytes().enumerate().all(form);
    basic.then(|| text.parse().ok()).flatten()
}

fn iso(timestamp: Timestamp) -> String {
    Offset::UTC.to_datetime(timestamp).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The value of the first parameter of this name, still percent-encoded.
fn raw_parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// A percent-encoded value as it was before; bytes that are not UTF-8 are replaced.
pub(super) fn decoded(value: &str) -> Cow<'_, str> {
    percent_decode_str(value).decode_utf8_lossy()
}

fn missing_token(expected_service: &str) -> Fault {
    let message = match expected_service {
        "iam" | "sts" => "Request is missing Authentication Token",
        _ => "Missing Authentication Token",
    };
    Fault::new("MissingAuthenticationTokenException", 400).with_message(message)
}

fn nothing_in(header: &str, dated: bool) -> Fault {
    header_lacks(["Credential", "Signature", "SignedHeaders"].into_iter(), dated, header)
}

fn header_lacks<'n>(missing: impl Iterator<Item = &'n str>, dated: bool, header: &str) -> Fault {
    let mut message: String =
        missing.map(|name| format!("Authorization header requires '{name}' parameter. ")).collect();
    if !dated {
        message.push_str("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
    }
    incomplete(message + "Authorization=" + header)
}

fn unsigned(header: &str) -> Fault {
    invalid(format!("'{header}' must be a 'SignedHeader' in the AWS Authorization."))
}

fn incomplete(message: impl Into<Cow<'static, str>>) -> Fault {
    Fault::new("IncompleteSignatureException", 400).with_message(message)
}

fn invalid(message: impl Into<Cow<'static, str>>) -> Fault {
    Fault::new("InvalidSignatureException", 400).with_message(message)
}

const AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
