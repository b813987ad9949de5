//! `ibc saef`: the IBC-based security association of oneM2M.

use super::Outcome;
use super::failure::{Failure, Kind};
use super::options::{self, hex};
use super::report::Report;
use crate::files::credential_file::{CredentialFile, CredentialIdentity};
use crate::files::key_file;
use crate::files::public_key_file::PublicKeyFile;
use clap::{Args, Subcommand, ValueEnum};
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, IdentifierError, UnixTime};
use eccsi_sakke::saef::{Association, Credential, PeerPolicy, PskIdentity, Role, TrustedDomains};
use serde::Serialize;
use std::path::PathBuf;
use zeroize::Zeroizing;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Derive the key shared with a peer, to be used as pre-shared key of (D)TLS
    ///
    /// Both sides run it with their own credential and the other one's PSK identity, which `ibc
    /// credential show` prints, and come to the same key: nothing secret is exchanged. The peer is
    /// authenticated when a handshake with the key has succeeded, not before.
    #[command(
        after_help = "Example, on the AE and on the CSE:\n  ibc saef derive --credential ae.json --peer PSK_IDENTITY_OF_CSE --role client --kpak kpak.json --out key.hex\n  ibc saef derive --credential cse.json --peer PSK_IDENTITY_OF_AE --role server --kpak kpak.json --out key.hex"
    )]
    Derive(Derive),
}

#[derive(Debug, Args)]
pub(super) struct Derive {
    /// Own credential, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    credential: PathBuf,
    /// The PSK identity of the other side: ID_2@tag-and-PVT
    #[arg(long, value_name = "PSK_IDENTITY")]
    peer: String,
    /// Which end of the (D)TLS connection this side is
    #[arg(long)]
    role: RoleName,
    /// Public key file of a KMS you trust; again for that of the peer, if it is another
    ///
    /// A file without FQDN counts for the domain of the own credential.
    #[arg(long, value_name = "FILE", required = true)]
    kpak: Vec<PathBuf>,
    /// Accept this CSE-ID or AE-ID only; a client should always say whom it calls
    #[arg(long, value_name = "CSE-ID|AE-ID")]
    expect: Option<String>,
    /// A service provider whose entities a MEF may name; PROVIDER alone counts for the own MEF
    ///
    /// The own MEF is trusted for the provider in the own credential, if that names one. Any other MEF
    /// is trusted for the providers given here only, or it could name the entities of all.
    #[arg(long, value_name = "[MEF=]PROVIDER", value_parser = served)]
    provider: Vec<Served>,
    /// How long the peer's credential is accepted beyond its end, at most 300 seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(0..=300))]
    skew: u64,
    /// Write the key in hexadecimal into this new file of mode 0600
    #[arg(long, value_name = "FILE", required_unless_present = "show_secret")]
    out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
    /// Print the key
    #[arg(long)]
    show_secret: bool,
    #[cfg(feature = "service")]
    #[command(flatten)]
    denied: super::deny_list::Given,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    /// The end that sends ClientHello
    Client,
    /// The end that answers it
    Server,
}

/// A provider, and the MEF that serves it; without one, the own.
#[derive(Clone, Debug)]
struct Served {
    mef: Option<Fqdn>,
    provider: Fqdn,
}

fn served(text: &str) -> Result<Served, IdentifierError> {
    match text.split_once('=') {
        Some((mef, provider)) => {
            Ok(Served { mef: Some(Fqdn::parse(mef)?), provider: Fqdn::parse(provider)? })
        }
        None => Ok(Served { mef: None, provider: Fqdn::parse(text)? }),
    }
}

#[derive(Serialize)]
struct Derived<'a> {
    key_id: String,
    peer: &'a str,
    peer_id2: &'a str,
    own_psk_identity: String,
    expires: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

/// One entity if one was named, else any; with what a deny list says of the peer.
struct Admitted {
    expected: Option<EntityName>,
    is_denied: bool,
}

impl PeerPolicy for Admitted {
    fn is_denied(&self, _: &ExpiringIdentity) -> bool {
        self.is_denied
    }

    fn admits(&self, entity: &EntityName, _: &ExpiringIdentity) -> bool {
        self.expected.as_ref().is_none_or(|expected| expected == entity)
    }
}

impl Command {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Derive(command) => command.run(),
        }
    }
}

