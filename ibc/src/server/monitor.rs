//! Metrics in the text format of Prometheus, and health, on a port of their own: `/metrics`, `/health/live`,
//! `/health/ready`. Without TLS or authentication, for this machine or its operator's network.

use super::ServerError;
use crate::Function;
use crate::clock::{Clock, SystemClock};
use crate::http::{Framed, FramingError, RequestHead};
use crate::service::budgets::Budget;
use crate::service::primitive::Operation;
use crate::service::readiness::Readiness;
use core::future::Future;
use core::time::Duration;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::string::{String, ToString};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::timeout;

/// For a scrape, and for what it asks of the store.
const PATIENCE: Duration = Duration::from_secs(5);

/// Until a connection has asked for something.
const SILENCE: Duration = Duration::from_secs(1);

/// How long an answer about health holds: it is found by writing, and anybody may ask.
const FRESH: Duration = Duration::from_secs(2);

/// Scrapes at a time.
const SCRAPES: usize = 8;

/// Connections that have asked for nothing yet; one more takes the place of the oldest.
const SILENT: usize = 32;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answer {
    function: &'static str,
    operation: &'static str,
    /// X-M2M-RSC.
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Asked {
    function: &'static str,
    operation: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Status {
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Limit {
    limit: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// What a server counts. [`register`](Self::register) puts it beside what the rest of a program counts.
pub struct Metrics {
    requests: Family<Answer, Counter>,
    seconds: Family<Asked, Histogram>,
    below: Family<Status, Counter>,
    handshakes: Family<Outcome, Counter>,
    turned_away: Family<Reason, Counter>,
    reached: Family<Limit, Counter>,
    connections: Gauge,
}

impl core::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(histogram as fn() -> Histogram),
            below: Family::default(),
            handshakes: Family::default(),
            turned_away: Family::default(),
            reached: Family::default(),
            connections: Gauge::default(),
        }
    }
}

fn histogram() -> Histogram {
    Histogram::new([0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0])
}

/// A session that is open; ends when dropped.
pub(super) struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(super) fn request(&self, function: Function, operation: Operation, status: u16, took: Duration) {
        let (function, operation) = (function.as_str(), operation.as_str());
        self.requests.get_or_create(&Answer { function, operation, status }).inc();
        self.seconds.get_or_create(&Asked { function, operation }).observe(took.as_secs_f64());
    }

    pub(super) fn below(&self, status: u16) {
        self.below.get_or_create(&Status { status }).inc();
    }

    pub(super) fn handshake(&self, is_done: bool) {
        let outcome = if is_done { "done" } else { "failed" };
        self.handshakes.get_or_create(&Outcome { outcome }).inc();
    }

    pub(super) fn turned_away(&self, reached: &Budget) {
        self.turned_away.get_or_create(&Reason { reason: reached.name }).inc();
    }

    pub(super) fn reached(&self, limit: &'static str) {
        self.reached.get_or_create(&Limit { limit }).inc();
    }

    pub(super) fn connection(&self) -> Open {
        self.connections.inc();
        Open(self.connections.clone())
    }

    /// Puts all of it into a registry of the caller's, each name with `ibc_` in front: once into each, since a
    /// registry does not look for names that are there.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("ibc");
        registry.register("requests", "Requests, by response status code", self.requests.clone());
        registry.register("request_seconds", "From the first octet to the answer", self.seconds.clone());
        let about = "Messages that were no requests, by HTTP status";
        registry.register("messages_refused", about, self.below.clone());
        registry.register("handshakes", "Handshakes", self.handshakes.clone());
        let about = "Connections that were closed at once";
        registry.register("turned_away", about, self.turned_away.clone());
        let about = "Requests that met a limit, by its name";
        registry.register("limits_reached", about, self.reached.clone());
        registry.register("connections", "Sessions that are open", self.connections.clone());
    }

    /// All of it in the text format of OpenMetrics, whole: it ends in `# EOF`. To add to it, see
    /// [`register`](Self::register).
    pub fn text(&self) -> String {
        let mut registry = Registry::default();
        self.register(&mut registry);
        let mut text = String::new();
        match text::encode(&mut text, &registry) {
            Ok(()) => text,
            Err(_) => String::new(), // to a string, which cannot fail
        }
    }
}

