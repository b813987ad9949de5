//! HTTP messages to and from primitives: TS-0009.

use crate::http::{self, Headers, JSON, Repeated, RequestHead, header, is_json, resource_type};
use crate::service::error::{Kind, ServiceError};
use crate::service::limits::REQUEST_ID_BYTES;
use crate::service::primitive::{Format, Operation, Request, Response};
use core::fmt::Write;
use zeroize::Zeroizing;

/// Where a request wants to go, in whatever form it says so.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The host of an absolute URI.
    host: Option<&'a str>,
    path: &'a str,
    has_query: bool,
}

impl<'a> Target<'a> {
    /// The request target in origin-form or absolute-form (RFC 9112 section 3.2).
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (host, rest) = match text.strip_prefix("https://") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                (Some(&rest[..end]), if end == rest.len() { "/" } else { &rest[end..] })
            }
            None => (None, text),
        };
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let is_sound = host.is_none_or(is_authority)
            && path.starts_with('/')
            && is_path(path)
            && is_path(&query.unwrap_or_default().replace('?', "/"));
        is_sound.then_some(Self { host, path, has_query: query.is_some_and(|query| !query.is_empty()) })
    }

    /// The path, without a query.
    #[cfg(feature = "__backends")]
    pub(super) const fn path(&self) -> &'a str {
        self.path
    }

    /// Whether this server, and none but it, is meant: `Host`, and the URI if it is absolute.
    pub(super) fn is_for(&self, headers: &Headers, server: &str) -> bool {
        let names = |host: &str| {
            let name = match host.rsplit_once(':') {
                Some((name, port)) if is_port(port) => name,
                _ => host,
            };
            name.strip_suffix('.').unwrap_or(name).eq_ignore_ascii_case(server)
        };
        matches!(headers.one(header::HOST), Ok(Some(host)) if names(host)) && self.host.is_none_or(names)
    }
}

/// Characters of a path, with all its escapes whole (RFC 3986 section 3.3): what stands outside of them, two readers may
/// cut off or change in different ways.
fn is_path(text: &str) -> bool {
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        let is_sound = match octet {
            b'%' => (0..2).all(|_| octets.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => octet.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&octet),
        };
        if !is_sound {
            return false;
        }
    }
    true
}

/// A name, and a port if there is one (RFC 3986 section 3.2): no server here has an address for a name.
fn is_authority(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, ""));
    let is_name = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.');
    !name.is_empty() && name.bytes().all(is_name) && is_port(port)
}

/// A port, which may be empty (RFC 3986 section 3.2.3).
fn is_port(text: &str) -> bool {
    text.is_empty()
        || (text.bytes().all(|octet| octet.is_ascii_digit())
            && text.len() <= 5
            && text.parse::<u16>().is_ok())
}

/// Header fields that a message has at most once.
const SINGLE: [&str; 5] =
    [header::ORIGIN, header::REQUEST_ID, header::RELEASE_VERSION, header::CONTENT_TYPE, header::HOST];

/// Reads a message, as far as it can be understood, and says why it is refused, if it is.
pub(super) fn read(
    head: &RequestHead,
    target: &Target<'_>,
    content: Zeroizing<Vec<u8>>,
) -> (Request, Option<ServiceError>) {
    let headers = &head.headers;
    let field = |name| headers.one(name).ok().flatten().map(String::from);
    let content_type = headers.one(header::CONTENT_TYPE).ok().flatten();
    let operation = operation(&head.method);
    let has_content = !content.is_empty();
    let request = Request {
        operation: operation.unwrap_or(Operation::Retrieve),
        to: target.path.into(),
        from: field(header::ORIGIN),
        request_id: field(header::REQUEST_ID),
        release_version: field(header::RELEASE_VERSION),
        resource_type: content_type.and_then(resource_type),
        content,
    };
    let refused = if SINGLE.into_iter().any(|name| headers.one(name) == Err(Repeated)) {
        Some((Kind::BadRequest, "a header field that comes once came again"))
    } else if operation.is_none() {
        Some((Kind::OperationNotAllowed, "the methods are POST, GET, PUT and DELETE"))
    } else if target.has_query {
        Some((Kind::BadRequest, "no resource here takes a query"))
    } else if has_content && !content_type.is_some_and(is_json) {
        Some((Kind::UnsupportedMediaType, "the content has to be application/json"))
    } else if has_content && matches!(request.operation, Operation::Retrieve | Operation::Delete) {
        Some((Kind::BadRequest, "this method takes no content"))
    } else if !http::accepts_json(headers.all(header::ACCEPT)) {
        Some((Kind::NotAcceptable, "the answer is application/json"))
    } else {
        None
    };
    (request, refused.map(|(kind, text)| ServiceError::new(kind, text)))
}

fn operation(method: &str) -> Option<Operation> {
    Some(match method {
        "POST" => Operation::Create,
        "GET" => Operation::Retrieve,
        "PUT" => Operation::Update,
        "DELETE" => Operation::Delete,
        _ => return None,
    })
}

