//! A UDP proxy for one client that loses datagrams, and puts in some of its own.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

pub struct Lossy {
    pub address: SocketAddr,
    came: Arc<AtomicUsize>,
    lost: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    path: Path,
    threads: Vec<JoinHandle<()>>,
}

/// The two sockets, and where the client is.
#[derive(Clone)]
struct Path {
    front: Arc<UdpSocket>,
    back: Arc<UdpSocket>,
    client: Arc<std::sync::Mutex<Option<SocketAddr>>>,
}

impl Path {
    fn send(&self, way: Way, datagram: &[u8]) {
        let _ = match (way, *self.client.lock().expect("no panic")) {
            (Way::ToServer, _) => self.back.send(datagram),
            (Way::ToClient, Some(client)) => self.front.send_to(datagram, client),
            (Way::ToClient, None) => Ok(0),
        };
    }
}

impl Lossy {
    /// Forwards to `server` and back, but for the datagrams that `loses` names by way and number from 0.
    pub fn before(server: SocketAddr, loses: impl Fn(Way, usize) -> bool + Send + Sync + 'static) -> Self {
        Self::forging(server, loses, |_, _| Vec::new())
    }

    /// Also sends what `forges` says, to both ends and before the datagram that it names.
    pub fn forging(
        server: SocketAddr,
        loses: impl Fn(Way, usize) -> bool + Send + Sync + 'static,
        forges: impl Fn(Way, usize) -> Vec<(Way, Vec<u8>)> + Send + Sync + 'static,
    ) -> Self {
        let any = "127.0.0.1:0";
        let front = Arc::new(UdpSocket::bind(any).expect("a port"));
        let back = Arc::new(UdpSocket::bind(any).expect("a port"));
        back.connect(server).expect("connected");
        let address = front.local_addr().expect("an address");
        let (came, lost, stop) = (Arc::default(), Arc::default(), Arc::default());
        let (loses, forges) = (Arc::new(loses), Arc::new(forges));
        let path = Path { front, back, client: Arc::default() };
        let mut threads = Vec::new();
        for way in [Way::ToServer, Way::ToClient] {
            let (path, forges) = (path.clone(), Arc::clone(&forges));
            let (lost, stop, loses) = (Arc::clone(&lost), Arc::clone(&stop), Arc::clone(&loses));
            let (stop, lost): (Arc<AtomicBool>, Arc<AtomicUsize>) = (stop, lost);
            let came: Arc<AtomicUsize> = Arc::clone(&came);
            threads.push(thread::spawn(move || {
                let from = if way == Way::ToServer { &path.front } else { &path.back };
                from.set_read_timeout(Some(Duration::from_millis(50))).expect("set");
                let (mut buffer, mut number) = (vec![0; 65_535], 0);
                while !stop.load(Ordering::Acquire) {
                    let Ok((length, sender)) = from.recv_from(&mut buffer) else { continue };
                    number += 1;
                    came.fetch_add(1, Ordering::Relaxed);
                    if way == Way::ToServer {
                        *path.client.lock().expect("no panic") = Some(sender);
                    }
                    for (way, forged) in forges(way, number - 1) {
                        path.send(way, &forged);
                    }
                    if loses(way, number - 1) {
                        lost.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    path.send(way, &buffer[..length]);
                }
            }));
        }
        Self { address, came, lost, stop, path, threads }
    }

    /// Sends a datagram in the name of the other end.
    pub fn forge(&self, way: Way, datagram: &[u8]) {
        self.path.send(way, datagram);
    }

    /// How many came, lost or not.
    pub fn came(&self) -> usize {
        self.came.load(Ordering::Relaxed)
    }

    /// How many were lost.
    pub fn lost(&self) -> usize {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for thread in self.threads.drain(..) {
            thread.join().expect("no panic");
        }
    }
}

/// Loses about `percent` of the datagrams, always the same ones for one seed.
pub fn at_random(seed: u64, percent: u64) -> impl Fn(Way, usize) -> bool + Send + Sync {
    move |way, number| {
        // SplitMix64 of seed, way and number.
        let mut z = seed.wrapping_add(
            (number as u64 * 2 + u64::from(way == Way::ToClient) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        );
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % 100 < percent
    }
}
