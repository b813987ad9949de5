//! `ibc sakke`: send a key to an identity.

use super::Outcome;
use super::failure::{Failure, Kind};
use super::options::{self, hex};
use super::report::Report;
use crate::files::credential_file::{CredentialFile, CredentialIdentity};
use crate::files::public_key_file::{PublicKeyFile, PublishedKey};
use crate::files::{FileError, FormatError, private_file, public_file};
use clap::{Args, Subcommand};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{ExpiringIdentity, UnixTime};
use eccsi_sakke::saef::{Association, KpakTag};
use eccsi_sakke::sakke::{EncapsulatedData, KmsPublicKey, SharedSecretValue};
use serde::Serialize;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest file of encapsulated data, in octets: the digits and some blanks around them.
const MAX_DATA: u64 = 2048;

/// Largest file of an SSV that is read: enough to tell that it is another file.
const MAX_SSV: u64 = 64;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Encapsulate a key to an identity, knowing the KMS's public key Z
    ///
    /// Makes a random key of 16 octets, or takes that of --ssv-file, and encapsulates it so that only
    /// the identity (and its KMS) can take it out: 273 octets. SAKKE does not tell who sent it: sign the
    /// result with `ibc sign`. The identifier b of SAKKE is SHA-256 of the identity's octets, for ID_2s
    /// and for others.
    #[command(after_long_help = ENCAPSULATE_EXAMPLES, after_help = ENCAPSULATE_EXAMPLES)]
    Encapsulate(Encapsulate),
    /// Take out the key that was encapsulated to a credential's identity
    ///
    /// The RSK of the credential is validated under the Z that came with it first. Who sent the key is
    /// not told: verify the sender's signature before.
    #[command(
        after_help = "Examples:\n  ibc sakke decapsulate --credential cse.json --in key.sakke --out key.ssv\n  ibc sakke decapsulate --credential cse.json --in - --hex --show-secret < key.txt"
    )]
    Decapsulate(Decapsulate),
}

const ENCAPSULATE_EXAMPLES: &str = "\
Examples:
  A new key for a CSE, signed by an AE:
    ibc sakke encapsulate --kpak kpak.json --id2 ID_2_OF_CSE --out key.sakke --ssv-out key.ssv
    ibc sign --credential ae.json --in key.sakke --out key.sig
  The same key for one more receiver:
    ibc sakke encapsulate --kpak kpak.json --id2 ID_2 --ssv-file key.ssv --out other.sakke";

#[derive(Debug, Args)]
pub(super) struct Encapsulate {
    /// The public key file of the receiver's KMS, with Z, from a source you trust
    #[arg(long, value_name = "FILE")]
    kpak: PathBuf,
    /// Which key of the file, if it holds several: the tag of the KPAK beside Z
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    #[command(flatten)]
    receiver: Receiver,
    /// The key to send: a file of mode 0600 with its 16 octets, or - for standard input [default: a
    /// random one]
    ///
    /// It has to be as unpredictable as any key.
    #[arg(long, value_name = "FILE|-", conflicts_with = "ssv_out")]
    ssv_file: Option<PathBuf>,
    /// Write the encapsulated data into this new file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write hexadecimal text and not 273 octets
    #[arg(long)]
    hex: bool,
    /// Write the key, 16 octets, into this new file of mode 0600
    #[arg(long, value_name = "FILE", required_unless_present_any = ["ssv_file", "show_secret"])]
    ssv_out: Option<PathBuf>,
    /// Replace the files if they exist
    #[arg(long)]
    force: bool,
    /// Print the key
    #[arg(long)]
    show_secret: bool,
}

