//! Messages of HTTP/1.1 on a stream (RFC 9112), bounded, from buffers that are wiped.

use super::headers::Headers;
use core::fmt;
use std::boxed::Box;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
#[cfg(feature = "server")]
use tokio::time::{Duration, timeout};
use zeroize::{Zeroize, Zeroizing};

/// Octets of a request line or status line with all its header fields.
const HEAD: usize = 16 * 1024;

/// Header fields of one message.
const FIELDS: usize = 64;

/// Octets of a chunked body's extensions and trailer fields, which nothing here needs.
const SPARE: usize = 8 * 1024;

/// Octets of a chunk's first line that its size alone may have.
const SIZE_DIGITS: usize = 16;

/// What is wrong with a message, or with the stream.
#[derive(Debug)]
pub(crate) enum FramingError {
    /// The peer closed the connection inside a message.
    Truncated,
    /// The head has more than 16 KiB or 64 fields.
    HeadTooLarge,
    /// The body is longer than the receiver takes.
    BodyTooLarge,
    /// Not HTTP/1, or of unclear length.
    Malformed,
    /// The stream failed.
    Io(io::Error),
}

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the connection ended inside a message",
            Self::HeadTooLarge => "the head of the message is too large",
            Self::BodyTooLarge => "the body of the message is too large",
            Self::Malformed => "not a message of HTTP/1.1",
            Self::Io(_) => "the connection failed",
        })
    }
}

impl std::error::Error for FramingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Io(error) = self { Some(error) } else { None }
    }
}

impl From<io::Error> for FramingError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Octets(usize),
    Chunked,
    UntilClose,
}

/// Everything of a request but its body.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Headers,
    /// Whether the connection stays open.
    pub(crate) keep_alive: bool,
    length: Length,
}

impl RequestHead {
    /// Whether a body follows.
    pub(crate) fn has_body(&self) -> bool {
        self.length != Length::Octets(0)
    }
}

/// Everything of a response but its body.
#[cfg(feature = "client")]
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    /// Whether the connection stays open.
    pub(crate) keep_alive: bool,
    length: Length,
}

/// A stream of messages.
pub(crate) struct Framed<S> {
    io: S,
    /// What has come and is not yet taken: `buffer[..filled]`. The rest is zero.
    buffer: Box<[u8; HEAD]>,
    filled: usize,
}

impl<S> Drop for Framed<S> {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Framed<S> {
    /// A stream on which nothing has come yet.
    pub(crate) fn new(io: S) -> Self {
        Self { io, buffer: Box::new([0; HEAD]), filled: 0 }
    }

    /// The stream below.
    pub(crate) fn io(&self) -> &S {
        &self.io
    }

    /// Waits for a message to begin; `false` once the peer has closed the connection.
    ///
    /// # Errors
    /// [`FramingError::Io`].
    pub(crate) async fn wait(&mut self) -> Result<bool, FramingError> {
        while self.filled == 0 {
            let read = self.io.read(&mut self.buffer[..]).await?;
            if read == 0 {
                return Ok(false);
            }
            self.filled = read;
        }
        Ok(true)
    }

