//! One session with a function: a handshake, then requests one after another.

use super::access::Access;
use super::error::{ClientError, Refusal, shown};
use super::reach::reach;
use crate::Function;
use crate::http::{Framed, Headers, JSON, Repeated, ResponseHead, header, is_json};
use crate::tls::{ExportedKey, Exporter, PskOffer, Session, TlsError};
use crate::wire::ResponseStatusCode;
use crate::wire::root::ResourceType;
use core::fmt::Write;
use core::pin::Pin;
use core::time::Duration;
use eccsi_sakke::onem2m::Fqdn;
use rand_core::TryRng;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_openssl::SslStream;
use zeroize::Zeroizing;

/// The release of oneM2M that this client speaks.
const RELEASE: &str = "4";

/// Octets of an answer: keys and registrations are small.
const ANSWER: usize = 64 * 1024;

/// Octets of a published list.
pub(super) const LIST: usize = 4 * 1024 * 1024;

/// What is asked of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// With the type of what is created; none below the IBC base URI.
    Create(Option<ResourceType>),
    Retrieve,
    Update,
    Delete,
}

impl Operation {
    const fn method(self) -> &'static str {
        match self {
            Self::Create(_) => "POST",
            Self::Retrieve => "GET",
            Self::Update => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// The code of success.
    const fn success(self) -> ResponseStatusCode {
        match self {
            Self::Create(_) => ResponseStatusCode::Created,
            Self::Retrieve => ResponseStatusCode::Ok,
            Self::Update => ResponseStatusCode::Updated,
            Self::Delete => ResponseStatusCode::Deleted,
        }
    }
}

/// A (D)TLS session with a MEF or a MAF after its handshake, and HTTP/1.1 on it.
///
/// Requests follow one another. One that was given up, for want of an answer or by dropping its future, ends the
/// connection: its answer could be taken for the next one's.
pub struct Connection {
    framed: Framed<SslStream<TcpStream>>,
    session: Session,
    function: Function,
    host: Fqdn,
    origin: String,
    answer: Duration,
    /// In front of the number in each request identifier.
    prefix: String,
    requests: u64,
    /// Nothing can be sent any more.
    is_over: bool,
    /// A key that was exported from here is registered.
    pub(super) has_registered_export: bool,
    /// Which of the keys the function took.
    pub(super) offer: usize,
}

impl core::fmt::Debug for Connection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Connection")
            .field("function", &self.function)
            .field("host", &self.host)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Connects and does the handshake: with each key in turn, while the function refuses them.
    ///
    /// # Errors
    /// [`ClientError::Connect`], [`ClientError::Tls`], [`ClientError::TimedOut`].
    pub async fn open(access: &Access) -> Result<Self, ClientError> {
        let stream = timeout(access.patience.connect, handshake_by_any(access));
        let (stream, offer) = stream.await.map_err(|_| ClientError::Tls(TlsError::TimedOut))??;
        let session = Session::of(stream.ssl())?;
        let mut prefix = [0; 8];
        eccsi_sakke::SysRng.try_fill_bytes(&mut prefix).map_err(|_| TlsError::Rng)?;
        Ok(Self {
            framed: Framed::new(stream),
            session,
            function: access.function,
            host: access.fqdn.clone(),
            origin: access.origin.clone(),
            answer: access.patience.answer,
            prefix: base16ct::lower::encode_string(&prefix),
            requests: 0,
            is_over: false,
            has_registered_export: false,
            offer,
        })
    }

    /// What the handshake gave.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Exports from the session, the same each time: TS-0003 clause 10.3.1.
    ///
    /// # Errors
    /// [`ClientError::Tls`].
    pub fn export(&self, exporter: Exporter) -> Result<ExportedKey, ClientError> {
        Ok(exporter.export(self.framed.io().ssl())?)
    }

    /// Whether the next request can be sent here.
    pub async fn is_usable(&mut self) -> bool {
        // Between requests the other end has nothing to say but that it goes.
        if !self.is_over && timeout(Duration::ZERO, self.framed.wait()).await.is_ok() {
            self.is_over = true;
        }
        !self.is_over
    }

