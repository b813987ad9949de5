//! One connection: handshake, then requests in order, each with its deadlines.

use super::binding::{self, Message, Target};
use super::{Shared, identify, limits};
use crate::http::{Framed, FramingError, RequestHead, header};
use crate::service::budgets;
use crate::service::dispatch::Endpoint;
use crate::service::session::Session;
use crate::tls::{self, HandshakePermit};
use core::pin::Pin;
use core::time::Duration;
use openssl::ssl::{NameType, SslRef};
use openssl::x509::X509VerifyResult;
use std::net::SocketAddr;
use std::string::String;
use std::string::ToString;
use std::sync::Arc;
use std::time::Instant;
use std::vec::Vec;
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tokio_openssl::SslStream;
use zeroize::Zeroizing;

type Stream = SslStream<TcpStream>;

/// Serves a connection until one side ends it.
pub(super) async fn serve(
    shared: &Shared,
    tcp: TcpStream,
    address: SocketAddr,
    permit: HandshakePermit,
    ended: oneshot::Receiver<()>,
    stopped: watch::Receiver<bool>,
) {
    let outcome = tokio::select! {
        outcome = attempt(shared, tcp) => outcome,
        Ok(()) = ended => {
            shared.metrics.turned_away(&budgets::HANDSHAKES);
            Err(Failed::because("made room for another address"))
        }
    };
    drop(permit);
    let (stream, tls) = match outcome {
        Ok(done) => done,
        Err(failed) => {
            shared.metrics.handshake(false);
            let Failed { why, server, identity, .. } = failed;
            tracing::info!(%address, server, identity, why, "a handshake failed");
            return;
        }
    };
    shared.metrics.handshake(true);
    let _open = shared.metrics.connection();
    let Some(endpoint) = identify::endpoint(&shared.endpoints, tls.server_name()) else { return };
    let session = match identify::session(endpoint, stream.ssl(), &tls).await {
        Ok(session) => Arc::new(session),
        Err(error) => {
            tracing::error!(%address, cause = error.cause(), "a session cannot be used");
            return;
        }
    };
    let credential: Arc<str> = session.to_string().into();
    let _room = match shared.rates.admit_credential(&credential) {
        Ok(room) => room,
        Err(budget) => {
            shared.metrics.turned_away(budget);
            let answer = TOO_MANY.answer(shared, &session);
            let _ = timeout(limits::FAREWELL, decline(Framed::new(stream), answer)).await; // one that does not listen is cut
            return;
        }
    };
    tracing::info!(%address, %session, server = %endpoint.fqdn(), suite = tls.suite(), "a session begins");
    let conversation =
        Conversation { shared, endpoint, session: &session, credential, stopped, head_alone: false };
    conversation.hold(Framed::new(stream)).await;
    tracing::debug!(%address, %session, "a session ends");
}

/// Answers the request that has not come yet, and closes. A place is worth no more to a session that will get none.
async fn decline(mut framed: Framed<Stream>, message: Message) {
    if framed.write(&message.head, &message.body).await.is_ok() {
        framed.close_and_drain(limits::DRAINED, limits::FAREWELL).await;
    }
}

/// A handshake that failed. What the peer sent stands here as text of one line.
struct Failed {
    why: String,
    /// The server that it asked for.
    server: String,
    /// The PSK identity as which it came.
    identity: String,
    /// Whether there was a key for it.
    is_known: bool,
}

impl Failed {
    fn because(why: impl ToString) -> Self {
        Self { why: why.to_string(), server: String::new(), identity: String::new(), is_known: false }
    }

    /// With what the peer has said so far.
    fn at(ssl: &SslRef, why: String) -> Self {
        let server = ssl.servername(NameType::HOST_NAME).unwrap_or_default();
        let server = server.chars().filter(char::is_ascii_graphic).collect();
        let (identity, is_known) = tls::claim(ssl).unwrap_or_default();
        Self { why, server, identity: identity.into(), is_known }
    }
}