    /// Reads the head of a request.
    ///
    /// # Errors
    /// [`FramingError`].
    pub(crate) async fn read_request(&mut self) -> Result<RequestHead, FramingError> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; FIELDS];
            let mut request = httparse::Request::new(&mut fields);
            let parsed = request.parse(&self.buffer[..self.filled]).map_err(malformed)?;
            if let httparse::Status::Complete(taken) = parsed {
                let headers = fields_of(request.headers)?;
                let version = request.version.unwrap_or_default();
                let method = request.method.unwrap_or_default();
                let head = RequestHead {
                    method: method.into(),
                    target: request.path.unwrap_or_default().into(),
                    // What follows CONNECT is meant for somebody else (RFC 9110 section 9.3.6).
                    keep_alive: keeps_alive(version, &headers) && method != "CONNECT",
                    length: length(version, &headers)?.unwrap_or(Length::Octets(0)),
                    headers,
                };
                self.take(taken);
                return Ok(head);
            }
            self.fill().await?;
        }
    }

    /// Reads the head of a response, after those that only say to go on (1xx).
    ///
    /// # Errors
    /// [`FramingError`].
    #[cfg(feature = "client")]
    pub(crate) async fn read_response(&mut self) -> Result<ResponseHead, FramingError> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; FIELDS];
            let mut response = httparse::Response::new(&mut fields);
            let parsed = response.parse(&self.buffer[..self.filled]).map_err(malformed)?;
            if let httparse::Status::Complete(taken) = parsed {
                let headers = fields_of(response.headers)?;
                let version = response.version.unwrap_or_default();
                let status = response.code.unwrap_or_default();
                let length = match length(version, &headers)? {
                    _ if matches!(status, 100..=199 | 204 | 304) => Length::Octets(0),
                    Some(length) => length,
                    None => Length::UntilClose,
                };
                let keep_alive = keeps_alive(version, &headers) && length != Length::UntilClose;
                self.take(taken);
                if !(100..=199).contains(&status) {
                    return Ok(ResponseHead { status, headers, keep_alive, length });
                }
            } else {
                self.fill().await?;
            }
        }
    }

    /// Reads the body that follows a request of at most `limit` octets.
    ///
    /// # Errors
    /// [`FramingError`].
    pub(crate) async fn read_request_body(
        &mut self,
        head: &RequestHead,
        limit: usize,
    ) -> Result<Zeroizing<Vec<u8>>, FramingError> {
        self.read_body(head.length, limit).await
    }

    /// Reads the body that follows a response.
    ///
    /// # Errors
    /// [`FramingError`].
    #[cfg(feature = "client")]
    pub(crate) async fn read_response_body(
        &mut self,
        head: &ResponseHead,
        limit: usize,
    ) -> Result<Zeroizing<Vec<u8>>, FramingError> {
        self.read_body(head.length, limit).await
    }

    async fn read_body(&mut self, length: Length, limit: usize) -> Result<Zeroizing<Vec<u8>>, FramingError> {
        match length {
            Length::Octets(octets) if octets > limit => Err(FramingError::BodyTooLarge),
            Length::Octets(octets) => {
                let mut body = Zeroizing::new(Vec::with_capacity(octets));
                self.append(&mut body, octets).await?;
                Ok(body)
            }
            Length::Chunked => self.read_chunks(limit).await,
            Length::UntilClose => self.read_to_end(limit).await,
        }
    }

    async fn read_chunks(&mut self, limit: usize) -> Result<Zeroizing<Vec<u8>>, FramingError> {
        // At once as long as it may become: a vector that grows leaves copies behind.
        let mut body = Zeroizing::new(Vec::with_capacity(limit));
        let mut spare = SPARE;
        loop {
            let line = self.line().await?;
            spend(&mut spare, line.len().saturating_sub(SIZE_DIGITS))?;
            let size = chunk_size(&line).ok_or(FramingError::Malformed)?;
            let size = usize::try_from(size).map_err(|_| FramingError::BodyTooLarge)?;
            if size > limit - body.len() {
                return Err(FramingError::BodyTooLarge);
            }
            if size == 0 {
                break;
            }
            self.append(&mut body, size).await?;
            if !self.line().await?.is_empty() {
                return Err(FramingError::Malformed);
            }
        }
        // Trailer fields: nothing here needs any, but they are fields.
        for _ in 0..=FIELDS {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(body);
            }
            spend(&mut spare, line.len())?;
            if !is_field(&line) {
                return Err(FramingError::Malformed);
            }
        }
        Err(FramingError::HeadTooLarge)
    }

    async fn read_to_end(&mut self, limit: usize) -> Result<Zeroizing<Vec<u8>>, FramingError> {
        let mut body = Zeroizing::new(Vec::with_capacity(limit));
        while self.wait().await? {
            if self.filled > limit - body.len() {
                return Err(FramingError::BodyTooLarge);
            }
            body.extend_from_slice(&self.buffer[..self.filled]);
            self.take(self.filled);
        }
        Ok(body)
    }

    /// Takes a line of the chunked coding, and gives it without its end, which is CR LF and nothing less.
    async fn line(&mut self) -> Result<Zeroizing<Vec<u8>>, FramingError> {
        loop {
            let pending = &self.buffer[..self.filled];
            if let Some(end) = pending.iter().position(|octet| *octet == b'\n') {
                let line = pending[..end].strip_suffix(b"\r").ok_or(FramingError::Malformed)?;
                let line = Zeroizing::new(line.to_vec());
                self.take(end + 1);
                return Ok(line);
            }
            self.fill().await?;
        }
    }

    /// Appends the next `octets` octets; `body` has the room.
    async fn append(&mut self, body: &mut Vec<u8>, octets: usize) -> Result<(), FramingError> {
        let at_hand = octets.min(self.filled);
        body.extend_from_slice(&self.buffer[..at_hand]);
        self.take(at_hand);
        let from = body.len();
        body.resize(from + octets - at_hand, 0);
        match self.io.read_exact(&mut body[from..]).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(FramingError::Truncated),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads more of a message that has begun.
    async fn fill(&mut self) -> Result<(), FramingError> {
        if self.filled == HEAD {
            return Err(FramingError::HeadTooLarge);
        }
        let read = self.io.read(&mut self.buffer[self.filled..]).await?;
        if read == 0 {
            return Err(FramingError::Truncated);
        }
        self.filled += read;
        Ok(())
    }

    /// Removes what has been read, and wipes it.
    fn take(&mut self, octets: usize) {
        self.buffer.copy_within(octets..self.filled, 0);
        let left = self.filled - octets;
        self.buffer[left..self.filled].zeroize();
        self.filled = left;
    }

    /// Sends a message: its head, with the empty line at its end, and its body.
    ///
    /// # Errors
    /// [`FramingError::Io`].
    pub(crate) async fn write(&mut self, head: &str, body: &[u8]) -> Result<(), FramingError> {
        // One write, hence one record of TLS.
        let mut message = Zeroizing::new(Vec::with_capacity(head.len() + body.len()));
        message.extend_from_slice(head.as_bytes());
        message.extend_from_slice(body);
        self.io.write_all(&message).await?;
        Ok(self.io.flush().await?)
    }

    /// Ends the stream in both directions.
    pub(crate) async fn close(mut self) {
        let _ = self.io.shutdown().await; // the peer may be gone, which is what is wanted
    }

    /// Ends the sending side, and drops what still comes until the peer has ended its own, has been silent for so long, or
    /// has sent `most` octets: to close with something unread would take back an answer that the peer has not read yet.
    #[cfg(feature = "server")]
    pub(crate) async fn close_and_drain(mut self, most: usize, silence: Duration) {
        let mut left = most;
        if self.io.shutdown().await.is_ok() {
            while left > 0
                && let Ok(Ok(read @ 1..)) = timeout(silence, self.io.read(&mut self.buffer[..])).await
            {
                left = left.saturating_sub(read);
            }
        }
    }
}