/// A message to be sent.
pub(super) struct Message {
    pub(super) head: String,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Writes the answer to a request. Below the IBC base URI, whose clients need not know oneM2M, a service that
/// is not available says so by the status of HTTP as well.
pub(super) fn write(
    request: &Request,
    response: Response,
    is_below_ibc_base: bool,
    keep_alive: bool,
) -> Message {
    let (mut status, mut reason) = http::status(response.status);
    let mut fields = format!("X-M2M-RSC: {}\r\n", response.status);
    if response.refusal == Some(Kind::Unavailable) && is_below_ibc_base {
        (status, reason) = (503, "Service Unavailable");
        fields.push_str("Retry-After: 1\r\n");
    }
    if response.refusal == Some(Kind::TooManyRequests) {
        (status, reason) = (429, "Too Many Requests");
    }
    if let Some(retry_after) = response.reached.and_then(|reached| reached.retry_after) {
        let _ = write!(fields, "Retry-After: {}\r\n", retry_after.as_secs().max(1)); // to a string, which cannot fail
    }
    if response.refusal == Some(Kind::OperationNotAllowed) {
        fields.push_str("Allow: POST, GET, PUT, DELETE\r\n");
    }
    let echo = |value: &Option<String>| {
        let value = value.as_deref()?;
        let is_plain = (1..=REQUEST_ID_BYTES).contains(&value.len())
            && value.bytes().all(|octet| octet.is_ascii_graphic());
        is_plain.then(|| String::from(value))
    };
    for (name, value) in
        [("X-M2M-RI", echo(&request.request_id)), ("X-M2M-RVI", echo(&request.release_version))]
    {
        if let Some(value) = value {
            let _ = write!(fields, "{name}: {value}\r\n"); // to a string, which cannot fail
        }
    }
    if let Some(location) = response.location {
        let _ = write!(fields, "Content-Location: {location}\r\n");
    }
    let body = match (response.content, response.text) {
        (Some(content), _) => content,
        (None, Some(text)) => debug_body(text),
        (None, None) => Zeroizing::new(Vec::new()),
    };
    message((status, reason), &fields, response.format, body, keep_alive)
}

/// Writes an answer that is none to a primitive, such as 413 or 429; the connection ends with it.
pub(super) fn plain((status, reason): (u16, &str), fields: &str, text: &str) -> Message {
    message((status, reason), fields, Format::Json, debug_body(text), false)
}

/// `{"m2m:dbg":"…"}`; the texts are ours and need no escapes.
fn debug_body(text: &str) -> Zeroizing<Vec<u8>> {
    debug_assert!(!text.contains(['"', '\\']));
    Zeroizing::new(format!("{{\"m2m:dbg\":\"{text}\"}}").into_bytes())
}

fn message(
    (status, reason): (u16, &str),
    fields: &str,
    format: Format,
    body: Zeroizing<Vec<u8>>,
    keep_alive: bool,
) -> Message {
    let content_type = match format {
        Format::Json => JSON,
        Format::Text => "text/plain; charset=utf-8",
    };
    let mut head = format!("HTTP/1.1 {status} {reason}\r\n{fields}");
    if !body.is_empty() {
        let _ = write!(head, "Content-Type: {content_type}\r\n");
    }
    let connection = if keep_alive { "keep-alive" } else { "close" };
    let _ = write!(
        head,
        "Cache-Control: no-store\r\nContent-Length: {}\r\nConnection: {connection}\r\n\r\n",
        body.len()
    );
    Message { head, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_the_server_with_a_port_or_without() {
        let is_for = |host: &str| {
            let mut headers = Headers::default();
            headers.push("Host", host);
            Target::parse("/").expect("a path").is_for(&headers, "mef.example.com")
        };
        for host in ["mef.example.com", "MEF.example.com.", "mef.example.com:443", "mef.example.com:"] {
            assert!(is_for(host), "{host}");
        }
        for host in [
            "mef.example.com:00000443",
            "mef.example.com:65536",
            "mef.example.com:4 3",
            "mef.example.com:+43",
            "",
        ] {
            assert!(!is_for(host), "{host}");
        }
    }

    #[test]
    fn targets_are_paths_or_absolute() {
        let parse = |text| Target::parse(text).map(|target| (target.host, target.path, target.has_query));
        assert_eq!(parse("/mef/x"), Some((None, "/mef/x", false)));
        assert_eq!(parse("/mef?rcn=1"), Some((None, "/mef", true)));
        assert_eq!(parse("/mef?"), Some((None, "/mef", false)));
        assert_eq!(
            parse("https://mef.example.com:443/mef"),
            Some((Some("mef.example.com:443"), "/mef", false))
        );
        assert_eq!(parse("https://mef.example.com"), Some((Some("mef.example.com"), "/", false)));
        assert_eq!(parse("/mef/%41~?a=%20?/:@"), Some((None, "/mef/%41~", true)));
        for text in [
            "",
            "*",
            "mef",
            "http://mef.example.com/mef",
            "mef.example.com:443",
            "https:///mef",
            "https://mef.example.com:4<3/mef",
            "https://u@mef.example.com/mef",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        // What is no character of a path or a query, and escapes that are cut.
        for text in [
            "/mef#x", "/mef?#x", "/<mef>", "/me\\f", "/me^f", "/m{e}f", "/m|f", "/`", "/\"", "/\u{e4}", "/%",
            "/%4", "/%4x", "/?%",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
