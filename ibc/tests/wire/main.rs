//! Connections: (D)TLS, associations, MEF and MAF with their clients and with others'.
#![cfg(feature = "tls-openssl")]

#[cfg(all(feature = "server", feature = "__backends"))]
#[path = "../support/against_hyper.rs"]
mod against_hyper;
#[path = "../support/certificates.rs"]
mod certificates;
#[cfg(feature = "server")]
#[path = "../support/http.rs"]
mod http;
#[path = "../../../tests/support/secret_type.rs"]
mod secret_type;
#[cfg(feature = "server")]
#[path = "../support/service.rs"]
#[macro_use]
mod service;
#[cfg(feature = "server")]
#[path = "../support/setting.rs"]
mod setting;
#[path = "../support/wire.rs"]
mod wire;

#[cfg(feature = "client")]
mod association_async;
mod association_ibc;
mod association_maf;
mod association_psk;
#[cfg(feature = "server")]
mod client;
#[cfg(feature = "server")]
mod command_flow;
#[cfg(feature = "server")]
mod device_configuration;
mod dtls;
#[cfg(feature = "tls-rustls")]
mod eccsi_tls;
#[cfg(feature = "server")]
mod fuzz_seeds;
#[cfg(all(feature = "server", feature = "__backends"))]
mod http_framing;
#[cfg(feature = "server")]
mod keeping;
#[cfg(feature = "server")]
mod node;
#[cfg(feature = "__peers")]
mod peers;
mod secret_types;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod server_refusals;
mod tls;
#[cfg(feature = "server")]
mod unknown_identities;
