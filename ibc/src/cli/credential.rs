//! `ibc credential`: what was issued.

use super::Outcome;
use super::failure::{Failure, Kind};
use super::options::{self, hex};
use super::report::Report;
use crate::files::batch_file;
use crate::files::credential_file::CredentialFile;
use crate::files::public_key_file::{PublicKeyFile, PublishedKey};
use clap::{Args, Subcommand};
use eccsi_sakke::eccsi::KmsPublicKey;
use eccsi_sakke::onem2m::{ExpiringIdentity, UnixTime};
use eccsi_sakke::saef::{KpakTag, PskIdentity};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;
use zeroize::Zeroizing;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Validate a credential against the keys you trust (RFC 6507, RFC 6508), and its expiry
    ///
    /// SSK and PVT under KPAK, and RSK, if there is one, under Z. If the public key file has no Z, RSK is
    /// validated under the Z that came with it, and the answer says so.
    #[command(
        after_help = "Examples:\n  ibc credential validate --credential cse.json --kpak kpak.json\n  ibc credential validate --batch batch.jsonl --kpak kpak.json"
    )]
    Validate(Validate),
    /// Print the fields of a credential; SSK and RSK only with --show-secret
    ///
    /// Shows what stands in the file, whether or not it is valid.
    #[command(after_help = "Example:\n  ibc credential show --credential cse.json")]
    Show(Show),
}

#[derive(Debug, Args)]
pub(super) struct Validate {
    /// The credential, or - for standard input
    #[arg(long, value_name = "FILE|-", required_unless_present = "batch", conflicts_with = "batch")]
    credential: Option<PathBuf>,
    /// A batch: every credential in it
    #[arg(long, value_name = "FILE")]
    batch: Option<PathBuf>,
    /// The public key file of the KMS, from a source you trust
    #[arg(long, value_name = "FILE")]
    kpak: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The credential, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    credential: PathBuf,
    /// Print SSK and RSK as well
    #[arg(long)]
    show_secret: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id2: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    psk_identity: Option<String>,
    pvt: String,
    kpak: &'a KmsPublicKey,
    tag: String,
    has_rsk: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    z_public: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssk: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rsk: Option<&'a str>,
}

impl Command {
    pub(super) fn run(self, json: bool) -> Outcome {
        match self {
            Self::Validate(Validate { batch: Some(batch), kpak, .. }) => validate_batch(&batch, &kpak, json),
            Self::Validate(command) => command.one(),
            Self::Show(command) => command.run(),
        }
    }
}

impl Validate {
    fn one(self) -> Outcome {
        let path = self.credential.unwrap_or_default();
        let now = options::now()?;
        let trusted = PublicKeyFile::read(&self.kpak)?;
        let credential = CredentialFile::read(&path)?;
        let keys = options::trusted_keys(&self.kpak, &trusted, credential.identity(), now)?;
        let Valid { identity, tag, rsk } = check(credential, &keys, now)?;
        let about_rsk = match rsk {
            None => "none",
            Some(Vouched::ByFile) => "valid",
            Some(Vouched::ByNobody) => {
                "valid under the Z that came with it; the public key file has none to compare"
            }
        };
        Ok(Report::new(
            format!("valid: {identity}\n  KPAK  {tag}\n  RSK   {about_rsk}"),
            &json!({
                "valid": true,
                "identity": identity,
                "tag": format!("{tag}"),
                "rsk": rsk.map(|rsk| json!({"valid": true, "z_trusted": rsk == Vouched::ByFile})),
            }),
        ))
    }
}

/// A valid credential.
struct Valid {
    identity: String,
    tag: KpakTag,
    /// There is an RSK, too, which is valid.
    rsk: Option<Vouched>,
}

/// Who says that Z is that of the KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vouched {
    ByFile,
    ByNobody,
}

/// Validates all of one credential.
fn check(credential: CredentialFile, keys: &[&PublishedKey], now: UnixTime) -> Result<Valid, Failure> {
    let (identity, key, delivered, sakke) = credential.into_parts();
    let trusted = keys.iter().find(|key| key.kpak == delivered).ok_or_else(|| {
        let message = format!(
            "{identity} has a KPAK (tag {}) that is not trusted: do not use it",
            KpakTag::of(&delivered)
        );
        Failure::refused(Kind::Key, message)
    })?;
    let fail = |part: &str, error: eccsi_sakke::Error| {
        Failure::refused(Kind::Key, format!("{identity}, {part}: {error}: ask the KMS for a new credential"))
    };
    key.validate(&trusted.kpak, identity.identity()).map_err(|error| fail("SSK and PVT", error))?;
    let rsk = match (sakke, &trusted.z_public) {
        (None, _) => None,
        (Some(sakke), Some(trusted)) if sakke.z_public != *trusted => {
            let message =
                format!("{identity} has a Z that is not the one beside the trusted KPAK: do not use it");
            return Err(Failure::refused(Kind::Key, message));
        }
        (Some(sakke), trusted) => {
            sakke.validate(&identity).map_err(|error| fail("RSK", error))?;
            Some(if trusted.is_some() { Vouched::ByFile } else { Vouched::ByNobody })
        }
    };
    options::check_live(identity.id_2(), |id_2| id_2.is_live(now), "ask the KMS for a new one")?;
    Ok(Valid { identity: format!("{identity}"), tag: KpakTag::of(&trusted.kpak), rsk })
}

