//! What `ibc associate` is told.

use crate::association::{AssociationError, KeyOrigin};
use crate::cli::client::connect::{Address, address, open_store};
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::client::DeviceStore;
use clap::{Args, ValueEnum};
use core::time::Duration;
use eccsi_sakke::onem2m::{CredentialId, EntityName, Fqdn, KeyIdentifier, KpsaId};
use eccsi_sakke::saef::SaefError;
use std::path::PathBuf;

/// Associate with another entity, send standard input to it and print what comes
///
/// One end listens, the other connects; after the handshake each knows the CSE-ID or AE-ID of the other, which is told on
/// standard error. Then bytes flow both ways, as with `openssl s_client`. Three ways to a common key:
///
/// --by psk: a key (Kpsa) that somebody configured at both ends, under its KpsaID: --psa-id and --psa-file.
/// --by maf: a key that the end that connects has registered at a MAF for the other (`ibc key register --suid 32`), and that
/// the end that listens retrieves there, during the handshake. --by mef is the same with a MEF (`--suid 22`).
/// --by ibc: no key in common: each end derives it from its own credential (`ibc enrol --store`) and what the other sends.
///
/// The end that connects says which way, or leaves it out where its store has only one. The end that listens serves each way
/// that it has something for. An end that is refused is told nothing but "bad record mac" (or, with --dtls, nothing at all);
/// the reason stands on standard error of the end that refused.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples, a sensor that associates with a gateway by a key from a MAF:\n  ibc associate --listen 0.0.0.0:7000 --as //sp.example.com/CSE1 --peer //sp.example.com/CSE1/C7 --store gateway --maf maf.example.com\n  echo 21.5 | ibc associate --connect gateway.example.com:7000 --as //sp.example.com/CSE1/C7 --peer //sp.example.com/CSE1 --store sensor --by maf\n\nBy their credentials, over DTLS:\n  ibc associate --listen 0.0.0.0:7000 --dtls --as //sp.example.com/CSE1 --peer //sp.example.com/CSE1/C7 --store gateway\n  echo 21.5 | ibc associate --connect gateway.example.com:7000 --dtls --as //sp.example.com/CSE1/C7 --peer //sp.example.com/CSE1 --store sensor --by ibc\n\nThe end that connects closes the association a moment after the end of its standard input, and both end with status 0. Otherwise 3 says that the peer closed before that, 4 that the connection broke or not all could be sent, 5 that the key or credential reached its end, 6 that standard input or output failed; 1 that there was no association."
)]
pub(in crate::cli) struct Associate {
    /// Wait here for the other end, and serve the first that is accepted
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        required_unless_present = "connect",
        conflicts_with = "connect"
    )]
    pub(super) listen: Option<String>,
    /// Call the other end here
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) connect: Option<String>,
    /// Over DTLS (UDP) in place of TLS (TCP)
    #[arg(long)]
    pub(super) dtls: bool,
    /// This entity: its CSE-ID or AE-ID, //PROVIDER/…
    #[arg(long = "as", value_name = "ID", value_parser = EntityName::parse)]
    pub(super) entity: EntityName,
    /// The entity at the other end; nobody else is accepted
    #[arg(long, value_name = "ID", value_parser = EntityName::parse)]
    pub(super) peer: EntityName,
    /// The device's folder: its credential, and the keys it has registered; at a listener the key to ask the MAF with
    #[arg(long, value_name = "FOLDER")]
    pub(super) store: Option<PathBuf>,
    /// The way to the common key
    #[arg(long, value_enum, conflicts_with = "listen")]
    pub(super) by: Option<By>,
    /// The name of the end that listens, which the other asks for (SNI); without it it is made of its CSE-ID or AE-ID
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    pub(super) name: Option<Fqdn>,
    /// psk: the name of the key (KpsaID)
    #[arg(long, value_name = "NAME@FQDN", value_parser = KpsaId::parse, requires = "psa_file")]
    pub(super) psa_id: Option<KpsaId>,
    /// psk: file of mode 0600 with the key, 16 to 64 octets, in hexadecimal or as it is
    #[arg(long, value_name = "FILE", requires = "psa_id")]
    pub(super) psa_file: Option<PathBuf>,
    /// maf, mef: the key to associate with, by its identifier; without it the one in the store that lasts longest
    #[arg(long, value_name = "KEY", value_parser = KeyIdentifier::parse, requires = "connect")]
    pub(super) key: Option<KeyIdentifier>,
    /// maf, mef: the file that `ibc key register --out` wrote, in place of the store
    #[arg(long, value_name = "FILE", requires = "connect", conflicts_with = "key")]
    pub(super) key_file: Option<PathBuf>,
    /// maf: the MAF from which the listener retrieves keys, and from no other
    #[arg(long, value_name = "FQDN[:PORT]", value_parser = address, requires = "listen")]
    pub(super) maf: Option<Address>,
    /// mef: the MEF, likewise
    #[arg(long, value_name = "FQDN[:PORT]", value_parser = address, requires = "listen")]
    pub(super) mef: Option<Address>,
    /// Where MAF and MEF are, if their FQDNs do not lead there
    #[arg(long, value_name = "HOST:PORT", requires = "listen")]
    pub(super) function: Option<String>,
    /// The key of the listener at MAF or MEF: its identity, if the store has none
    #[arg(long, value_name = "IDENTITY", requires_all = ["psk_file", "listen"])]
    pub(super) psk_identity: Option<String>,
    /// File of mode 0600 with that key
    #[arg(long, value_name = "FILE", requires = "psk_identity")]
    pub(super) psk_file: Option<PathBuf>,
    /// maf: which entity stands behind a credential (KmID, ID_2 or Credential-ID), where the MAF names no other; may be given
    /// again
    #[arg(long, value_name = "CREDENTIAL=ID", value_parser = origin, requires = "maf")]
    pub(super) origin: Vec<(CredentialId, EntityName)>,
    /// ibc: public key files of other KMSs whose credentials are accepted, besides the KPAKs in the store
    #[arg(long, value_name = "FILE")]
    pub(super) kpak: Vec<PathBuf>,
    #[cfg(feature = "service")]
    #[command(flatten)]
    pub(super) denied: crate::cli::deny_list::Given,
    /// Wait so long for connection and handshake
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = options::duration)]
    pub(super) timeout: Duration,
    /// If nobody listens there yet (TCP), try again for so long
    #[arg(long, value_name = "DURATION", value_parser = options::duration, requires = "connect", conflicts_with = "dtls")]
    pub(super) wait: Option<Duration>,
    /// After the end of standard input, wait so long for what still comes before closing
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = options::duration, requires = "connect")]
    pub(super) linger: Duration,
}