    /// Sends a request and takes its answer, at most `limit` octets of it.
    pub(super) async fn request(
        &mut self,
        operation: Operation,
        path: &str,
        body: &[u8],
        limit: usize,
    ) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        if self.is_over {
            return Err(ClientError::Ended);
        }
        self.requests += 1;
        let id = format!("{}-{}", self.prefix, self.requests);
        let head = self.head(operation, path, &id, body.len())?;
        tracing::debug!(request_id = id, method = operation.method(), host = %self.host, "request");
        self.is_over = true; // until the whole answer is there
        let exchange = async {
            self.framed.write(&head, body).await?;
            let head = self.framed.read_response().await?;
            let body = self.framed.read_response_body(&head, limit).await?;
            Ok::<_, ClientError>((head, body))
        };
        let (head, body) = timeout(self.answer, exchange).await.map_err(|_| ClientError::TimedOut)??;
        self.is_over = !head.keep_alive;
        let outcome = self.judge(operation, &head, &id, &body);
        if let Err(error) = &outcome {
            tracing::debug!(request_id = id, %error, "no success");
        }
        outcome?;
        Ok(body)
    }

    /// As [`request`](Self::request), for answers of usual size.
    pub(super) async fn ask(
        &mut self,
        operation: Operation,
        path: &str,
        body: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        self.request(operation, path, body, ANSWER).await
    }

    fn head(&self, operation: Operation, path: &str, id: &str, octets: usize) -> Result<String, ClientError> {
        // What the other end once gave as a name comes back here.
        if !path.starts_with('/') || !path.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(ClientError::Configuration("this is no path"));
        }
        let mut head = format!(
            "{} {path} HTTP/1.1\r\n{}: {}\r\n{}: {}\r\n{}: {id}\r\n{}: {RELEASE}\r\n{}: {JSON}\r\n",
            operation.method(),
            header::HOST,
            self.host,
            header::ORIGIN,
            self.origin,
            header::REQUEST_ID,
            header::RELEASE_VERSION,
            header::ACCEPT,
        );
        if octets > 0 {
            let ty = match operation {
                Operation::Create(Some(created)) => format!(";ty={}", created.number()),
                _ => String::new(),
            };
            let _ = write!(head, "{}: {JSON}{ty}\r\n", header::CONTENT_TYPE); // to a string, which cannot fail
        }
        if octets > 0 || matches!(operation, Operation::Create(_) | Operation::Update) {
            let _ = write!(head, "content-length: {octets}\r\n");
        }
        head.push_str("\r\n");
        Ok(head)
    }

    /// Success, or why not.
    fn judge(
        &self,
        operation: Operation,
        head: &ResponseHead,
        id: &str,
        body: &[u8],
    ) -> Result<(), ClientError> {
        let fields = Fields::read(&head.headers)?;
        if fields.request_id.is_some_and(|other| other != id) {
            return Err(ClientError::Answer("it belongs to another request"));
        }
        let is_success = (200..=299).contains(&head.status)
            && fields.response_status_code.is_none_or(|code| code == operation.success());
        if is_success {
            let is_readable = body.is_empty() || fields.content_type.is_none_or(is_readable);
            return if is_readable { Ok(()) } else { Err(ClientError::Answer("it is not JSON")) };
        }
        Err(ClientError::Refused(Refusal {
            function: self.function,
            response_status_code: fields.response_status_code,
            http_status: head.status,
            text: debug_text(body),
            request_id: id.into(),
        }))
    }
}

/// A deny list is a text of two lines.
fn is_readable(content_type: &str) -> bool {
    is_json(content_type) || content_type.starts_with("text/plain")
}

/// Fields of an answer that come at most once.
struct Fields<'a> {
    request_id: Option<&'a str>,
    response_status_code: Option<ResponseStatusCode>,
    content_type: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn read(headers: &'a Headers) -> Result<Self, ClientError> {
        let repeated = |_: Repeated| ClientError::Answer("a header field came twice");
        let code = headers.one(header::RESPONSE_STATUS_CODE).map_err(repeated)?;
        let code = code.map(|code| code.parse().map_err(|_| ClientError::Answer("no response status code")));
        Ok(Self {
            request_id: headers.one(header::REQUEST_ID).map_err(repeated)?,
            response_status_code: code.transpose()?.map(ResponseStatusCode::from_number),
            content_type: headers.one(header::CONTENT_TYPE).map_err(repeated)?,
        })
    }
}

/// `m2m:dbg` of a refusal.
fn debug_text(body: &[u8]) -> String {
    let value: Option<serde_json::Value> = crate::json::from_slice(body).ok();
    value.as_ref().and_then(|value| value.get("m2m:dbg")?.as_str()).map(shown).unwrap_or_default()
}

async fn handshake_by_any(access: &Access) -> Result<(SslStream<TcpStream>, usize), ClientError> {
    let mut number = 0;
    loop {
        match handshake(access, access.offers.get(number).cloned()).await {
            Err(ClientError::Tls(TlsError::Handshake(why))) if number + 1 < access.offers.len() => {
                tracing::debug!(fqdn = %access.fqdn, why, "a key was refused, the next is tried");
                number += 1;
            }
            outcome => return Ok((outcome?, number)),
        }
    }
}

async fn handshake(
    access: &Access,
    offer: Option<Arc<dyn PskOffer>>,
) -> Result<SslStream<TcpStream>, ClientError> {
    let no_connection = |error| ClientError::Connect { address: access.address.clone(), error };
    let tcp = reach(&access.address, access.patience.connect).await.map_err(no_connection)?;
    tcp.set_nodelay(true).map_err(no_connection)?;
    let ssl = access.context.connection(&access.fqdn, offer)?;
    let mut stream = SslStream::new(ssl, tcp).map_err(TlsError::from)?;
    match Pin::new(&mut stream).connect().await {
        Ok(()) => Ok(stream),
        Err(error) => {
            let text = crate::tls::reason(&error);
            Err(ClientError::Tls(error.into_io_error().map_or(TlsError::Handshake(text), TlsError::Io)))
        }
    }
}
