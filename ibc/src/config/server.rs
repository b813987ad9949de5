//! `[server]`, and how a MAF reaches a MEF.

use super::{duration, fqdn};
use crate::service::budgets;
use core::net::SocketAddr;
use core::time::Duration;
use eccsi_sakke::onem2m::Fqdn;
use serde::{Deserialize, Deserializer};
use std::path::PathBuf;

/// `[server]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSection {
    /// Where clients come.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// PEM file with the server's chain.
    pub certificate: Option<PathBuf>,
    /// PEM file of mode 0600 with its private key.
    pub key: Option<PathBuf>,
    /// PEM file with the authorities for clients' certificates.
    pub client_ca: Option<PathBuf>,
    /// Where metrics and health are; `None` for nowhere.
    #[serde(deserialize_with = "optional_address")]
    pub monitor: Option<SocketAddr>,
    /// Connections at a time.
    pub connections: usize,
    /// Sessions of one credential at a time.
    pub sessions_per_credential: usize,
    /// Connections of one address in a second.
    pub address_rate: u32,
    /// Completed handshakes of one credential in a second.
    pub credential_rate: u32,
    /// Requests of one credential in a second.
    pub request_rate: u32,
    /// Between requests.
    #[serde(deserialize_with = "duration")]
    pub idle: Duration,
    /// From handshake to close.
    #[serde(deserialize_with = "duration")]
    pub session: Duration,
    /// The least that is logged.
    #[serde(deserialize_with = "level")]
    pub log: tracing::Level,
}

impl Default for ServerSection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0; 16], 8443)),
            certificate: None,
            key: None,
            client_ca: None,
            monitor: Some(SocketAddr::from(([127, 0, 0, 1], 9464))),
            connections: budgets::CONNECTIONS.count(),
            sessions_per_credential: budgets::SESSIONS_PER_CREDENTIAL.count(),
            address_rate: budgets::ADDRESS_RATE.default,
            credential_rate: budgets::CREDENTIAL_RATE.default,
            request_rate: budgets::REQUEST_RATE.default,
            idle: Duration::from_secs(60),
            session: Duration::from_secs(3_600),
            log: tracing::Level::INFO,
        }
    }
}

impl ServerSection {
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.certificate, &mut self.key, &mut self.client_ca].into_iter().flatten()
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.certificate.is_some() != self.key.is_some() {
            return Err("[server] certificate and key belong together");
        }
        if self.client_ca.is_some() && self.certificate.is_none() {
            return Err("[server] client_ca is for clients with certificates: add certificate and key");
        }
        let numbers = [
            self.connections == 0,
            self.sessions_per_credential == 0,
            self.address_rate == 0,
            self.credential_rate == 0,
            self.request_rate == 0,
            self.idle.is_zero(),
            self.session.is_zero(),
        ];
        if numbers.contains(&true) {
            return Err("[server] numbers and times are at least 1");
        }
        Ok(())
    }
}

/// `[[maf.mef]]`: a MEF from which a MAF fetches keys, as that MEF's client.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MefAccess {
    /// The MEF.
    #[serde(deserialize_with = "fqdn")]
    pub fqdn: Fqdn,
    /// Where it is: host and port.
    pub address: String,
    /// The MAF's KpmID there.
    pub identity: String,
    /// File of mode 0600 with Kpm, in hexadecimal or as its octets.
    pub key_file: PathBuf,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parse(&String::deserialize(deserializer)?)
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<tracing::Level, D::Error> {
    let text = String::deserialize(deserializer)?;
    let error = |_| serde::de::Error::custom("log is one of error, warn, info, debug, trace");
    text.parse().map_err(error)
}

fn optional_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    match &*String::deserialize(deserializer)? {
        "" => Ok(None),
        text => parse(text).map(Some),
    }
}

fn parse<E: serde::de::Error>(text: &str) -> Result<SocketAddr, E> {
    text.parse().map_err(|_| {
        E::custom(format!("{text:?} is no address and port, as in \"0.0.0.0:8443\" or \"[::]:8443\""))
    })
}
