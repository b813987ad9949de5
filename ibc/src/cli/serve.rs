//! `ibc serve`.

use super::failure::{Failure, Kind};
use super::report::Report;
use super::site::{self, Site};
use super::{Outcome, options};
use crate::Function;
use crate::client::{Access, NetworkFetcher};
use crate::config::{Config, MefAccess};
use crate::files::{key_file, private_file, public_file};
use crate::server::{Limits, Metrics, Monitor, Reload, Server, ServerError, ServerOptions};
use crate::service::Core;
use crate::service::kms::KeyDirectory;
use crate::service::maf::Maf;
use crate::service::mef::Mef;
use crate::service::readiness::Readiness;
use crate::service::store::Store;
use crate::tls::{OwnCertificate, Psk, TlsError, TrustedCertificates};
use clap::{Args, ValueEnum};
use core::future::Future;
use core::net::SocketAddr;
use core::time::Duration;
use serde_json::json;
use std::borrow::ToOwned;
use std::path::Path;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;
use std::{future, process, thread};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

/// How often a node looks for KPAKs that others have made or ended: a change is obeyed by all within that.
const LOOK_FOR_KEYS: Duration = Duration::from_secs(5);

/// For the last writes and the database, once requests are over.
const LAST_WORK: Duration = Duration::from_secs(10);

/// Octets of a file with certificates.
const MAX_PEM: u64 = 1024 * 1024;

/// Serve MEF, MAF, or both, over TLS
///
/// Listens where [server] in the configuration says; clients come with pre-shared keys (KpmID, KmID, KeID) or
/// certificates, which `ibc admin client` binds. Expired things are removed, checkpoints signed and the deny list kept
/// up to date meanwhile. Logs go to standard error: each handshake, each request with its identifier, session,
/// originator and status, never a key or a body. SIGTERM or Ctrl-C ends it: requests that have begun are
/// answered first. SIGHUP takes up certificates, authorities, limits and the level of the log anew.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ibc serve --config /etc/ibc/ibc.toml\n  ibc serve --listen 127.0.0.1:8443 --log-format json\n  curl http://127.0.0.1:9464/health/ready"
)]
pub(super) struct Serve {
    #[command(flatten)]
    site: Site,
    /// Listen here, and not where the configuration says
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Metrics and health here, and not where the configuration says
    #[arg(long, value_name = "ADDRESS:PORT")]
    monitor: Option<SocketAddr>,
    /// The least that is logged, and not what the configuration says
    #[arg(long, value_name = "LEVEL", value_parser = options::log_level)]
    log: Option<Level>,
    /// Lines for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl Serve {
    pub(super) fn run(self) -> Outcome {
        let config = self.config()?;
        let level = self.start_log(&config);
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        site::protect();
        site::block_on(async {
            // Before it takes long: whoever sends it early means no end.
            let hangup = signal(SignalKind::hangup()).map_err(no_signals)?;
            let keys = Arc::new(config.open_keys()?);
            if !keys.is_locked() {
                tracing::warn!(
                    "keys may be swapped out: RLIMIT_MEMLOCK is too low (LimitMEMLOCK=64M in a unit of systemd, or ulimit -l)"
                );
            }
            let certificate = certificate(&config)?;
            let options = site::options(&config, &keys, config.node.clone())?;
            let store = Store::open(options).await?;
            let core = Core::open(store.clone(), keys, config.provider.clone()).await?;
            for clients in core.shared_keys().await? {
                tracing::warn!(
                    clients = clients.join(", "),
                    "clients have one key, by which each could be the other: give each its own"
                );
            }
            let outcome = self.serve(&config, core, certificate, Reloading { hangup, level }).await;
            store.close().await;
            outcome
        })
    }

    /// The configuration, with what stands on the command line in its place.
    fn config(&self) -> Result<Config, Failure> {
        let mut config = self.site.read()?;
        config.server.listen = self.listen.unwrap_or(config.server.listen);
        config.server.monitor = self.monitor.or(config.server.monitor);
        config.server.log = self.log.unwrap_or(config.server.log);
        Ok(config)
    }

    /// Logs of this crate from the level on; of others only what is wrong.
    fn start_log(&self, config: &Config) -> LogLevel {
        let (filter, level) = reload::Layer::new(log_filter(config));
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
        let registry = tracing_subscriber::registry().with(filter);
        match self.log_format {
            LogFormat::Text => registry.with(lines).init(),
            LogFormat::Json => registry.with(lines.json()).init(),
        }
        level
    }