fn spend(spare: &mut usize, octets: usize) -> Result<(), FramingError> {
    *spare = spare.checked_sub(octets).ok_or(FramingError::HeadTooLarge)?;
    Ok(())
}

fn malformed(error: httparse::Error) -> FramingError {
    match error {
        httparse::Error::TooManyHeaders => FramingError::HeadTooLarge,
        _ => FramingError::Malformed,
    }
}

fn fields_of(fields: &[httparse::Header<'_>]) -> Result<Headers, FramingError> {
    let mut headers = Headers::default();
    for field in fields {
        headers.push(field.name, core::str::from_utf8(field.value).map_err(|_| FramingError::Malformed)?);
    }
    Ok(headers)
}

/// What the fields say of the body's length. Two lengths, or a length beside a transfer coding, are how requests are
/// smuggled past others; neither is taken. HTTP/1.0 knows no transfer coding (RFC 9112 section 6.1).
fn length(version: u8, headers: &Headers) -> Result<Option<Length>, FramingError> {
    let repeated = |_| FramingError::Malformed;
    let octets = headers.one("content-length").map_err(repeated)?;
    let coding = headers.one("transfer-encoding").map_err(repeated)?;
    match (octets, coding) {
        (None, None) => Ok(None),
        (None, Some(coding)) if version >= 1 && coding.eq_ignore_ascii_case("chunked") => {
            Ok(Some(Length::Chunked))
        }
        (Some(octets), None) if !octets.is_empty() && octets.bytes().all(|octet| octet.is_ascii_digit()) => {
            octets.parse().map(|octets| Some(Length::Octets(octets))).map_err(|_| FramingError::BodyTooLarge)
        }
        _ => Err(FramingError::Malformed),
    }
}

/// A character of a token (RFC 9110 section 5.6.2).
const fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(octet, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// A character of a field value or a quoted string.
const fn is_text(octet: u8) -> bool {
    matches!(octet, b'\t' | b' '..=b'~' | 0x80..)
}

/// Whether a line is a field: a name, a colon, and a value.
fn is_field(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|octet| *octet == b':') else { return false };
    let (name, value) = line.split_at(colon);
    !name.is_empty() && name.iter().copied().all(is_token) && value.iter().copied().all(is_text)
}

/// The size at the beginning of a chunk, with extensions that nothing here needs (RFC 9112 section 7.1).
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
    let (size, mut rest) = line.split_at(digits);
    let size = u64::from_str_radix(core::str::from_utf8(size).ok()?, 16).ok()?;
    // chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
    while !rest.is_empty() {
        rest = trim_blanks(rest).strip_prefix(b";")?;
        rest = after_token(trim_blanks(rest))?;
        if let Some(value) = trim_blanks(rest).strip_prefix(b"=") {
            let value = trim_blanks(value);
            rest = match value.strip_prefix(b"\"") {
                Some(quoted) => after_quoted(quoted)?,
                None => after_token(value)?,
            };
        }
    }
    Some(size)
}

fn trim_blanks(octets: &[u8]) -> &[u8] {
    let blanks = octets.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    &octets[blanks..]
}

fn after_token(octets: &[u8]) -> Option<&[u8]> {
    let length = octets.iter().take_while(|octet| is_token(**octet)).count();
    (length > 0).then(|| &octets[length..])
}

/// What follows the quotation mark that ends a quoted string.
fn after_quoted(mut octets: &[u8]) -> Option<&[u8]> {
    loop {
        let (first, rest) = octets.split_first()?;
        octets = match *first {
            b'"' => return Some(rest),
            b'\\' => rest.split_first().filter(|(escaped, _)| is_text(**escaped))?.1,
            octet if is_text(octet) => rest,
            _ => return None,
        };
    }
}

fn keeps_alive(version: u8, headers: &Headers) -> bool {
    let says = |option| headers.lists(super::header::CONNECTION, option);
    // "close" has precedence (RFC 9112 section 9.3).
    !says("close") && (version > 0 || says("keep-alive"))
}

#[cfg(test)]
impl<S> Framed<S> {
    /// Whether the buffer still holds these octets.
    pub(super) fn buffer_has(&self, octets: &[u8]) -> bool {
        self.buffer.windows(octets.len()).any(|window| window == octets)
    }
}
