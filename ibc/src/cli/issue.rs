//! `ibc kms issue`: one credential.

use super::options::{self, after};
use super::report::Report;
use super::{Outcome, bulk, failure::Failure, rsk};
use crate::files::credential_file::{CredentialFile, CredentialIdentity};
use crate::files::identity_list::{LineForm, Sameness};
use crate::files::{FormatError, private_file};
use clap::{ArgGroup, Args};
use core::time::Duration;
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{
    EntityId, EntityKind, ExpirationTime, ExpiringIdentity, Fqdn, IdentifierError, UnixTime,
};
use eccsi_sakke::saef::KpakTag;
use serde_json::json;
use std::path::PathBuf;

/// How long a credential lives where nothing is said.
const LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// How long a credential may live without `--allow-long`: nothing but its end revokes it.
const MAX_LIFETIME: Duration = Duration::from_secs(400 * 86_400);

pub(super) const EXAMPLES: &str = "\
Examples:
  A CSE and an AE of a service provider, by the MEF mef.example.com, for 30 days:
    ibc kms issue --kms kms.ibc --fqdn mef.example.com --cse-id //sp.example.com/CSE1 --out cse.json
    ibc kms issue --kms kms.ibc --fqdn mef.example.com --ae-id //sp.example.com/CSE1/C190XX7T --out ae.json
  A complete ID_2, and an identity that is not oneM2M's:
    ibc kms issue --kms kms.ibc --id2 mef.example.com@2F43534531@20270101T000000 --out cse.json
    ibc kms issue --kms kms.ibc --id-hex 616c696365 --out alice.json
  Many: ID_2s one a line; CSE-IDs and AE-IDs; other identities in hexadecimal:
    ibc kms issue --kms kms.ibc --from list.txt --out batch.jsonl
    ibc kms issue --kms kms.ibc --from list.txt --fqdn mef.example.com --lifetime 90d --out batch.jsonl
    ibc kms issue --kms kms.ibc --from - --hex --with-rsk --out batch.jsonl < list.txt

A list is checked as a whole before anything is issued, and what is counted as issued is on
the disk. After an interruption start the same command again: it goes on behind what the batch
holds, and issues nothing twice. With --lifetime an identity counts as done whatever the expiry
in the batch.

One credential has SSK and PVT for ECCSI, and RSK and Z for SAKKE. A batch has RSKs only with
--with-rsk: each is validated with a pairing before it leaves, which takes some forty times as
long as all the rest. A batch is continued as it began. The identifier b of SAKKE is SHA-256 of
the identity's octets, for ID_2s and for others.";

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["id2", "id_hex", "cse_id", "ae_id", "from"]))]
pub(super) struct Issue {
    #[command(flatten)]
    kms: options::Kms,
    /// The complete identity: FQDN@hexBinary@time
    #[arg(long, value_name = "ID_2", help_heading = "Identity")]
    id2: Option<String>,
    /// The octets of an identity that is not oneM2M's, in hexadecimal
    #[arg(long, value_name = "HEX", help_heading = "Identity")]
    id_hex: Option<String>,
    /// The CSE-ID; the ID_2 is made of it, of --fqdn and of the expiry
    #[arg(long, value_name = "CSE-ID", requires = "fqdn", help_heading = "Identity")]
    cse_id: Option<String>,
    /// The AE-ID; the ID_2 is made of it, of --fqdn and of the expiry
    #[arg(long, value_name = "AE-ID", requires = "fqdn", help_heading = "Identity")]
    ae_id: Option<String>,
    /// A list of identities, one a line: ID_2s, or with --fqdn CSE-IDs and AE-IDs; - is standard input
    #[arg(long, value_name = "LIST|-", help_heading = "Identity")]
    from: Option<PathBuf>,
    /// The FQDN of the MEF, for which the KMS issues
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse, conflicts_with_all = ["id2", "id_hex", "hex"], help_heading = "Identity")]
    fqdn: Option<Fqdn>,
    /// When the credential expires: YYYYMMDDThhmmss, in UTC
    #[arg(long, value_name = "TIME", value_parser = ExpirationTime::parse, requires = "fqdn", conflicts_with_all = ["id2", "id_hex", "hex"], help_heading = "Identity")]
    expires: Option<ExpirationTime>,
    /// How long it lives: a number and s, m, h or d [default: 30d]
    #[arg(long, value_name = "DURATION", value_parser = options::duration, requires = "fqdn", conflicts_with_all = ["expires", "id2", "id_hex", "hex"], help_heading = "Identity")]
    lifetime: Option<Duration>,
    /// Allow more than 400 days, although nothing revokes a credential before its end
    #[arg(long, help_heading = "Identity")]
    allow_long: bool,
    /// The lines of the list are octets in hexadecimal
    #[arg(long, requires = "from", conflicts_with_all = ["id2", "id_hex", "cse_id", "ae_id"], help_heading = "Identity")]
    hex: bool,
    /// The credential, or with --from the batch; a new file of mode 0600
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Leave SAKKE out: no RSK and no Z
    #[arg(long, conflicts_with = "from")]
    no_rsk: bool,
    /// Put RSK and Z for SAKKE into a batch as well, which takes far longer
    #[arg(long, requires = "from", conflicts_with_all = ["id2", "id_hex", "cse_id", "ae_id"])]
    with_rsk: bool,
    /// Replace the credential if it exists; a batch is never replaced, but continued
    #[arg(long, conflicts_with = "from")]
    force: bool,
}

