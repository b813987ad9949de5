//! A TCP connection to a name, by whichever of its addresses answers.

use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::vec::Vec;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

/// Connects to `HOST:PORT` within `patience`: the addresses of the host in turn.
///
/// # Errors
/// What the last address said, or one where nobody listens; that of the look-up.
pub(crate) async fn reach(address: &str, patience: Duration) -> io::Result<TcpStream> {
    let began = Instant::now();
    let addresses = timeout(patience, lookup_host(address)).await.map_err(|_| late())??;
    reach_one_of(&addresses.collect::<Vec<_>>(), patience.saturating_sub(began.elapsed())).await
}

/// The same with addresses. Each may take its part of what is left, so that one that never answers leaves time for the others.
async fn reach_one_of(addresses: &[SocketAddr], patience: Duration) -> io::Result<TcpStream> {
    let began = Instant::now();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for (address, still) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let left = patience.saturating_sub(began.elapsed());
        let part = left / u32::try_from(still).unwrap_or(u32::MAX);
        let error = match timeout(part, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => error,
            Err(_) => late(),
        };
        if failure.kind() != io::ErrorKind::ConnectionRefused {
            failure = error;
        }
    }
    Err(failure)
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpSocket;

    /// An address that never answers: its queue is full. With what keeps it so.
    async fn silent() -> (SocketAddr, impl Sized) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queued = Vec::new();
        while let Ok(stream) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
            queued.push(stream.unwrap());
        }
        (address, (listener, queued))
    }

    fn refusing() -> SocketAddr {
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[tokio::test]
    async fn each_address_has_its_turn() {
        let open = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let good = open.local_addr().unwrap();
        let (silent, _kept) = silent().await;
        for addresses in [&[good][..], &[refusing(), good], &[silent, refusing(), good], &[good, silent]] {
            let began = Instant::now();
            let stream = reach_one_of(addresses, Duration::from_secs(3)).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), good);
            assert!(
                began.elapsed() < Duration::from_secs(2),
                "a third of the time for the one that is silent"
            );
        }
        for (addresses, kind) in [
            (vec![silent], io::ErrorKind::TimedOut),
            (vec![silent, refusing()], io::ErrorKind::ConnectionRefused),
            (vec![refusing(), silent], io::ErrorKind::ConnectionRefused),
        ] {
            let error = reach_one_of(&addresses, Duration::from_secs(1)).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
        }
        assert_eq!(reach_one_of(&[], Duration::ZERO).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
