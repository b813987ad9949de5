//! `ibc sign` and `ibc verify`.

use super::Outcome;
use super::failure::{Failure, Kind};
use super::options::{self, hex};
use super::report::Report;
use crate::files::credential_file::CredentialFile;
use crate::files::public_key_file::PublicKeyFile;
use crate::files::{FileError, FormatError, public_file};
use clap::Args;
use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::Signature;
use eccsi_sakke::saef::{Association, KpakTag};
use serde_json::json;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Largest message, in octets: it is held in memory.
const MAX_MESSAGE: u64 = 1 << 30;

/// Largest signature file, in octets: the digits and some blanks around them.
const MAX_SIGNATURE: u64 = 1024;

/// Sign a message with a credential
///
/// The credential is validated under its own KPAK first. The signature has 129 octets: r, s and PVT.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ibc sign --credential cse.json --in message.txt --out message.sig\n  ibc sign --credential cse.json --in - --hex < message.txt"
)]
pub(super) struct Sign {
    /// The credential, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    credential: PathBuf,
    /// The message, at most 1 GiB, or - for standard input
    #[arg(long = "in", value_name = "FILE|-")]
    input: PathBuf,
    /// Write the signature into this file and not to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
    /// Write hexadecimal text and not 129 octets
    #[arg(long)]
    hex: bool,
}

/// Verify a signature, knowing KPAK and the identity of the signer
///
/// Prints `valid`, or `invalid` with exit status 1. The credential of an ID_2 that has expired (by more
/// than 300 seconds, for clocks that differ) is refused, whenever it signed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ibc verify --kpak kpak.json --id2 ID_2 --in message.txt --signature message.sig"
)]
pub(super) struct Verify {
    /// The public key file of the KMS, from a source you trust
    #[arg(long, value_name = "FILE")]
    kpak: PathBuf,
    #[command(flatten)]
    signer: options::Signer,
    /// The message, at most 1 GiB, or - for standard input
    #[arg(long = "in", value_name = "FILE|-")]
    input: PathBuf,
    /// The signature, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    signature: PathBuf,
    /// The signature is hexadecimal text
    #[arg(long)]
    hex: bool,
    /// Accept a signer whose ID_2 has expired
    #[arg(long)]
    allow_expired: bool,
    #[cfg(feature = "service")]
    #[command(flatten)]
    denied: super::deny_list::Given,
}

impl Sign {
    pub(super) fn run(self, json: bool) -> Outcome {
        options::stdin_once([Some(&self.credential), Some(&self.input)])?;
        if self.out.is_none() && !self.hex && !json && io::stdout().is_terminal() {
            return Err(Failure::usage("129 octets are nothing for a terminal: add --hex or --out FILE"));
        }
        let now = options::now()?;
        let credential = CredentialFile::read(&self.credential)?;
        options::check_live(
            credential.identity().id_2(),
            |id_2| id_2.is_live(now),
            "ask the KMS for a new credential",
        )?;
        let (identity, key) = credential.validate()?;
        let message = public_file::read_or_stdin(&self.input, MAX_MESSAGE)?;
        let signature = key.sign_checked(&message, &mut SysRng)?.to_bytes();
        let octets = if self.hex { format!("{}\n", hex(&signature)).into_bytes() } else { signature.into() };
        let value = json!({
            "identity": format!("{identity}"),
            "tag": format!("{}", KpakTag::of(key.kms_public_key())),
            "signature": hex(&signature),
            "out": self.out.as_ref().map(|out| format!("{}", out.display())),
        });
        match &self.out {
            None => Ok(Report::raw(Zeroizing::new(octets), &value)),
            Some(out) => {
                public_file::write(out, &octets, options::existing(self.force))?;
                Ok(Report::new(format!("signed by {identity}\n  to    {}", out.display()), &value))
            }
        }
    }
}

impl Verify {
    pub(super) fn run(self) -> Outcome {
        options::stdin_once([Some(&self.input), Some(&self.signature)])?;
        let now = options::now()?;
        let identity = self.signer.identity()?;
        let trusted = PublicKeyFile::read(&self.kpak)?;
        let keys = options::trusted_keys(&self.kpak, &trusted, &identity, now)?;
        if !self.allow_expired {
            let live = |id_2: &eccsi_sakke::onem2m::ExpiringIdentity| {
                id_2.is_live_with_skew(now, Association::DEFAULT_SKEW)
            };
            options::check_live(
                identity.id_2(),
                live,
                "add --allow-expired to verify what it signed before",
            )?;
        }
        #[cfg(feature = "service")]
        self.check_not_denied(&identity, now)?;
        let signature = self.read_signature()?;
        let message = public_file::read_or_stdin(&self.input, MAX_MESSAGE)?;
        let valid =
            keys.iter().find(|key| key.kpak.verify(identity.identity(), &message, &signature).is_ok());
        let tag = valid.map(|key| format!("{}", KpakTag::of(&key.kpak)));
        let value = json!({"valid": tag.is_some(), "identity": format!("{identity}"), "tag": tag});
        Ok(match &tag {
            Some(tag) => Report::new(format!("valid: signed by {identity}\n  KPAK  {tag}"), &value),
            None => Report::new("invalid", &value).refusing(
                Kind::Signature,
                "the signature does not verify: message, identity, KPAK or signature is not the right one; do not trust the message",
            ),
        })
    }

    #[cfg(feature = "service")]
    fn check_not_denied(
        &self,
        identity: &crate::files::credential_file::CredentialIdentity,
        now: eccsi_sakke::onem2m::UnixTime,
    ) -> Result<(), Failure> {
        let Some(list) = self.denied.read(now)? else { return Ok(()) };
        let id_2 = identity
            .id_2()
            .ok_or_else(|| Failure::usage("a deny list names identities of oneM2M: it goes with --id2"))?;
        if list.is_denied(id_2)? {
            let message = format!("{id_2} is denied by its MEF: do not trust the message");
            return Err(Failure::refused(Kind::Identity, message));
        }
        Ok(())
    }

    fn read_signature(&self) -> Result<Signature, Failure> {
        let octets = public_file::read_or_stdin(&self.signature, MAX_SIGNATURE)?;
        let fail = |error: FormatError| Failure::from(FileError::new(&self.signature, error));
        let decoded = if self.hex { options::unhex(&octets).map_err(fail)? } else { octets.to_vec() };
        Signature::from_slice(&decoded).map_err(|error| fail(error.into()))
    }
}