    /// Takes up the configuration anew, each time that is asked for.
    async fn reload(&self, started: &Config, server: Reload, mut reloading: Reloading) {
        while reloading.hangup.recv().await.is_some() {
            match self.reload_once(started, &server, &reloading.level) {
                Ok(left) if left.is_empty() => tracing::info!("the configuration was taken up"),
                Ok(left) => tracing::warn!(
                    needs_another_start = left.join(", "),
                    "the configuration was taken up, but for what needs another start"
                ),
                Err(failure) => tracing::error!(%failure, "everything stays as it was"),
            }
        }
        future::pending::<()>().await; // no signals any more, and all else goes on
    }

    fn reload_once(
        &self,
        started: &Config,
        server: &Reload,
        level: &LogLevel,
    ) -> Result<Vec<&'static str>, Failure> {
        let config = self.config()?;
        server.reload(certificate(&config)?, limits(&config))?;
        let fail = |error| Failure::refused(Kind::Internal, format!("the level of the log: {error}"));
        level.reload(log_filter(&config)).map_err(fail)?;
        Ok(started.not_reloaded(&config))
    }
}

/// Changes the level of the log.
type LogLevel = reload::Handle<Targets, Registry>;

/// What a reload begins with, and what it changes outside the server.
struct Reloading {
    hangup: Signal,
    level: LogLevel,
}

fn log_filter(config: &Config) -> Targets {
    let level = LevelFilter::from_level(config.server.log);
    Targets::new().with_default(LevelFilter::WARN).with_target(env!("CARGO_CRATE_NAME"), level)
}

fn no_signals(error: std::io::Error) -> Failure {
    Failure::refused(Kind::Internal, format!("no signals: {error}"))
}

pub(super) type Certificate = Option<(OwnCertificate, TrustedCertificates)>;

pub(super) fn certificate(config: &Config) -> Result<Certificate, Failure> {
    let (Some(chain), Some(key)) = (&config.server.certificate, &config.server.key) else { return Ok(None) };
    let read = |path: &Path| {
        public_file::read(path, MAX_PEM).map_err(|error| Failure::refused(Kind::File, format!("{error}")))
    };
    let secret =
        private_file::read(key, MAX_PEM).map_err(|error| Failure::refused(Kind::File, format!("{error}")))?;
    let wrong = |path: &Path, error: TlsError| {
        Failure::refused(Kind::Configuration, format!("{}: {error}", path.display()))
    };
    let own = OwnCertificate::from_pem(&read(chain)?, &secret).map_err(|error| wrong(chain, error))?;
    let anchors = match &config.server.client_ca {
        Some(path) => {
            TrustedCertificates::anchors_from_pem(&read(path)?).map_err(|error| wrong(path, error))?
        }
        None => TrustedCertificates::default(),
    };
    Ok(Some((own, anchors)))
}

impl Serve {
    async fn serve(
        &self,
        config: &Config,
        core: Core,
        certificate: Certificate,
        reloading: Reloading,
    ) -> Outcome {
        let metrics = Arc::new(Metrics::default());
        let kms = Arc::clone(&core.keys);
        let mef = config
            .mef
            .as_ref()
            .map(|mef| Mef::new(core.clone(), mef.fqdn.clone(), kms, config.provisioning()));
        let maf = maf(config, &core)?;
        let options = ServerOptions {
            mef: mef.clone(),
            maf,
            certificate,
            limits: limits(config),
            metrics: Arc::clone(&metrics),
        };
        let server = Server::bind(config.server.listen, options).await?;
        let address = server.local_addr().unwrap_or(config.server.listen);
        let (stop, stopped) = watch::channel(false);
        let stopping = |mut stopped: watch::Receiver<bool>| async move {
            let _ = stopped.wait_for(|stopped| *stopped).await; // an error: this function has ended
        };
        if let Some(at) = config.server.monitor {
            let monitor = Monitor::bind(at, metrics, Readiness::new(core.clone(), mef.clone())).await?;
            let at = monitor.local_addr().unwrap_or(at);
            tracing::info!(address = %at, "metrics and health");
            tokio::spawn(monitor.run(stopping(stopped.clone())));
        }
        let upkeep = tokio::spawn(upkeep(config.clone(), core.clone(), stopping(stopped.clone())));
        let looking = tokio::spawn(look_for_keys(Arc::clone(&core.keys), stopping(stopped)));
        let functions: Vec<_> = [
            ("MEF", config.mef.as_ref().map(|mef| &mef.fqdn)),
            ("MAF", config.maf.as_ref().map(|maf| &maf.fqdn)),
        ]
        .into_iter()
        .filter_map(|(kind, fqdn)| fqdn.map(|fqdn| format!("{kind} {fqdn}")))
        .collect();
        tracing::info!(%address, node = config.node, serves = functions.join(", "), "listening");
        let stop_signal = signalled()?;
        let reload = self.reload(config, server.reloading(), reloading);
        tokio::select! {
            () = server.run(stop_signal) => {}
            () = reload => {} // never
        }
        let _ = stop.send(true); // nobody left to hear it is as good
        let _ = (upkeep.await, looking.await); // their own failures are in the log
        tracing::info!("stopped");
        Ok(Report::new(
            format!("stopped serving on {address}"),
            &json!({"stopped": true, "address": format!("{address}")}),
        ))
    }
}