/// To whom something is sent.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Receiver {
    /// The ID_2 of the receiver: FQDN@hexBinary@time
    #[arg(long, value_name = "ID_2")]
    id2: Option<String>,
    /// The octets of its identity in hexadecimal, if that is no ID_2
    #[arg(long, value_name = "HEX")]
    id_hex: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Decapsulate {
    /// Own credential, with RSK, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    credential: PathBuf,
    /// The encapsulated data, or - for standard input
    #[arg(long = "in", value_name = "FILE|-")]
    input: PathBuf,
    /// The encapsulated data are hexadecimal text
    #[arg(long)]
    hex: bool,
    /// Write the key, 16 octets, into this new file of mode 0600
    #[arg(long, value_name = "FILE", required_unless_present = "show_secret")]
    out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
    /// Print the key
    #[arg(long)]
    show_secret: bool,
    /// Use a credential whose ID_2 has expired, for what was sent before
    #[arg(long)]
    allow_expired: bool,
}

#[derive(Serialize)]
struct Encapsulated<'a> {
    receiver: &'a str,
    tag: String,
    encapsulated_data: String,
    out: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssv_out: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssv: Option<&'a str>,
}

#[derive(Serialize)]
struct Decapsulated<'a> {
    receiver: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssv: Option<&'a str>,
}

impl Command {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Encapsulate(command) => command.run(),
            Self::Decapsulate(command) => command.run(),
        }
    }
}

impl Receiver {
    fn identity(&self) -> Result<CredentialIdentity, Failure> {
        Ok(options::identity(self.id2.as_deref(), self.id_hex.as_deref())?)
    }
}

impl Encapsulate {
    fn run(self) -> Outcome {
        if self.ssv_out.as_ref() == Some(&self.out) {
            return Err(Failure::usage("--out and --ssv-out are two files"));
        }
        let now = options::now()?;
        let identity = self.receiver.identity()?;
        let file = PublicKeyFile::read(&self.kpak)?;
        let (key, z_public) = self.key(&file, &identity, now)?;
        let live = |id_2: &ExpiringIdentity| id_2.is_live_with_skew(now, Association::DEFAULT_SKEW);
        options::check_live(identity.id_2(), live, "ask the receiver for its new ID_2")?;
        for path in [Some(&self.out), self.ssv_out.as_ref()].into_iter().flatten() {
            options::check_absent(path, self.force)?;
        }
        let ssv = match &self.ssv_file {
            Some(path) => read_ssv(path)?,
            None => SharedSecretValue::generate(&mut SysRng)?,
        };
        let data = z_public.encapsulate_ssv(&identity.sakke_identifier(), &ssv)?.to_bytes();

        if let Some(path) = &self.ssv_out {
            private_file::write(path, ssv.expose().as_slice(), options::existing(self.force))?;
        }
        let octets = if self.hex { format!("{}\n", hex(&data)).into_bytes() } else { data.into() };
        public_file::write(&self.out, &octets, options::existing(self.force))?;
        let receiver = format!("{identity}");
        let digits = self.show_secret.then(|| Zeroizing::new(hex(ssv.expose().as_slice())));
        let encapsulated = Encapsulated {
            receiver: &receiver,
            tag: format!("{}", KpakTag::of(&key.kpak)),
            encapsulated_data: hex(&data),
            out: format!("{}", self.out.display()),
            ssv_out: self.ssv_out.as_ref().map(|path| format!("{}", path.display())),
            ssv: digits.as_ref().map(|digits| digits.as_str()),
        };
        Ok(Report::new(encapsulated.text(), &encapsulated))
    }

    /// The key of the file that the receiver has: the one there is, or the one named.
    fn key<'a>(
        &self,
        file: &'a PublicKeyFile,
        identity: &CredentialIdentity,
        now: UnixTime,
    ) -> Result<(&'a PublishedKey, &'a KmsPublicKey), Failure> {
        let path = self.kpak.display();
        let mut keys = options::trusted_keys(&self.kpak, file, identity, now)?;
        if let Some(tag) = &self.tag {
            keys.retain(|key| format!("{}", KpakTag::of(&key.kpak)) == tag.to_ascii_lowercase());
        }
        match (&keys[..], &self.tag) {
            (&[key], _) => match &key.z_public {
                Some(z_public) => Ok((key, z_public)),
                None => Err(Failure::refused(
                    Kind::Key,
                    format!("{path} has no z_public for this key: get a file with it from the KMS"),
                )),
            },
            (_, Some(tag)) => Err(Failure::refused(
                Kind::Key,
                format!(
                    "{path} does not hold one key with the tag {tag} that may be used today: take the tag that the receiver's credential shows"
                ),
            )),
            (_, None) => Err(Failure::refused(
                Kind::Key,
                format!(
                    "{path} holds several keys: say with --tag TAG which one the receiver's credential is of"
                ),
            )),
        }
    }
}