impl Issue {
    pub(super) fn run(self, json: bool) -> Outcome {
        options::stdin_once([self.kms.passphrase.passphrase_file.as_ref(), self.from.as_ref()])?;
        let now = options::now()?;
        let allow_long = self.allow_long;
        let check = move |identity: &CredentialIdentity| check_policy(identity, now, allow_long);
        match &self.from {
            Some(list) => {
                let (form, sameness) = self.line_form(now)?;
                let (with_rsk, out) = (self.with_rsk, &self.out);
                bulk::run(&bulk::Bulk { kms: &self.kms, list, form, sameness, with_rsk, out, json }, check)
            }
            None => self.one(now, check),
        }
    }

    fn one(&self, now: UnixTime, check: impl Fn(&CredentialIdentity) -> Result<(), FormatError>) -> Outcome {
        let identity = self.identity(now)?;
        check(&identity)?;
        let keys = self.kms.open()?;
        let key = keys.ksak.issue(identity.identity(), &mut SysRng)?;
        let key = key.validate(&keys.ksak.public_key(), identity.identity())?;
        let rsk =
            if self.no_rsk { None } else { Some(rsk::issue(&keys.z, &keys.z.public_key(), &identity)?) };
        private_file::write(
            &self.out,
            &CredentialFile::to_json(&identity, &key, rsk.as_ref()),
            options::existing(self.force),
        )?;
        let secrets = if rsk.is_some() { "SSK and RSK" } else { "SSK" };
        let (tag, out) = (KpakTag::of(key.kms_public_key()), self.out.display());
        let mut text = format!(
            "issued {identity}\n  to    {out} (holds the secret {secrets}: hand it over confidentially)\n  KPAK  {tag}"
        );
        if let Some(id_2) = identity.id_2() {
            text.push_str(&format!("\n  ends  {} UTC", id_2.expiration()));
        }
        Ok(Report::new(
            text,
            &json!({
                "out": format!("{out}"),
                "id2": identity.id_2().map(ExpiringIdentity::as_str),
                "id_hex": identity.id_2().is_none().then(|| format!("{identity}")),
                "expires": identity.id_2().map(|id_2| format!("{}", id_2.expiration())),
                "pvt": key.pvt(),
                "tag": format!("{tag}"),
                "with_rsk": rsk.is_some(),
            }),
        ))
    }

    fn expiration(&self, now: UnixTime) -> Result<ExpirationTime, Failure> {
        match self.expires {
            Some(time) => Ok(time),
            None => after(now, self.lifetime.unwrap_or(LIFETIME)),
        }
    }

    fn identity(&self, now: UnixTime) -> Result<CredentialIdentity, Failure> {
        if self.id2.is_some() || self.id_hex.is_some() {
            return Ok(options::identity(self.id2.as_deref(), self.id_hex.as_deref())?);
        }
        let entity = match (&self.cse_id, &self.ae_id) {
            (Some(id), _) => EntityId::parse(EntityKind::Cse, id)?,
            (None, id) => EntityId::parse(EntityKind::Ae, id.as_deref().unwrap_or_default())?,
        };
        let fqdn = self.fqdn.clone().ok_or_else(|| Failure::usage("--fqdn is needed"))?;
        Ok(CredentialIdentity::Id2(ExpiringIdentity::new(fqdn, entity, self.expiration(now)?)?))
    }

    fn line_form(&self, now: UnixTime) -> Result<(LineForm, Sameness), Failure> {
        let Some(fqdn) = self.fqdn.clone() else {
            let form = if self.hex { LineForm::Hex } else { LineForm::Id2 };
            return Ok((form, Sameness::Octets));
        };
        let sameness = if self.expires.is_some() { Sameness::Octets } else { Sameness::Entity };
        Ok((LineForm::Entity { fqdn, expiration: self.expiration(now)? }, sameness))
    }
}

/// Refuses what could not be used, or would live too long.
fn check_policy(identity: &CredentialIdentity, now: UnixTime, allow_long: bool) -> Result<(), FormatError> {
    let Some(id_2) = identity.id_2() else { return Ok(()) };
    let end = id_2.expiration();
    if !id_2.is_live(now) {
        return Err(FormatError::Policy(format!("{id_2} ends at {end}, which is past: choose a later time")));
    }
    if !allow_long && now.checked_add(MAX_LIFETIME).is_some_and(|limit| end.to_unix() > limit) {
        return Err(FormatError::Policy(format!(
            "{id_2} would live for more than 400 days: choose an earlier time, or add --allow-long"
        )));
    }
    if !id_2.fits_psk_identity() {
        let (max, got) = (ExpiringIdentity::PSK_IDENTITY_MAX, id_2.psk_identity_len());
        return Err(IdentifierError::TooLong { max, got }.into());
    }
    Ok(())
}
