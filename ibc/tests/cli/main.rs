//! The built command, as its users run it.
#![cfg(feature = "cli")]

#[cfg(feature = "server")]
#[path = "../support/certificates.rs"]
mod certificates;
#[cfg(feature = "server")]
#[path = "../support/http.rs"]
mod http;
#[cfg(feature = "server")]
#[path = "../support/memory_search.rs"]
mod memory_search;
#[path = "../support/place.rs"]
mod place;
#[cfg(feature = "server")]
#[path = "../support/service.rs"]
#[macro_use]
mod service;
#[cfg(feature = "server")]
mod serving;
#[cfg(feature = "server")]
#[path = "../support/setting.rs"]
mod setting;

#[cfg(feature = "server")]
mod associating;
mod bulk_crash;
mod cli;
#[cfg(feature = "service")]
mod cli_careful;
#[cfg(feature = "server")]
mod cli_client;
#[cfg(feature = "service")]
mod cli_deny;
#[cfg(feature = "server")]
mod cli_operator;
#[cfg(feature = "server")]
mod cli_serve;
#[cfg(feature = "service")]
mod cli_service;
#[cfg(feature = "server")]
mod device;
// The documents wait for the service with curl.
#[cfg(feature = "__peers")]
mod documents;
#[cfg(feature = "server")]
mod folder;
#[cfg(feature = "server")]
mod hostile;
#[cfg(feature = "server")]
mod messages;
#[cfg(feature = "server")]
mod objects;
#[cfg(feature = "server")]
mod standing;