impl Derive {
    fn run(self) -> Outcome {
        let now = options::now()?;
        let peer = PskIdentity::parse(&self.peer)?;
        let expected = self.expect.as_deref().map(EntityName::parse).transpose()?;
        let (identity, key, kpak, _) = CredentialFile::read(&self.credential)?.into_parts();
        let CredentialIdentity::Id2(own_id) = identity else {
            return Err(Failure::refused(
                Kind::Identity,
                "the credential is not for an ID_2, which the association needs: have one issued with --fqdn",
            ));
        };
        let trusted = self.trusted(&own_id, now)?;
        let own = Credential::install(own_id, &key, &kpak, &trusted, now)?;
        let policy = Admitted {
            expected: expected.map(|name| trusted.absolute(peer.id_2().fqdn(), &name)).transpose()?,
            is_denied: self.is_denied(peer.id_2(), now)?,
        };
        let association = Association {
            own: &own,
            role: match self.role {
                RoleName::Client => Role::Client,
                RoleName::Server => Role::Server,
            },
            trusted: &trusted,
            policy: &policy,
            skew: Duration::from_secs(self.skew),
        };
        let shared = association.derive(&peer, now)?;
        let digits = Zeroizing::new(hex(shared.expose().as_slice()));
        if let Some(out) = &self.out {
            key_file::write(out, shared.expose().as_slice(), options::existing(self.force))?;
        }
        let derived = Derived {
            key_id: hex(&shared.id()),
            peer: shared.peer().as_str(),
            peer_id2: peer.id_2().as_str(),
            own_psk_identity: format!("{}", own.psk_identity()?),
            expires: format!("{}", shared.expiration()),
            out: self.out.as_ref().map(|out| format!("{}", out.display())),
            key: self.show_secret.then_some(digits.as_str()),
        };
        Ok(Report::new(derived.text(), &derived))
    }

    #[cfg(feature = "service")]
    fn is_denied(&self, peer: &ExpiringIdentity, now: UnixTime) -> Result<bool, Failure> {
        self.denied.read(now)?.map_or(Ok(false), |list| list.is_denied(peer))
    }

    /// Deny lists are read where the service is built along.
    #[cfg(not(feature = "service"))]
    fn is_denied(&self, _: &ExpiringIdentity, _: UnixTime) -> Result<bool, Failure> {
        Ok(false)
    }

    fn trusted(&self, own: &ExpiringIdentity, now: UnixTime) -> Result<TrustedDomains, Failure> {
        let mut trusted = TrustedDomains::new();
        let mut known = Vec::new();
        for path in &self.kpak {
            let file = PublicKeyFile::read(path)?;
            let mef = file.fqdn().unwrap_or(own.fqdn());
            let (first, more) = self.providers(mef, own)?;
            for kpak in file.usable(now).map(|key| &key.kpak) {
                if known.contains(mef) {
                    trusted.roll_over(mef, kpak.clone())?;
                } else {
                    trusted.pin(mef.clone(), first.clone(), kpak.clone())?;
                    more.iter().try_for_each(|provider| trusted.serve(mef, provider.clone()))?;
                    known.push(mef.clone());
                }
            }
        }
        Ok(trusted)
    }

    /// The providers that a MEF serves; the first completes its SP-relative identities.
    fn providers(&self, mef: &Fqdn, own: &ExpiringIdentity) -> Result<(Fqdn, Vec<Fqdn>), Failure> {
        let is_own = mef == own.fqdn();
        let in_credential = own.entity_id().provider().filter(|_| is_own);
        let given = self.provider.iter().filter(|served| match &served.mef {
            Some(named) => named == mef,
            None => is_own,
        });
        let mut providers = in_credential.into_iter().chain(given.map(|served| &served.provider)).cloned();
        let first = providers.next().ok_or_else(|| {
            Failure::usage(format!("say with --provider {mef}=PROVIDER whose entities that MEF may name"))
        })?;
        Ok((first, providers.collect()))
    }
}

impl Derived<'_> {
    fn text(&self) -> String {
        // With room for everything, so that the key is not left behind in a smaller buffer.
        let mut text = String::with_capacity(4096);
        text.push_str("derived a shared key\n");
        for (name, value) in [
            ("key id", Some(self.key_id.as_str())),
            ("peer", Some(self.peer)),
            ("own PSK id", Some(self.own_psk_identity.as_str())),
            ("expires", Some(self.expires.as_str())),
            ("written to", self.out.as_deref()),
            ("key", self.key),
        ] {
            if let Some(value) = value {
                text.push_str(&format!("  {name:<11} "));
                text.push_str(value);
                text.push('\n');
            }
        }
        text.push_str("the peer is authenticated once a handshake with this key has succeeded");
        text
    }
}