fn read_ssv(path: &Path) -> Result<SharedSecretValue, Failure> {
    let octets = private_file::read_or_stdin(path, MAX_SSV)?;
    SharedSecretValue::from_slice(&octets)
        .map_err(|error| FileError::new(path, FormatError::from(error)).into())
}

impl Decapsulate {
    fn run(self) -> Outcome {
        options::stdin_once([Some(&self.credential), Some(&self.input)])?;
        let now = options::now()?;
        let (identity, _, _, sakke) = CredentialFile::read(&self.credential)?.into_parts();
        let sakke = sakke.ok_or_else(|| {
            let message = format!(
                "{} has no RSK: have the credential issued without --no-rsk, or the batch --with-rsk",
                self.credential.display()
            );
            Failure::refused(Kind::Key, message)
        })?;
        if !self.allow_expired {
            options::check_live(
                identity.id_2(),
                |id_2| id_2.is_live(now),
                "ask the KMS for a new credential, or add --allow-expired for what was sent before",
            )?;
        }
        if let Some(path) = &self.out {
            options::check_absent(path, self.force)?;
        }
        let data = self.read_data()?;
        let ssv = sakke.validate(&identity)?.decapsulate(&data)?;
        if let Some(path) = &self.out {
            private_file::write(path, ssv.expose().as_slice(), options::existing(self.force))?;
        }
        let receiver = format!("{identity}");
        let digits = self.show_secret.then(|| Zeroizing::new(hex(ssv.expose().as_slice())));
        let decapsulated = Decapsulated {
            receiver: &receiver,
            out: self.out.as_ref().map(|path| format!("{}", path.display())),
            ssv: digits.as_ref().map(|digits| digits.as_str()),
        };
        Ok(Report::new(decapsulated.text(), &decapsulated))
    }

    fn read_data(&self) -> Result<EncapsulatedData, Failure> {
        let octets = public_file::read_or_stdin(&self.input, MAX_DATA)?;
        let fail = |error: FormatError| Failure::from(FileError::new(&self.input, error));
        let octets = if self.hex { options::unhex(&octets).map_err(fail)? } else { octets.to_vec() };
        EncapsulatedData::from_slice(&octets).map_err(|error| fail(error.into()))
    }
}

impl Encapsulated<'_> {
    fn text(&self) -> String {
        lines(&[
            (&format!("encapsulated a key to {}", self.receiver), None),
            ("to", Some(&self.out)),
            ("KPAK", Some(&self.tag)),
            ("key in", self.ssv_out.as_deref()),
            ("key", self.ssv),
            ("who sent it is not told: sign the file", None),
        ])
    }
}

impl Decapsulated<'_> {
    fn text(&self) -> String {
        lines(&[
            (&format!("decapsulated a key for {}", self.receiver), None),
            ("key in", self.out.as_deref()),
            ("key", self.ssv),
            ("who sent it is not told: verify the sender's signature", None),
        ])
    }
}

/// The first and the last are sentences, between them stands what there is.
fn lines(lines: &[(&str, Option<&str>)]) -> String {
    // With room for everything, so that the key is not left behind in a smaller buffer.
    let mut text = String::with_capacity(16 * 1024);
    let last = lines.len().saturating_sub(1);
    for (at, (name, value)) in lines.iter().enumerate() {
        match value {
            Some(value) => {
                text.push_str(&format!("  {name:<7} "));
                text.push_str(value);
                text.push('\n');
            }
            None if at == 0 => {
                text.push_str(name);
                text.push('\n');
            }
            None if at == last => text.push_str(name),
            None => {}
        }
    }
    text
}
