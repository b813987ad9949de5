//! Our framing of HTTP/1.1 beside that of the crate hyper: what we take for a request, hyper takes for the same one.
//!
//! Not the other way round: we refuse what may be read in two ways, and hyper some of it not.

use hyper::body::{Body, Incoming};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use ibc::__probe::http::framings;
use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Method, path, content.
type Understood = (String, String, Vec<u8>);

/// Compares both, and gives how many requests we have understood.
///
/// # Panics
/// If hyper does not take each of them for the same request.
pub(crate) fn check(octets: &[u8]) -> usize {
    let ours = framings(octets);
    if ours.is_empty() {
        return 0;
    }
    let theirs = theirs(octets);
    for (number, our) in ours.iter().enumerate() {
        let our = (our.method.clone(), our.path.clone(), our.content.to_vec());
        assert_eq!(
            Some(&our),
            theirs.get(number),
            "request {number}, ours first, of {}",
            octets.escape_ascii()
        );
    }
    ours.len()
}

/// The requests that hyper reads whole.
fn theirs(octets: &[u8]) -> Vec<Understood> {
    let understood = Rc::new(RefCell::new(Vec::new()));
    let service = service_fn(|request: Request<Incoming>| {
        let understood = Rc::clone(&understood);
        async move {
            let (head, mut body) = request.into_parts();
            let mut content = Vec::new();
            while let Some(frame) = poll_fn(|task| Pin::new(&mut body).poll_frame(task)).await {
                match frame {
                    Ok(frame) => content.extend(frame.into_data().into_iter().flatten()),
                    Err(_) => return Ok::<_, Infallible>(Response::new(String::new())), // not whole
                }
            }
            understood.borrow_mut().push((head.method.to_string(), head.uri.path().to_string(), content));
            Ok(Response::new(String::new()))
        }
    });
    {
        let connection = http1::Builder::new()
            .half_close(true)
            .header_read_timeout(None::<Duration>)
            .serve_connection(Octets(octets), service);
        let mut connection = pin!(connection);
        // Nothing here waits for anything but itself: a few turns for each message.
        for _ in 0..1000 + octets.len() {
            if connection.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                break;
            }
        }
    }
    understood.take()
}

/// A stream of what there is; what is written to it is gone.
struct Octets<'a>(&'a [u8]);

impl Read for Octets<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let (now, later) = self.0.split_at(self.0.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.0 = later;
        Poll::Ready(Ok(()))
    }
}

impl Write for Octets<'_> {
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
