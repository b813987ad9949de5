//! For fuzzing, no promise: what a connection does with octets, without the connection.

use super::binding::{self, Target};
use super::limits;
use crate::http::{Framed, FramingError};
use crate::service::error::{Kind, ServiceError};
use crate::service::primitive::Response;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use zeroize::Zeroizing;

/// A request as it was understood, and the answer to it.
#[derive(Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Every part of the request but its content, or why it is refused.
    pub request: String,
    /// The request's content.
    pub content: Zeroizing<Vec<u8>>,
    /// The head of the answer.
    pub head: String,
    /// The content of the answer.
    pub body: Zeroizing<Vec<u8>>,
}

/// Reads requests to `server` as a connection does, `piece` octets at a time, until the octets or their sense end.
/// Each that can be performed is answered with its own request identifier and NOT_FOUND. Gives why it ends, too.
pub fn exchanges(octets: &[u8], piece: usize, server: &str) -> (Vec<Exchange>, String) {
    let mut done = Vec::new();
    let mut framed = Framed::new(Pieces { octets, piece: piece.max(1) });
    let end = at_once(async {
        loop {
            match exchange(&mut framed, server).await {
                Ok((exchange, true)) => done.push(exchange),
                Ok((exchange, false)) => {
                    done.push(exchange);
                    return "closed".into();
                }
                Err(end) => return end,
            }
        }
    });
    (done, end)
}

/// A request as its framing was understood, whatever it asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Framing {
    /// The method.
    pub method: String,
    /// The path of the target, without a query.
    pub path: String,
    /// The content.
    pub content: Zeroizing<Vec<u8>>,
}

/// Reads requests as a connection does, until the octets or their sense end, or one says that it is the last.
pub fn framings(octets: &[u8]) -> Vec<Framing> {
    let mut done = Vec::new();
    let mut framed = Framed::new(Pieces { octets, piece: usize::MAX });
    at_once(async {
        while let Ok(true) = framed.wait().await {
            let Ok(head) = framed.read_request().await else { break };
            let Some(target) = Target::parse(&head.target) else { break };
            let Ok(content) = framed.read_request_body(&head, limits::BODY).await else { break };
            done.push(Framing { method: head.method.clone(), path: target.path().into(), content });
            if !head.keep_alive {
                break;
            }
        }
    });
    done
}

/// Runs what never has to wait.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

/// One request, its answer, and whether the connection stays open.
async fn exchange(framed: &mut Framed<Pieces<'_>>, server: &str) -> Result<(Exchange, bool), String> {
    let said = |error: FramingError| format!("{error}");
    if !framed.wait().await.map_err(said)? {
        return Err("ended".into());
    }
    let head = framed.read_request().await.map_err(said)?;
    let target = Target::parse(&head.target).ok_or("no target")?;
    if !target.is_for(&head.headers, server) {
        return Err("misdirected".into());
    }
    let content = framed.read_request_body(&head, limits::BODY).await.map_err(said)?;
    let (request, refusal) = binding::read(&head, &target, content);
    let error = refusal.unwrap_or_else(|| ServiceError::new(Kind::NotFound, "not found"));
    let understood = format!(
        "{:?} {} {:?} {:?} {:?} {:?} {}",
        request.operation,
        request.to,
        request.from,
        request.request_id,
        request.release_version,
        request.resource_type,
        error.text()
    );
    let is_below_ibc_base = request.to.starts_with("/ibc/");
    let answer = binding::write(&request, Response::refusal(&error), is_below_ibc_base, head.keep_alive);
    let exchange =
        Exchange { request: understood, content: request.content, head: answer.head, body: answer.body };
    Ok((exchange, head.keep_alive))
}

/// A stream that gives at most `piece` octets at a time.
struct Pieces<'a> {
    octets: &'a [u8],
    piece: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = self.piece.min(self.octets.len()).min(buffer.remaining());
        let (now, later) = self.octets.split_at(length);
        buffer.put_slice(now);
        self.octets = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
