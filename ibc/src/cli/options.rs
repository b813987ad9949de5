//! Options that several commands have.

use super::failure::{Failure, Kind};
use crate::files::credential_file::CredentialIdentity;
use crate::files::kms_file::{self, KmsFile, MasterKeys};
use crate::files::private_file::{self, Existing};
use crate::files::public_key_file::{PublicKeyFile, PublishedKey};
use crate::files::{FileError, FileProblem, FormatError};
use clap::Args;
use core::time::Duration;
use eccsi_sakke::onem2m::{ExpirationTime, ExpiringIdentity, UnixTime};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use zeroize::Zeroizing;

/// Longest passphrase, in octets.
const MAX_PASSPHRASE: u64 = 1024;

/// Shortest new one. Whoever has a copy of the file guesses offline, some thousands a day and machine.
pub(super) const MIN_PASSPHRASE: usize = 12;

/// Where the passphrase comes from.
#[derive(Debug, Args)]
pub(super) struct Passphrase {
    /// File of mode 0600 with the passphrase of the KMS file, or - for standard input
    ///
    /// One line end after it is not part of it. Without this option the passphrase is asked for on
    /// the terminal, without echo.
    #[arg(long, value_name = "FILE|-")]
    pub(super) passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    /// The passphrase of a file that exists.
    pub(super) fn get(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        match &self.passphrase_file {
            Some(path) => from_file(path),
            None => ask("Passphrase of the KMS file: "),
        }
    }

    /// The passphrase of a new file: on the terminal it is asked for twice.
    pub(super) fn choose(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if let Some(path) = &self.passphrase_file {
            return long_enough(from_file(path)?);
        }
        let passphrase = long_enough(ask("New passphrase for the KMS file: ")?)?;
        if *passphrase != *ask("The same once more: ")? {
            return Err(Failure::refused(
                Kind::Sealed,
                "the two passphrases differ: nothing was made, start again",
            ));
        }
        Ok(passphrase)
    }
}

fn from_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut octets = private_file::read_or_stdin(path, MAX_PASSPHRASE)?;
    for end in [b'\n', b'\r'] {
        if octets.last() == Some(&end) {
            octets.pop();
        } else {
            break;
        }
    }
    not_empty(octets)
}

fn ask(prompt: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if File::open("/dev/tty").is_err() {
        return Err(Failure::usage(
            "there is no terminal to ask for the passphrase on: give --passphrase-file FILE, or - for standard input",
        ));
    }
    let answer = rpassword::prompt_password(prompt)
        .map_err(|error| Failure::refused(Kind::File, format!("no passphrase from the terminal: {error}")))?;
    not_empty(Zeroizing::new(answer.into_bytes()))
}

fn not_empty(passphrase: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if passphrase.is_empty() {
        return Err(Failure::refused(
            Kind::Sealed,
            "the passphrase is empty: choose one, best of several words",
        ));
    }
    Ok(passphrase)
}

/// Refuses a new passphrase that is too short; one that is in use stays.
pub(super) fn long_enough(passphrase: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if passphrase.len() < MIN_PASSPHRASE {
        let message = format!(
            "the passphrase has fewer than {MIN_PASSPHRASE} characters: choose one, best of several words"
        );
        return Err(Failure::refused(Kind::Sealed, message));
    }
    Ok(passphrase)
}

/// The KMS whose keys are used.
#[derive(Debug, Args)]
pub(super) struct Kms {
    /// The KMS file
    #[arg(long, value_name = "FILE")]
    pub(super) kms: PathBuf,
    #[command(flatten)]
    pub(super) passphrase: Passphrase,
}

impl Kms {
    pub(super) fn open(&self) -> Result<MasterKeys, Failure> {
        let fail = |error: FormatError| Failure::from(FileError::new(&self.kms, error));
        let octets = private_file::read(&self.kms, kms_file::MAX_OCTETS)?;
        let sealed = KmsFile::parse(&octets).map_err(fail)?;
        sealed.open(&self.passphrase.get()?).map_err(fail)
    }
}

/// Whom something was issued to or signed by.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Signer {
    /// The ID_2 of the signer: FQDN@hexBinary@time
    #[arg(long, value_name = "ID_2")]
    id2: Option<String>,
    /// The octets of its identity in hexadecimal, if that is no ID_2
    #[arg(long, value_name = "HEX")]
    id_hex: Option<String>,
}

impl Signer {
    pub(super) fn identity(&self) -> Result<CredentialIdentity, Failure> {
        Ok(identity(self.id2.as_deref(), self.id_hex.as_deref())?)
    }
}

/// The identity given in one of two forms.
pub(super) fn identity(id_2: Option<&str>, digits: Option<&str>) -> Result<CredentialIdentity, FormatError> {
    match (id_2, digits) {
        (Some(id_2), _) => CredentialIdentity::parse_id2(id_2),
        (None, digits) => CredentialIdentity::parse_hex(digits.unwrap_or_default()),
    }
}

