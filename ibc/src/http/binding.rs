//! The oneM2M binding: names and numbers of TS-0009.

#[cfg(feature = "server")]
use crate::wire::ResponseStatusCode;

/// Header fields, in lower case as they are compared; HTTP knows no case.
pub(crate) mod header {
    pub(crate) const ORIGIN: &str = "x-m2m-origin";
    pub(crate) const REQUEST_ID: &str = "x-m2m-ri";
    pub(crate) const RELEASE_VERSION: &str = "x-m2m-rvi";
    pub(crate) const RESPONSE_STATUS_CODE: &str = "x-m2m-rsc";
    pub(crate) const CONTENT_TYPE: &str = "content-type";
    pub(crate) const ACCEPT: &str = "accept";
    pub(crate) const HOST: &str = "host";
    pub(crate) const EXPECT: &str = "expect";
    pub(crate) const CONNECTION: &str = "connection";
}

/// What bodies are sent as.
pub(crate) const JSON: &str = "application/json";

/// The same as TS-0009 names it for the content of a resource.
const RESOURCE_JSON: &str = "application/vnd.onem2m-res+json";

/// A media type without its parameters.
fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// Whether a body of this Content-Type is read.
pub(crate) fn is_json(value: &str) -> bool {
    let media_type = media_type(value);
    let is_known = [JSON, RESOURCE_JSON].iter().any(|known| media_type.eq_ignore_ascii_case(known));
    is_known && parameters(value, "charset").all(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

/// The parameter `ty` of a Content-Type: the type of the resource that is to be created. One that comes twice says
/// nothing: two readers might take different ones.
pub(crate) fn resource_type(value: &str) -> Option<u16> {
    let mut all = parameters(value, "ty");
    let one = all.next().filter(|one| one.bytes().all(|octet| octet.is_ascii_digit()))?;
    one.parse().ok().filter(|_| all.next().is_none())
}

fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    parameters(value, name).next()
}

fn parameters<'a>(value: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    value.split(';').skip(1).filter_map(move |parameter| {
        let (one, value) = parameter.split_once('=')?;
        one.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// Whether an Accept field admits JSON.
#[cfg(feature = "server")]
pub(crate) fn accepts_json<'a>(values: impl Iterator<Item = &'a str>) -> bool {
    let mut ranges = values.flat_map(|value| value.split(',')).map(str::trim).peekable();
    let admits = |range: &str| {
        let refused = parameter(range, "q").is_some_and(|q| q.trim_end_matches(['0', '.']).is_empty());
        let range = media_type(range);
        !refused
            && ["*/*", "application/*", JSON, RESOURCE_JSON].iter().any(|one| range.eq_ignore_ascii_case(one))
    };
    ranges.peek().is_none() || ranges.any(admits)
}

/// The HTTP status of a response status code: TS-0009 table 6.3.2-1, as far as these functions give them.
#[cfg(feature = "server")]
pub(crate) const fn status(code: ResponseStatusCode) -> (u16, &'static str) {
    use ResponseStatusCode as Code;
    match code {
        Code::Ok | Code::Deleted | Code::Updated => (200, "OK"),
        Code::Created => (201, "Created"),
        Code::BadRequest | Code::ContentsUnacceptable => (400, "Bad Request"),
        Code::OriginatorHasNoPrivilege
        | Code::OriginatorNotAuthenticated
        | Code::SecurityAssociationRequired
        | Code::OriginatorHasAlreadyRegistered => (403, "Forbidden"),
        Code::NotFound => (404, "Not Found"),
        Code::OperationNotAllowed => (405, "Method Not Allowed"),
        Code::NotAcceptable => (406, "Not Acceptable"),
        Code::Conflict => (409, "Conflict"),
        Code::UnsupportedMediaType => (415, "Unsupported Media Type"),
        Code::ReleaseVersionNotSupported | Code::NotImplemented => (501, "Not Implemented"),
        Code::InternalServerError | Code::Other(_) => (500, "Internal Server Error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_read_with_their_parameters() {
        for value in [
            "application/json;ty=4",
            "Application/JSON ; ty=4; charset=UTF-8",
            "application/vnd.onem2m-res+json;ty=4",
        ] {
            assert!(is_json(value), "{value}");
            assert_eq!(resource_type(value), Some(4), "{value}");
        }
        for value in [
            "application/xml;ty=4",
            "application/json;charset=utf-16",
            "application/json;charset=utf-8;charset=utf-16",
            "text/json",
            "",
        ] {
            assert!(!is_json(value), "{value}");
        }
        for value in [
            "application/json",
            "application/json;ty=",
            "application/json;ty=-4",
            "application/json;ty=70000",
            "application/json;ty=+4",
            "application/json;ty=4;ty=5",
            "application/json;ty=4; TY=4",
        ] {
            assert_eq!(resource_type(value), None, "{value}");
        }
    }

    #[cfg(feature = "server")]
    #[test]
    fn an_answer_in_json_has_to_be_admitted() {
        let accepts = |value: &'static str| accepts_json([value].into_iter());
        assert!(accepts_json([].into_iter()));
        for value in
            ["*/*", "text/html, application/*;q=0.1", "application/json", "application/vnd.onem2m-res+json"]
        {
            assert!(accepts(value), "{value}");
        }
        for value in ["text/html", "application/json;q=0", "application/xml, */*;q=0.0"] {
            assert!(!accepts(value), "{value}");
        }
    }
}
