//! `ibc kms issue --from`: a batch of credentials.

use super::failure::Failure;
use super::report::Report;
use super::{Outcome, options, rsk};
use crate::files::FormatError;
use crate::files::batch_file::{BatchFile, BatchKeys, GROUP, GROUP_WITH_RSK, Issued};
use crate::files::credential_file::CredentialIdentity;
use crate::files::identity_list::{Duplicate, IdentityList, LineForm, Sameness};
use crate::files::kms_file::MasterKeys;
use eccsi_sakke::eccsi::KmsPublicKey;
use eccsi_sakke::saef::KpakTag;
use eccsi_sakke::sakke;
use eccsi_sakke::{Error, SysRng};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

/// Repeated lines that are named to people, and to programs.
const SHOWN: usize = 10;
const LISTED: usize = 1000;

/// What to issue, and where to.
pub(super) struct Bulk<'a> {
    pub(super) kms: &'a options::Kms,
    pub(super) list: &'a Path,
    pub(super) form: LineForm,
    pub(super) sameness: Sameness,
    pub(super) with_rsk: bool,
    pub(super) out: &'a Path,
    pub(super) json: bool,
}

pub(super) fn run(
    bulk: &Bulk<'_>,
    check: impl Fn(&CredentialIdentity) -> Result<(), FormatError>,
) -> Outcome {
    let keys = bulk.kms.open()?;
    let kpak = keys.ksak.public_key().prepared();
    // Tables of a few milliseconds, which the first handful of validations pays back.
    let z_public = bulk.with_rsk.then(|| keys.z.public_key().prepared().prepared_to_validate());
    let mut list = IdentityList::open(bulk.list, bulk.form.clone(), bulk.sameness)?;
    let earlier =
        BatchFile::reopen(bulk.out, BatchKeys { kpak: &kpak, z_public: z_public.as_ref() }, bulk.sameness)?;
    let survey = list.survey(|hash| earlier.as_ref().is_some_and(|batch| batch.is_done(hash)), check)?;
    let mut batch = match earlier {
        Some(batch) => batch,
        None => BatchFile::create(bulk.out)?,
    };
    if !bulk.json {
        tell(&survey.duplicates, batch.cut());
    }

    let started = Instant::now();
    let progress = ProgressBar::new(survey.to_issue);
    progress.set_style(style());
    let mut issuer = Issuer {
        keys: &keys,
        kpak: &kpak,
        z_public: z_public.as_ref(),
        batch: &mut batch,
        group: Vec::with_capacity(GROUP),
        progress,
    };
    list.work_through(&survey, |identity| issuer.take(identity))?;
    issuer.issue_group()?;
    issuer.progress.finish_and_clear();

    let (seconds, issued, out) = (started.elapsed().as_secs_f64(), survey.to_issue, bulk.out.display());
    let rate = if seconds > 0.0 { issued as f64 / seconds } else { 0.0 };
    let listed: Vec<_> = survey
        .duplicates
        .iter()
        .take(LISTED)
        .map(|Duplicate { line, first }| json!({"line": line, "first": first}))
        .collect();
    Ok(Report::new(
        format!(
            "issued {issued} credentials{} to {out} in {seconds:.1} s ({rate:.0} a second)\n  there before  {}\n  repeated      {}\n  in the file   {}\n  KPAK          {}",
            if bulk.with_rsk { " with RSK" } else { "" },
            survey.done,
            survey.duplicates.len(),
            batch.credentials(),
            KpakTag::of(&kpak)
        ),
        &json!({
            "out": format!("{out}"),
            "issued": issued,
            "there_before": survey.done,
            "in_file": batch.credentials(),
            "repeated": survey.duplicates.len(),
            "repeated_lines": listed,
            "cut_octets": batch.cut(),
            "with_rsk": bulk.with_rsk,
            "seconds": seconds,
            "tag": format!("{}", KpakTag::of(&kpak)),
        }),
    ))
}

struct Issuer<'a> {
    keys: &'a MasterKeys,
    kpak: &'a KmsPublicKey,
    /// Z, if RSKs are issued.
    z_public: Option<&'a sakke::KmsPublicKey>,
    batch: &'a mut BatchFile,
    group: Vec<CredentialIdentity>,
    progress: ProgressBar,
}

impl Issuer<'_> {
    fn take(&mut self, identity: CredentialIdentity) -> Result<(), Failure> {
        self.group.push(identity);
        let full = if self.z_public.is_some() { GROUP_WITH_RSK } else { GROUP };
        if self.group.len() == full { self.issue_group() } else { Ok(()) }
    }

    /// Issues, validates and stores the group; only then it is counted.
    fn issue_group(&mut self) -> Result<(), Failure> {
        let identities: Vec<_> = self.group.iter().map(CredentialIdentity::identity).collect();
        let keys = self.keys.ksak.issue_many(&identities, &mut SysRng)?;
        let issued = keys.into_iter().zip(self.group.drain(..)).collect();
        let credentials: Vec<Issued> = try_map(issued, |(key, identity)| {
            let key = key.validate(self.kpak, identity.identity())?;
            let rsk = self.z_public.map(|z_public| rsk::issue(&self.keys.z, z_public, &identity));
            Ok((identity, key, rsk.transpose()?))
        })?;
        self.batch.append(&credentials).map_err(|error| match Failure::from(error) {
            Failure::Refused { kind, message } => Failure::refused(
                kind,
                format!(
                    "{message}; {} credentials are safe in the file, run the same command again to go on",
                    self.batch.credentials()
                ),
            ),
            other => other,
        })?;
        self.progress.inc(credentials.len() as u64);
        Ok(())
    }
}

#[cfg(not(feature = "rayon"))]
fn try_map<T, U>(items: Vec<T>, each: impl Fn(T) -> Result<U, Error>) -> Result<Vec<U>, Error> {
    items.into_iter().map(each).collect()
}

#[cfg(feature = "rayon")]
fn try_map<T: Send, U: Send>(
    items: Vec<T>,
    each: impl Fn(T) -> Result<U, Error> + Sync + Send,
) -> Result<Vec<U>, Error> {
    use rayon::prelude::*;
    items.into_par_iter().map(each).collect()
}

/// Shown on a terminal only.
fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:40} {pos}/{len} ({per_sec}, {eta} left)")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Tells people, apart from the result, what is not as they may expect.
fn tell(duplicates: &[Duplicate], cut: u64) {
    let mut out = io::stderr().lock();
    // Notes only: what matters is in the result as well.
    for Duplicate { line, first } in duplicates.iter().take(SHOWN) {
        let _ = writeln!(out, "note: line {line} repeats line {first}; issued once");
    }
    if duplicates.len() > SHOWN {
        let _ = writeln!(out, "note: {} more lines repeat earlier ones", duplicates.len() - SHOWN);
    }
    if cut > 0 {
        let _ = writeln!(out, "note: {cut} octets of an interrupted, unreported group were cut");
    }
}