/// Ends with SIGTERM or SIGINT.
///
/// They are waited for on a thread of their own, which ends the process should it not end by itself in time: a file or a
/// database that does not answer may hold all other threads.
fn signalled() -> Result<impl Future<Output = ()>, Failure> {
    let fail = no_signals;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(fail)?;
    let (mut terminate, mut interrupt) = {
        let _inside = runtime.enter();
        let listen = |kind| signal(kind).map_err(fail);
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?)
    };
    let (tell, told) = oneshot::channel();
    let wait = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        });
        tracing::info!("stopping: requests that have begun are answered");
        let _ = tell.send(()); // nobody left to hear it is as good
        thread::sleep(Limits::default().grace + LAST_WORK);
        tracing::error!("ended without what files or database did not answer in time");
        process::exit(1);
    };
    thread::Builder::new().name("signals".into()).spawn(wait).map_err(fail)?;
    Ok(async move {
        if told.await.is_err() {
            future::pending::<()>().await; // the thread has ended, and with it only the signals
        }
    })
}

fn limits(config: &Config) -> Limits {
    let server = &config.server;
    Limits {
        connections: server.connections,
        sessions_per_credential: server.sessions_per_credential,
        address_rate: server.address_rate,
        credential_rate: server.credential_rate,
        request_rate: server.request_rate,
        idle: server.idle,
        session: server.session,
        ..Limits::default()
    }
}

/// Removes what has expired, signs checkpoints and keeps the deny list up to date, at once and then regularly.
async fn upkeep(config: Config, core: Core, stop: impl Future<Output = ()>) {
    let sweeper = site::sweeper(&config, core.clone());
    let admin = site::admin(&config, core);
    let work = async {
        loop {
            match sweeper.sweep().await {
                Ok(swept) => tracing::info!(
                    registrations = swept.registrations,
                    keys = swept.keys,
                    enrolment_keys = swept.enrolment_keys,
                    credentials = swept.credentials,
                    identities = swept.identities,
                    superseded = swept.superseded,
                    denials = swept.denials,
                    data_keys = swept.data_keys,
                    resealed = swept.resealed,
                    deny_list = swept.deny_list,
                    "tidied"
                ),
                Err(error) => tracing::error!(cause = error.cause(), "tidying failed"),
            }
            if let Err(error) = admin.checkpoint().await {
                tracing::error!(cause = error.cause(), "no checkpoint");
            }
            tokio::time::sleep(config.tidy.interval).await;
        }
    };
    tokio::select! {
        () = stop => {}
        () = work => {}
    }
}

async fn look_for_keys(keys: Arc<KeyDirectory>, stop: impl Future<Output = ()>) {
    let work = async {
        loop {
            tokio::time::sleep(LOOK_FOR_KEYS).await;
            let keys = Arc::clone(&keys);
            match tokio::task::spawn_blocking(move || keys.refresh()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the key directory cannot be read"),
                Err(error) => tracing::error!(%error, "looking for keys failed"),
            }
        }
    };
    tokio::select! {
        () = stop => {}
        () = work => {}
    }
}

fn maf(config: &Config, core: &Core) -> Result<Option<Maf>, Failure> {
    let Some(maf) = &config.maf else { return Ok(None) };
    let fail = |error: &dyn core::fmt::Display| {
        Failure::refused(Kind::Configuration, format!("[[maf.mef]] {error}"))
    };
    let access = |mef: &MefAccess| {
        let key = key_file::read(&mef.key_file).map_err(|error| fail(&error))?;
        let key = Psk::new(key).map_err(|error| fail(&error))?;
        let psk = (mef.identity.as_str(), key);
        let access = Access::psk(Function::Mef, mef.fqdn.clone(), psk, maf.fqdn.as_str());
        Ok(access.map_err(|error| fail(&error))?.at(&mef.address))
    };
    let accesses = maf.mef.iter().map(access).collect::<Result<Vec<_>, Failure>>()?;
    let fetcher = NetworkFetcher::new(accesses).map_err(|error| fail(&error))?;
    let mefs: Vec<_> = maf.mef.iter().map(|mef| mef.fqdn.clone()).collect();
    Ok(Some(Maf::new(core.clone(), maf.fqdn.clone(), &mefs, Arc::new(fetcher))))
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let kind = match error {
            ServerError::Listen(..) => Kind::Unavailable,
            ServerError::Tls(_) | ServerError::Functions(_) => Kind::Configuration,
        };
        Self::refused(kind, format!("{error}"))
    }
}
