//! `ibc kms`: the key management service.

use super::failure::{Failure, Kind};
use super::options::{self, hex};
use super::report::Report;
use super::{Outcome, issue};
use crate::files::kdf::KdfParameters;
use crate::files::kms_file::{self, MasterKeys};
use crate::files::private_file::{self, Existing};
use crate::files::{public_file, public_key_file};
use clap::{Args, Subcommand};
use eccsi_sakke::SysRng;
#[cfg(feature = "service")]
use eccsi_sakke::onem2m::ExpirationTime;
use eccsi_sakke::onem2m::Fqdn;
use eccsi_sakke::saef::KpakTag;
use serde_json::json;
use std::path::PathBuf;
use zeroize::Zeroizing;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the keys of a new KMS, sealed under a passphrase
    ///
    /// Makes KSAK (ECCSI) and z (SAKKE) and writes them into a new file, sealed with AES-256-GCM-SIV under
    /// a key that argon2id makes of the passphrase. An existing file is never overwritten: without its
    /// keys a KMS can issue nothing more. Keep a copy of the file and of the passphrase, apart from each
    /// other.
    ///
    /// The file is for issuing by hand. A service has a key directory, which `ibc service init` makes.
    #[command(after_help = "Example:\n  ibc kms init --kms kms.ibc --passphrase-file passphrase.txt")]
    Init(Init),
    /// Issue a credential, or a million of them
    #[command(after_long_help = issue::EXAMPLES)]
    Issue(issue::Issue),
    /// Write KPAK and Z, which everybody needs who validates, verifies, associates or encapsulates
    ///
    /// Asks for the passphrase, although they are public: only the seal vouches for them.
    #[command(
        after_help = "Example:\n  ibc kms export-public --kms kms.ibc --fqdn mef.example.com --out kpak.json"
    )]
    ExportPublic(ExportPublic),
    /// Make a new KPAK in the key directory of a service
    ///
    /// From its beginning on it issues; those before it stay published until they end, so that credentials under them
    /// stay valid. Publish it before it begins: ibc mef kpaks. A running node issues under it
    /// once it has read the directory anew.
    #[cfg(feature = "service")]
    #[command(after_help = "Example:\n  ibc kms rotate --from 20270101T000000 --lifetime 800d")]
    Rotate(Rotate),
    /// Let a KPAK of the key directory issue nothing more; it stays published. Cannot be undone
    #[cfg(feature = "service")]
    #[command(after_help = "Example:\n  ibc kms end a741a0")]
    End(EndKpak),
    /// Show the KPAKs of the key directory
    #[cfg(feature = "service")]
    List(super::site::Site),
}

#[cfg(feature = "service")]
#[derive(Debug, Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    site: super::site::Site,
    /// When it begins to issue, in UTC, as YYYYMMDDThhmmss; without it at once
    #[arg(long, value_name = "TIME", value_parser = ExpirationTime::parse)]
    from: Option<ExpirationTime>,
    /// How long it lives from then on: longer than any credential that it issues
    #[arg(long, value_name = "DURATION", default_value = super::service::KPAK_LIFETIME, value_parser = options::duration)]
    lifetime: core::time::Duration,
}

#[cfg(feature = "service")]
#[derive(Debug, Args)]
pub(super) struct EndKpak {
    #[command(flatten)]
    site: super::site::Site,
    /// Its tag: six hexadecimal digits
    #[arg(value_name = "TAG")]
    tag: String,
    #[command(flatten)]
    sure: options::Sure,
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The KMS file to make
    #[arg(long, value_name = "FILE")]
    kms: PathBuf,
    #[command(flatten)]
    passphrase: options::Passphrase,
    /// Memory that each guess of the passphrase costs, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(19..=1024))]
    kdf_memory_mib: u32,
    /// Passes over that memory
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=16))]
    kdf_passes: u32,
}

#[derive(Debug, Args)]
pub(super) struct ExportPublic {
    #[command(flatten)]
    kms: options::Kms,
    /// The FQDN for which the KMS issues, to be written into the file
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    fqdn: Option<Fqdn>,
    /// Write into this file and not to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
}

impl Command {
    pub(super) fn run(self, json: bool) -> Outcome {
        match self {
            Self::Init(command) => command.run(),
            Self::Issue(command) => command.run(json),
            Self::ExportPublic(command) => command.run(),
            #[cfg(feature = "service")]
            Self::Rotate(command) => command.run(),
            #[cfg(feature = "service")]
            Self::End(command) => command.run(),
            #[cfg(feature = "service")]
            Self::List(site) => list(&site),
        }
    }
}

#[cfg(feature = "service")]
impl Rotate {
    fn run(self) -> Outcome {
        let Self { site, from, lifetime } = self;
        let now = options::now()?;
        let from = from.map_or(now, ExpirationTime::to_unix);
        let until = options::after(from, lifetime)?;
        site.run(async |opened| {
            let made = opened.admin.rotate(&opened.mef_fqdn()?, from, until).await?;
            Ok(Report::new(
                format!(
                    "made KPAK {} for {}\n  issues from {} until {until}",
                    made.tag,
                    made.fqdn,
                    super::site::time(from)
                ),
                &kpak(&made),
            ))
        })
    }
}