/// The way to the common key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    Psk,
    Maf,
    Mef,
    Ibc,
}

fn origin(text: &str) -> Result<(CredentialId, EntityName), String> {
    const FORM: &str = "a KmID, an ID_2 or a Credential-ID, =, and a CSE-ID or AE-ID";
    let (credential, entity) = text.split_once('=').ok_or(FORM)?;
    let Some(KeyOrigin::Credential(credential)) = KeyOrigin::parse(credential) else {
        return Err(format!("{credential} is not {FORM}"));
    };
    let entity = EntityName::parse(entity).map_err(|error| format!("{entity}: {error}"))?;
    if entity.is_absolute() {
        Ok((credential, entity))
    } else {
        Err("give the entity as //PROVIDER/…".into())
    }
}

impl Associate {
    /// The device's folder, read and not held: while an association lasts others may change it.
    pub(super) fn store(&self) -> Result<Option<DeviceStore>, Failure> {
        let open = |folder: &PathBuf| {
            let mut store = open_store(folder)?;
            store.release();
            Ok::<_, Failure>(store)
        };
        self.store.as_ref().map(open).transpose()
    }
}

/// Why there is no association, and what to do.
pub(super) fn failed(error: &AssociationError) -> Failure {
    let (kind, advice) = match error {
        AssociationError::Expired => (Kind::Key, ": register another with ibc key register"),
        AssociationError::WrongUsage => (Kind::Key, ": an association takes SUID 32 of a MAF or 22 of a MEF"),
        AssociationError::Saef(SaefError::Denied) => {
            (Kind::Identity, ": do not associate with it; it has to be provisioned anew")
        }
        AssociationError::Saef(_) | AssociationError::Identifier(_) => {
            (Kind::Identity, ": compare --as, --peer and the credential of the store (ibc credential show)")
        }
        AssociationError::UnknownIdentity => {
            (Kind::Refused, ": the other end serves no IBC credential; give another --by")
        }
        _ => (Kind::Refused, ""),
    };
    Failure::refused(kind, format!("{error}{advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_itself_in_whatever_spelling() {
        let bare = origin("client-01@maf.example.com=//sp.example.com/CSE1").unwrap();
        assert_eq!(origin("11-client-01@maf.example.com=//sp.example.com/CSE1").unwrap(), bare);
        assert_eq!(bare.0.to_string(), "11-client-01@maf.example.com");
        for wrong in
            ["client-01@maf.example.com", "//sp.example.com/CSE1=//sp.example.com/CSE1", "a@b.c=CSE1"]
        {
            origin(wrong).unwrap_err();
        }
    }
}