/// Does the handshake, and finds out why it failed if it did. Both are for whoever has a permit: a stranger makes the
/// store look for what he claims no oftener than he may fail.
async fn attempt(shared: &Shared, tcp: TcpStream) -> Result<(Stream, tls::Session), Failed> {
    let done = timeout(shared.limits.handshake, handshake(shared, tcp)).await;
    let mut failed = match done {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(failed)) => failed,
        Err(_) => return Err(Failed::because("timed out")),
    };
    let claim = (&*failed.identity, failed.is_known);
    failed.why = identify::explain(&shared.endpoints, &failed.server, claim, failed.why).await;
    Err(failed)
}

async fn handshake(shared: &Shared, tcp: TcpStream) -> Result<(Stream, tls::Session), Failed> {
    tcp.set_nodelay(true).map_err(Failed::because)?;
    let ssl = shared.tls.connection().map_err(Failed::because)?;
    let mut stream = Stream::new(ssl, tcp).map_err(Failed::because)?;
    let done = match timeout(shared.limits.client_hello, Pin::new(&mut stream).accept()).await {
        Ok(done) => done,
        // Every ClientHello names a server.
        Err(_) if stream.ssl().servername(NameType::HOST_NAME).is_none() => {
            return Err(Failed::because("no ClientHello in time"));
        }
        Err(_) => Pin::new(&mut stream).accept().await,
    };
    done.map_err(|error| {
        let mut why = tls::reason(&error);
        let verdict = stream.ssl().verify_result();
        if verdict != X509VerifyResult::OK {
            why = format!("{why}: {verdict}");
        }
        Failed::at(stream.ssl(), why)
    })?;
    let session = tls::Session::of(stream.ssl());
    let session = session.map_err(|error| Failed::at(stream.ssl(), error.to_string()))?;
    Ok((stream, session))
}

/// What goes on after a handshake.
struct Conversation<'a> {
    shared: &'a Shared,
    endpoint: &'a Endpoint,
    session: &'a Arc<Session>,
    /// The session as text, for whom its requests count.
    credential: Arc<str>,
    stopped: watch::Receiver<bool>,
    /// Whether the answer has to end with its head: that to HEAD (RFC 9112 section 6.3).
    head_alone: bool,
}

/// An answer below the primitive layer: status, reason, and text.
#[derive(Clone, Copy)]
struct Below(u16, &'static str, &'static str);

const TOO_MANY: Below = Below(429, "Too Many Requests", "too many sessions of this credential");
const TOO_FAST: Below = Below(429, "Too Many Requests", "too many requests of this credential");
const NO_PATH: Below = Below(400, "Bad Request", "the request target is no path");
const NO_HOST: Below = Below(400, "Bad Request", "a request has one Host");
const MISDIRECTED: Below = Below(421, "Misdirected Request", "Host is not the server of this session");
const LATE: Below = Below(408, "Request Timeout", "the request did not come in time");
const NO_REQUEST: Below = Below(400, "Bad Request", "not a request of HTTP/1.1");
const HEAD_TOO_LARGE: Below =
    Below(431, "Request Header Fields Too Large", "the head of the request is too large");
const BODY_TOO_LARGE: Below = Below(413, "Content Too Large", "the content is longer than 64 KiB");

impl Below {
    /// Counts it, writes its line in the log, and gives the message.
    fn answer(self, shared: &Shared, session: &Session) -> Message {
        let Self(status, reason, text) = self;
        shared.metrics.below(status);
        tracing::info!(%session, status, why = text, "a message was refused");
        let retry = match status {
            429 => format!("Retry-After: {}\r\n", limits::RETRY_AFTER),
            _ => String::new(),
        };
        binding::plain((status, reason), &retry, text)
    }
}