fn validate_batch(batch: &std::path::Path, kpak: &std::path::Path, json: bool) -> Outcome {
    let now = options::now()?;
    let trusted = PublicKeyFile::read(kpak)?;
    let prepared = |key: &PublishedKey| PublishedKey { kpak: key.kpak.clone().prepared(), ..key.clone() };
    let tables: Vec<_> = trusted.usable(now).map(prepared).collect();
    let keys: Vec<_> = tables.iter().collect();
    let (mut with_rsk, mut unvouched) = (0u64, 0u64);
    let progress = if json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} credentials, {per_sec}") {
        progress.set_style(style);
    }
    let count = batch_file::read_each(batch, |line, credential| {
        options::trusted_keys(kpak, &trusted, credential.identity(), now)?;
        let valid = check(credential, &keys, now).map_err(|failure| match failure {
            Failure::Refused { kind, message } => {
                Failure::refused(kind, format!("{}, line {line}: {message}", batch.display()))
            }
            other => other,
        })?;
        with_rsk += u64::from(valid.rsk.is_some());
        unvouched += u64::from(valid.rsk == Some(Vouched::ByNobody));
        progress.inc(1);
        Ok::<_, Failure>(())
    });
    progress.finish_and_clear();
    let count = count?;
    let about_z = if unvouched > 0 {
        "; under the Z that came with them, the public key file has none to compare"
    } else {
        ""
    };
    Ok(Report::new(
        format!("valid: all {count} credentials, {with_rsk} of them with RSK{about_z}"),
        &json!({"valid": true, "credentials": count, "with_rsk": with_rsk, "z_trusted": unvouched == 0}),
    ))
}

impl Show {
    fn run(self) -> Outcome {
        let credential = CredentialFile::read(&self.credential)?;
        let (identity, key, kpak) = (credential.identity(), credential.key(), credential.kpak());
        let tag = KpakTag::of(kpak);
        let now = options::now()?;
        let psk_identity = identity
            .id_2()
            .and_then(|id_2| PskIdentity::new(id_2.clone(), tag, key.pvt()).ok())
            .map(|psk_identity| format!("{psk_identity}"));
        let ssk = self.show_secret.then(|| Zeroizing::new(hex(key.expose().as_slice())));
        let sakke = credential.sakke();
        let rsk = sakke.filter(|_| self.show_secret);
        let rsk = rsk.map(|sakke| Zeroizing::new(hex(sakke.rsk.expose().as_slice())));
        let shown = Shown {
            id2: identity.id_2().map(ExpiringIdentity::as_str),
            id_hex: identity.id_2().is_none().then(|| format!("{identity}")),
            expires: identity.id_2().map(|id_2| format!("{}", id_2.expiration())),
            expired: identity.id_2().map(|id_2| !id_2.is_live(now)),
            psk_identity,
            pvt: hex(&key.pvt().to_bytes()),
            kpak,
            tag: format!("{tag}"),
            has_rsk: sakke.is_some(),
            z_public: sakke.map(|sakke| hex(&sakke.z_public.to_bytes())),
            rsk: rsk.as_ref().map(|rsk| rsk.as_str()),
            ssk: ssk.as_ref().map(|ssk| ssk.as_str()),
        };
        Ok(Report::new(shown.text(identity.id_2()), &shown))
    }
}

impl Shown<'_> {
    fn text(&self, id_2: Option<&ExpiringIdentity>) -> String {
        // With room for everything, so that SSK is not left behind in a smaller buffer.
        let mut text = String::with_capacity(16 * 1024);
        let mut line = |name: &str, value: &str| {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&format!("{name:<13} "));
            text.push_str(value);
        };
        match id_2 {
            Some(id_2) => {
                line("ID_2", id_2.as_str());
                line("entity", id_2.entity_id().as_str());
                line("MEF", id_2.fqdn().as_str());
                let expired = if self.expired == Some(true) { " (expired)" } else { "" };
                line("expires", &format!("{} UTC{expired}", id_2.expiration()));
            }
            None => line("ID (hex)", self.id_hex.as_deref().unwrap_or_default()),
        }
        line("SSK", self.ssk.unwrap_or("secret, 32 octets (--show-secret prints it)"));
        line("PVT", &self.pvt);
        line("KPAK", &hex(&self.kpak.to_bytes()));
        line("KPAK tag", &self.tag);
        if let Some(psk_identity) = &self.psk_identity {
            line("PSK identity", psk_identity);
        }
        if let Some(z_public) = &self.z_public {
            line("RSK", self.rsk.unwrap_or("secret, 257 octets (--show-secret prints it)"));
            line("Z", z_public);
        }
        text
    }
}
