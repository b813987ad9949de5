//! Throughput of issuing, measured on this machine: the KMS alone, and with the store.

use super::error::ServiceError;
use super::kms::Kms;
use super::mef::Mef;
use super::session::{Call, Session};
use crate::wire::EnrolRequest;
use core::time::Duration;
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, UnixTime};
use rand_core::TryRng;
use std::sync::Arc;
use std::time::Instant;

/// The entities of a measurement belong to it.
const PROVIDER: &str = "bench.example.com";

/// What was measured.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// Requests at the same time.
    pub clients: usize,
    /// With both transactions and the audit log, or the KMS alone.
    pub with_store: bool,
    /// Credentials issued.
    pub issued: usize,
    /// In this time.
    pub elapsed: Duration,
    /// Half of the requests took no longer.
    pub p50: Duration,
    /// 99 of 100 requests took no longer.
    pub p99: Duration,
}

impl Measurement {
    /// Credentials in a second.
    pub fn rate(&self) -> f64 {
        self.issued as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn new(clients: usize, with_store: bool, mut times: Vec<Duration>, elapsed: Duration) -> Self {
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
        Self { clients, with_store, issued: times.len(), elapsed, p50: at(50), p99: at(99) }
    }
}

/// The name of the entity that client `number` asks for.
pub fn entity(number: usize) -> String {
    format!("//{PROVIDER}/CSE{number}")
}

/// The name of client `number` in the store.
pub fn client(number: usize) -> String {
    format!("bench-{number}")
}

/// Issues for `clients` at once until `duration` has passed. With the store, the clients have to be there as
/// [`client`] and [`entity`] say.
///
/// # Errors
/// The first refusal.
pub async fn measure(
    mef: &Mef,
    clients: usize,
    with_store: bool,
    duration: Duration,
) -> Result<Measurement, ServiceError> {
    let started = Instant::now();
    let mut tasks = vec![];
    for number in 0..clients {
        let mef = mef.clone();
        tasks.push(tokio::spawn(async move {
            let mut times = vec![];
            let mut random = [0; 8];
            SysRng.try_fill_bytes(&mut random).map_err(ServiceError::internal)?;
            // No two requests propose the same end, which would collide.
            let base = 86_400 + u64::from_be_bytes(random) % 10_000_000;
            while started.elapsed() < duration {
                let end = end(&mef, base + times.len() as u64)?;
                let before = Instant::now();
                if with_store {
                    enrol(&mef, number, end).await?;
                } else {
                    issue(&mef, number, end).await?;
                }
                times.push(before.elapsed());
            }
            Ok::<_, ServiceError>(times)
        }));
    }
    let mut times = vec![];
    for task in tasks {
        times.extend(task.await.map_err(ServiceError::internal)??);
    }
    Ok(Measurement::new(clients, with_store, times, started.elapsed()))
}

fn end(mef: &Mef, seconds: u64) -> Result<ExpirationTime, ServiceError> {
    let now = mef.now().as_seconds();
    ExpirationTime::from_unix(UnixTime::from_seconds(now + seconds)).map_err(ServiceError::internal)
}

async fn enrol(mef: &Mef, number: usize, end: ExpirationTime) -> Result<(), ServiceError> {
    let id = entity(number);
    let call = Call {
        session: Arc::new(Session::of_operator("bench", &client(number))),
        origin: id.clone(),
        request_id: "bench".into(),
    };
    let request = EnrolRequest { id, expiration_time: Some(format!("{end}")) };
    mef.enrol(&call, &request).await.map(drop)
}

async fn issue(mef: &Mef, number: usize, end: ExpirationTime) -> Result<(), ServiceError> {
    let name = EntityName::parse(&entity(number)).map_err(ServiceError::internal)?;
    let id_2 = ExpiringIdentity::new(mef.fqdn().clone(), name, end).map_err(ServiceError::internal)?;
    let (kms, now): (Arc<dyn Kms>, _) = (Arc::clone(&mef.kms), mef.now());
    tokio::task::spawn_blocking(move || kms.issue(None, &id_2, false, now))
        .await
        .map_err(ServiceError::internal)?
        .map(drop)
        .map_err(ServiceError::unavailable)
}