#[cfg(feature = "service")]
fn kpak(public: &crate::service::kms::PublicKeys) -> serde_json::Value {
    use super::site::time;
    json!({"tag": format!("{}", public.tag), "fqdn": public.fqdn.as_str(), "kpak": hex(&public.kpak.to_bytes()),
        "from": time(public.not_before), "until": time(public.not_after), "ended": public.issuing_ended.map(time)})
}

#[cfg(feature = "service")]
impl EndKpak {
    fn run(self) -> Outcome {
        let Self { site, tag, sure } = self;
        sure.ask(&format!("KPAK {tag} issues nothing any more."))?;
        site.run(async |opened| {
            let wanted = tag.to_ascii_lowercase();
            let known = opened.admin.core.keys.list();
            let found = known.iter().find(|public| format!("{}", public.tag) == wanted).ok_or_else(|| {
                Failure::refused(Kind::Key, format!("no KPAK has the tag {tag}: see them with ibc kms list"))
            })?;
            let ended = opened.admin.end_kpak(found.tag).await?;
            let left = opened.admin.issuing(&ended.fqdn).map(|public| format!("{}", public.tag));
            let next = left.as_deref().map_or_else(
                || String::from("nothing issues now: make a KPAK with ibc kms rotate"),
                |tag| format!("now issues KPAK {tag}"),
            );
            let mut value = kpak(&ended);
            value["issuing"] = json!(left);
            Ok(Report::new(format!("ended KPAK {}\n  {next}", ended.tag), &value))
        })
    }
}

#[cfg(feature = "service")]
fn list(site: &super::site::Site) -> Outcome {
    let config = site.read()?;
    super::site::protect();
    let all = config.open_keys()?.list();
    let now = options::now()?;
    let lines: Vec<_> = all
        .iter()
        .map(|public| {
            let state = match public.issuing_ended {
                Some(_) => "ended",
                None if public.issues_at(now) => "may issue",
                None if now < public.not_before => "not yet",
                None => "expired",
            };
            let time = super::site::time;
            format!(
                "{}  {}  {state}  from {} until {}",
                public.tag,
                public.fqdn,
                time(public.not_before),
                time(public.not_after)
            )
        })
        .collect();
    let text = if lines.is_empty() { "no KPAK yet: ibc kms rotate".into() } else { lines.join("\n") };
    let values: Vec<_> = all.iter().map(|public| kpak(public)).collect();
    Ok(Report::new(text, &json!({"kpaks": values})))
}

impl Init {
    fn run(self) -> Outcome {
        if self.kms.symlink_metadata().is_ok() {
            // Said before a passphrase is asked for; writing looks again.
            return Err(crate::files::FileError::new(&self.kms, crate::files::FileProblem::Exists).into());
        }
        let kdf = KdfParameters::new(self.kdf_memory_mib * 1024, self.kdf_passes, 1)?;
        let passphrase = self.passphrase.choose()?;
        let keys = MasterKeys::generate(&mut SysRng)?;
        let now = options::now()?;
        let file = kms_file::seal(&keys, &passphrase, &kdf, now, &mut SysRng)
            .map_err(|error| Failure::refused(Kind::Internal, format!("{error}: nothing was made")))?;
        private_file::write(&self.kms, &file, Existing::Keep)?;
        let (kpak, path) = (keys.ksak.public_key(), self.kms.display());
        let tag = KpakTag::of(&kpak);
        Ok(Report::new(
            format!(
                "made a KMS for ECCSI and SAKKE\n  file  {path} (sealed; keep a copy of it, and of the passphrase elsewhere)\n  KPAK  {}\n  tag   {tag}\n  Z     257 octets, written by ibc kms export-public",
                hex(&kpak.to_bytes())
            ),
            &json!({
                "kms": format!("{path}"),
                "kpak": kpak,
                "tag": format!("{tag}"),
                "z_public": hex(&keys.z.public_key().to_bytes()),
            }),
        ))
    }
}

impl ExportPublic {
    fn run(self) -> Outcome {
        let keys = self.kms.open()?;
        let (kpak, z_public) = (keys.ksak.public_key(), keys.z.public_key());
        let octets = public_key_file::to_json(&kpak, Some(&z_public), self.fqdn.as_ref());
        let Some(out) = self.out else {
            let value: serde_json::Value = crate::json::from_slice(&octets)
                .map_err(|error| Failure::refused(Kind::Internal, format!("{error}")))?;
            return Ok(Report::raw(Zeroizing::new(octets), &value));
        };
        public_file::write(&out, &octets, options::existing(self.force))?;
        let tag = KpakTag::of(&kpak);
        Ok(Report::new(
            format!("wrote KPAK {tag} and Z to {}", out.display()),
            &json!({
                "out": format!("{}", out.display()),
                "kpak": kpak,
                "tag": format!("{tag}"),
                "z_public": hex(&z_public.to_bytes()),
            }),
        ))
    }
}