/// Refuses a command line that wants standard input for two things.
pub(super) fn stdin_once<'a>(paths: impl IntoIterator<Item = Option<&'a PathBuf>>) -> Result<(), Failure> {
    let uses = paths.into_iter().flatten().filter(|path| path.as_path() == Path::new("-")).count();
    if uses > 1 {
        return Err(Failure::usage("standard input (-) can be given for one option only"));
    }
    Ok(())
}

/// What to do with an output file that exists.
pub(super) fn existing(force: bool) -> Existing {
    if force { Existing::Replace } else { Existing::Keep }
}

/// Refuses a new file whose name is taken, before anything is done; writing it looks again.
pub(super) fn check_absent(path: &Path, force: bool) -> Result<(), Failure> {
    if !force && path.symlink_metadata().is_ok() {
        return Err(FileError::new(path, FileProblem::Exists).into());
    }
    Ok(())
}

/// For what cannot be undone.
#[cfg(feature = "service")]
#[derive(Debug, Args)]
pub(super) struct Sure {
    /// Ask no question on a terminal
    #[arg(long)]
    yes: bool,
}

#[cfg(feature = "service")]
impl Sure {
    /// Asks on a terminal. A script has thought before.
    pub(super) fn ask(&self, question: &str) -> Result<(), Failure> {
        use std::io::{BufRead, IsTerminal, Write};
        if self.yes || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Ok(());
        }
        let mut answer = String::new();
        let mut err = std::io::stderr();
        write!(err, "{question} This cannot be undone. Type yes to go on: ")?;
        err.flush()?;
        std::io::stdin().lock().read_line(&mut answer)?;
        if answer.trim() == "yes" {
            return Ok(());
        }
        Err(Failure::refused(Kind::Refused, "nothing was changed"))
    }
}

/// The time of the system's clock.
pub(super) fn now() -> Result<UnixTime, Failure> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let since =
        since.map_err(|_| Failure::refused(Kind::Internal, "the clock stands before 1970: set it"))?;
    Ok(UnixTime::from_seconds(since.as_secs()))
}

/// The time `duration` from now.
pub(super) fn after(now: UnixTime, duration: Duration) -> Result<ExpirationTime, Failure> {
    let too_late = || Failure::usage("the lifetime reaches beyond the year 9999");
    now.checked_add(duration).and_then(|time| ExpirationTime::from_unix(time).ok()).ok_or_else(too_late)
}

/// Reads a level of the log.
#[cfg(feature = "server")]
pub(super) fn log_level(text: &str) -> Result<tracing::Level, &'static str> {
    text.parse().map_err(|_| "one of error, warn, info, debug, trace")
}

/// Reads a duration: a number and s, m, h or d.
pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    crate::files::duration::parse(text)
}

/// The keys of a public key file that may be trusted for `identity` now.
pub(super) fn trusted_keys<'a>(
    path: &Path,
    file: &'a PublicKeyFile,
    identity: &CredentialIdentity,
    now: UnixTime,
) -> Result<Vec<&'a PublishedKey>, Failure> {
    if let (Some(fqdn), Some(id_2)) = (file.fqdn(), identity.id_2())
        && fqdn != id_2.fqdn()
    {
        return Err(Failure::refused(
            Kind::Key,
            format!(
                "{} is for {fqdn}, but the identity belongs to {}: give the file of that KMS",
                path.display(),
                id_2.fqdn()
            ),
        ));
    }
    let keys: Vec<_> = file.usable(now).collect();
    if keys.is_empty() {
        let message = format!("{} holds no KPAK that may be used today: fetch it again", path.display());
        return Err(Failure::refused(Kind::Key, message));
    }
    Ok(keys)
}

/// Refuses an ID_2 whose end has come.
pub(super) fn check_live(
    id_2: Option<&ExpiringIdentity>,
    live: impl Fn(&ExpiringIdentity) -> bool,
    advice: &str,
) -> Result<(), Failure> {
    match id_2 {
        Some(id_2) if !live(id_2) => Err(Failure::refused(
            Kind::Identity,
            format!("{id_2} expired at {}: {advice}", id_2.expiration()),
        )),
        _ => Ok(()),
    }
}

/// Octets of hexadecimal text that may stand between blanks.
pub(super) fn unhex(text: &[u8]) -> Result<Vec<u8>, FormatError> {
    let text = core::str::from_utf8(text).map_err(|_| FormatError::NotText)?;
    base16ct::mixed::decode_vec(text.trim_ascii()).map_err(|_| FormatError::NotHex)
}

/// Lower-case hexadecimal of something public.
pub(super) fn hex(octets: &[u8]) -> String {
    base16ct::lower::encode_string(octets)
}