/// The port for metrics and health.
#[derive(Debug)]
pub struct Monitor {
    listener: TcpListener,
    metrics: Arc<Metrics>,
    readiness: Readiness,
    /// The look that is under way or was the last. Whoever asks meanwhile waits for what it finds.
    look: Mutex<Option<watch::Receiver<Option<Looked>>>>,
}

/// What was found, and when.
#[derive(Debug)]
struct Looked {
    at: Instant,
    found: Result<(), String>,
}

impl Monitor {
    /// Listens.
    ///
    /// # Errors
    /// [`ServerError::Listen`].
    pub async fn bind(
        address: SocketAddr,
        metrics: Arc<Metrics>,
        readiness: Readiness,
    ) -> Result<Self, ServerError> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| ServerError::Listen(address, error))?;
        Ok(Self { listener, metrics, readiness, look: Mutex::default() })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` is done.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let room = Arc::new(Semaphore::new(SCRAPES));
        let mut silent: VecDeque<oneshot::Sender<()>> = VecDeque::new();
        let this = Arc::new(self);
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = this.listener.accept() => accepted,
            };
            let Ok((tcp, _)) = accepted else {
                tokio::time::sleep(super::limits::PAUSE).await;
                continue;
            };
            silent.retain(|silent| !silent.is_closed());
            if silent.len() >= SILENT {
                silent.pop_front(); // which ends it
            }
            let (place, taken) = oneshot::channel();
            silent.push_back(place);
            let (this, room) = (Arc::clone(&this), Arc::clone(&room));
            tokio::spawn(async move {
                let mut framed = Framed::new(tcp);
                let asked = tokio::select! {
                    asked = timeout(SILENCE, framed.read_request()) => asked,
                    _ = taken => return,
                };
                let Ok(Ok(head)) = asked else { return };
                let answer = async {
                    let _permit = room.acquire().await; // never closed
                    this.answer(framed, &head).await
                };
                let _ = timeout(PATIENCE, answer).await; // whoever asked has gone
            });
        }
    }

    async fn answer(&self, mut framed: Framed<TcpStream>, head: &RequestHead) -> Result<(), FramingError> {
        let json = "application/json";
        let (status, media, body) = match (head.method.as_str(), head.target.as_str()) {
            ("GET", "/metrics") => {
                let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                ("200 OK", media, self.metrics.text())
            }
            ("GET", "/health/live") => ("200 OK", json, "{\"live\":true}".into()),
            ("GET", "/health/ready") => match self.ready().await {
                Ok(()) => ("200 OK", json, "{\"ready\":true}".into()),
                Err(why) => {
                    let body = serde_json::json!({"ready": false, "why": why});
                    ("503 Service Unavailable", json, body.to_string())
                }
            },
            ("GET", _) => (
                "404 Not Found",
                json,
                "{\"there\":[\"/metrics\",\"/health/live\",\"/health/ready\"]}".into(),
            ),
            _ => ("405 Method Not Allowed", json, "{\"allow\":\"GET\"}".into()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        framed.write(&head, body.as_bytes()).await?;
        framed.close().await;
        Ok(())
    }

    /// Whether requests would succeed now, or did a moment ago; or why not.
    async fn ready(&self) -> Result<(), String> {
        if SystemClock.now().as_seconds() == 0 {
            return Err("the clock cannot be read".into());
        }
        let mut look = self.look();
        let looked = timeout(PATIENCE / 2, look.wait_for(Option::is_some)).await;
        match looked.as_ref().map(|looked| looked.as_deref()) {
            Ok(Ok(Some(looked))) => looked.found.clone(),
            _ => Err("the database or a disk does not answer".into()),
        }
    }

    /// The one look of now. It ends by itself, and not with whoever asked: else a database that hangs would be asked
    /// again by each.
    fn look(&self) -> watch::Receiver<Option<Looked>> {
        let mut latest = self.look.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(look) = &*latest {
            let holds = match &*look.borrow() {
                Some(looked) => looked.at.elapsed() < FRESH,
                None => look.has_changed().is_ok(), // as long as somebody is there to find something
            };
            if holds {
                return look.clone();
            }
        }
        let (tell, look) = watch::channel(None);
        let readiness = self.readiness.clone();
        tokio::spawn(async move {
            let found = readiness.check().await;
            let _ = tell.send(Some(Looked { at: Instant::now(), found })); // nobody left to hear it is as good
        });
        latest.insert(look).clone()
    }
}