impl Conversation<'_> {
    /// Answers requests until the connection ends.
    async fn hold(mut self, mut framed: Framed<Stream>) {
        let until = Instant::now() + self.shared.limits.session;
        loop {
            // A request that has begun is answered, whatever the session's age.
            let left = until.saturating_duration_since(Instant::now());
            let idle = self.shared.limits.idle.min(left);
            let begun = tokio::select! {
                begun = timeout(idle, framed.wait()) => matches!(begun, Ok(Ok(true))),
                _ = self.stopped.wait_for(|stopped| *stopped) => false,
            };
            if !begun {
                break;
            }
            let started = Instant::now();
            self.head_alone = false;
            let (message, keep_alive) = match self.read(&mut framed).await {
                Ok((head, content)) => self.answer(&head, content, started).await,
                Err(Some(below)) => (below.answer(self.shared, self.session), false),
                Err(None) => break,
            };
            let patience = self.shared.limits.message;
            let body: &[u8] = if self.head_alone { &[] } else { &message.body };
            let sent = timeout(patience, framed.write(&message.head, body)).await;
            if !matches!(sent, Ok(Ok(()))) {
                break;
            }
            if !keep_alive {
                let drained = framed.close_and_drain(limits::DRAINED, limits::FAREWELL);
                let _ = timeout(patience, drained).await; // one that does not listen is cut
                return;
            }
        }
        let _ = timeout(self.shared.limits.message, framed.close()).await; // one that does not listen is cut
    }

    /// Reads a request; or what to answer to something that is none, if anything.
    async fn read(
        &mut self,
        framed: &mut Framed<Stream>,
    ) -> Result<(RequestHead, Zeroizing<Vec<u8>>), Option<Below>> {
        let patience = self.shared.limits.message;
        let head = in_time(patience, framed.read_request()).await?;
        self.head_alone = head.method == "HEAD";
        if !self.shared.rates.admit_request(&self.credential) {
            self.shared.metrics.reached(budgets::REQUEST_RATE.name);
            return Err(Some(TOO_FAST));
        }
        let server = self.endpoint.fqdn().as_str();
        match Target::parse(&head.target) {
            None => return Err(Some(NO_PATH)),
            Some(_) if !matches!(head.headers.one(header::HOST), Ok(Some(_))) => return Err(Some(NO_HOST)),
            Some(target) if !target.is_for(&head.headers, server) => return Err(Some(MISDIRECTED)),
            Some(_) => {}
        }
        if head.has_body() && head.headers.lists(header::EXPECT, "100-continue") {
            let go_on = framed.write("HTTP/1.1 100 Continue\r\n\r\n", &[]);
            timeout(patience, go_on).await.map_err(|_| None)?.map_err(|_| None)?;
        }
        let content = in_time(patience, framed.read_request_body(&head, limits::BODY)).await?;
        Ok((head, content))
    }

    async fn answer(
        &self,
        head: &RequestHead,
        content: Zeroizing<Vec<u8>>,
        started: Instant,
    ) -> (Message, bool) {
        let keep_alive = head.keep_alive && !*self.stopped.borrow();
        // Looked at before the body was read.
        let Some(target) = Target::parse(&head.target) else {
            return (NO_PATH.answer(self.shared, self.session), false);
        };
        let (request, refusal) = binding::read(head, &target, content);
        let response = match refusal {
            None => self.endpoint.perform(self.session, &request).await,
            Some(error) => self.endpoint.refuse(self.session, &request, error).await,
        };
        if let Some(reached) = response.reached {
            self.shared.metrics.reached(reached.budget);
        }
        let took = started.elapsed();
        let status = response.status.number();
        self.shared.metrics.request(self.endpoint.function(), request.operation, status, took);
        tracing::info!(
            request = request.request_id.as_deref().unwrap_or_default(),
            session = %self.session,
            origin = request.from.as_deref().unwrap_or_default(),
            operation = request.operation.as_str(),
            to = request.to,
            status,
            why = response.text,
            microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "answered"
        );
        let is_below_ibc_base = self.endpoint.is_below_ibc_base(&request.to);
        (binding::write(&request, response, is_below_ibc_base, keep_alive), keep_alive)
    }
}

/// Reads in time; or what to answer, if anything: nothing to a connection that ended.
async fn in_time<T>(
    patience: Duration,
    reading: impl Future<Output = Result<T, FramingError>>,
) -> Result<T, Option<Below>> {
    let read = timeout(patience, reading).await.map_err(|_| Some(LATE))?;
    read.map_err(|error| match error {
        FramingError::HeadTooLarge => Some(HEAD_TOO_LARGE),
        FramingError::BodyTooLarge => Some(BODY_TOO_LARGE),
        FramingError::Malformed => Some(NO_REQUEST),
        FramingError::Truncated | FramingError::Io(_) => None,
    })
}
