//! `ibc admin client`.

mod shown;

use super::listed::{Part, absolute};
use super::{KeySource, Seen, admission, function};
use crate::Function;
use crate::cli::failure::{Failure, Kind};
use crate::cli::report::Report;
use crate::cli::site::{End, Opened, Site};
use crate::cli::{Outcome, options};
use crate::files::public_file;
use crate::service::admin::{CERTIFICATES, ClientChange, Filter, NewCredential, certificate_id};
use crate::service::limits::CONFIGURATION_BYTES;
use crate::service::party::Bound;
use clap::{Args, Subcommand, ValueEnum};
use core::time::Duration;
use eccsi_sakke::onem2m::{
    CredentialId, CredentialType, EntityId, EntityKind, EntityName, Fqdn, KmId, KpmId, UnixTime,
};
use serde_json::json;
use shown::{text, value};
use std::path::PathBuf;

/// How long a client lives if nothing is said.
const LIFETIME: Duration = Duration::from_secs(3650 * 86_400);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add a client, with identities and admissions if they are known
    #[command(
        after_help = "Examples:\n  ibc admin client add gateway-1 --cse //sp.example.com/CSE1 --ae //sp.example.com/CSE1/C7 --admit mef:sp.example.com\n  ibc admin client add maf-1 --maf maf.example.com"
    )]
    Add(Box<Add>),
    /// Show them with all they have, or some of them
    #[command(
        after_help = "Examples:\n  ibc admin client list --name gateway\n  ibc admin client list --at mef --stakeholder sp.example.com --limit 20"
    )]
    List(Clients),
    /// Show one with all it has
    Show(Named),
    /// Change its label or its end
    Set(Set),
    /// Bind an identity to it
    Bind(Binding),
    /// Take an identity from it
    Unbind(Binding),
    /// Let it register at a function under a stakeholder
    Admit(Admission),
    /// Take an admission back
    Dismiss(Admission),
    /// Refuse it everything, until it is enabled again
    Disable(Changed),
    /// Take a disabling back
    Enable(Changed),
    /// Remove it with its registrations and keys, and deny its live IBC credentials
    Remove(Removal),
    /// Bind a pre-shared key to it (KpmID at the MEF, KmID at the MAF)
    ///
    /// The key comes from a file of mode 0600 or from standard input, in hexadecimal or as its octets, or is made here. The
    /// device needs it, in either form: hand it over confidentially.
    #[command(
        after_help = "Examples:\n  ibc admin client add-key gateway-1 --kpm-id gateway-1@mef.example.com --generate gateway-1.kpm\n  ibc admin client add-key gateway-1 --km-id gateway-1@maf.example.com --key-file - < gateway-1.km"
    )]
    AddKey(AddKey),
    /// Bind a certificate to it, by the SHA-256 of its DER
    #[command(
        after_help = "Example:\n  ibc admin client add-certificate gateway-1 --at mef --kind node \\\n    --sha256 $(openssl x509 -in node.pem -outform der | sha256sum | cut -d' ' -f1)"
    )]
    AddCertificate(AddCertificate),
    /// Disable a credential, until it is enabled again
    DisableCredential(OfCredential),
    /// Take the disabling of a credential back
    EnableCredential(OfCredential),
    /// Remove a credential and erase its key
    RemoveCredential(RemovalOfCredential),
    /// Set the configuration that its registrations under a stakeholder get (mefClientCfg, mafClientCfg)
    #[command(
        after_help = "Example:\n  ibc admin client configure gateway-1 --at mef:sp.example.com --file cfg.json"
    )]
    Configure(Configure),
    /// Queue a MEF Client Command for one of its registrations
    ///
    /// The file holds cmdDescription as JSON: cmci (class), cmar (arguments), tgid (target, if needed).
    #[command(
        after_help = "Example of a file, for IBC provisioning:\n  {\"cmci\":4,\"cmar\":{\"ipca\":{\"uri\":\"https://mef.example.com/ibc\",\"sty\":2,\"sid\":\"//sp.example.com/CSE1\"}}}"
    )]
    Instruct(Instruct),
}

/// Identities, each with its kind.
#[derive(Debug, Args)]
pub(crate) struct Identities {
    /// A CSE it is, absolute: //PROVIDER/CSE
    #[arg(long, value_name = "CSE-ID")]
    cse: Vec<String>,
    /// An AE it is, absolute
    #[arg(long, value_name = "AE-ID")]
    ae: Vec<String>,
    /// A MAF it is, which fetches keys from the MEF
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    maf: Vec<Fqdn>,
}

impl Identities {
    fn all(&self, provider: &Fqdn) -> Result<Vec<Bound>, Failure> {
        let parse = |kind, text: &String| -> Result<Bound, Failure> {
            let entity = EntityId::parse(kind, text).and_then(|entity| entity.to_absolute(provider));
            entity
                .map(Bound::Entity)
                .map_err(|error| Failure::refused(Kind::Identity, format!("{text}: {error}")))
        };
        let mut all = Vec::new();
        for text in &self.cse {
            all.push(parse(EntityKind::Cse, text)?);
        }
        for text in &self.ae {
            all.push(parse(EntityKind::Ae, text)?);
        }
        all.extend(self.maf.iter().cloned().map(Bound::Maf));
        Ok(all)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Clients {
    #[command(flatten)]
    part: Part,
    /// With this in their name or label, in whatever case
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// To whom this CSE or AE is bound
    #[arg(long, value_name = "ID", value_parser = EntityName::parse)]
    entity: Option<EntityName>,
    /// Admitted at the mef, or at the maf
    #[arg(long, value_name = "FUNCTION", value_parser = function)]
    at: Option<Function>,
    /// Admitted under this stakeholder
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    stakeholder: Option<Fqdn>,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Its name: 1 to 64 letters, digits, '.', '_' and '-'
    #[arg(value_name = "CLIENT")]
    client: String,
    #[command(flatten)]
    site: Site,
}

#[derive(Debug, Args)]
pub(crate) struct Changed {
    /// Its name
    #[arg(value_name = "CLIENT")]
    client: String,
    #[command(flatten)]
    seen: Seen,
}

#[derive(Debug, Args)]
pub(crate) struct Removal {
    #[command(flatten)]
    changed: Changed,
    #[command(flatten)]
    sure: options::Sure,
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    named: Named,
    /// For people
    #[arg(long, default_value = "")]
    label: String,
    /// Its end; without one of the two, ten years from now
    #[command(flatten)]
    end: End,
    #[command(flatten)]
    identities: Identities,
    /// Let it register at a function under a stakeholder, as in mef:sp.example.com
    #[arg(long, visible_alias = "at", value_name = "FUNCTION:FQDN", value_parser = admission)]
    admit: Vec<(Function, Fqdn)>,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    #[command(flatten)]
    changed: Changed,
    /// Another label
    #[arg(long)]
    label: Option<String>,
    #[command(flatten)]
    end: End,
}

#[derive(Debug, Args)]
pub(crate) struct Binding {
    #[command(flatten)]
    changed: Changed,
    #[command(flatten)]
    identities: Identities,
}

#[derive(Debug, Args)]
pub(crate) struct Admission {
    #[command(flatten)]
    changed: Changed,
    /// Where and under whom, as in mef:sp.example.com
    #[arg(long, visible_alias = "admit", value_name = "FUNCTION:FQDN", value_parser = admission)]
    at: (Function, Fqdn),
}

#[derive(Debug, Args)]
pub(crate) struct AddKey {
    #[command(flatten)]
    changed: Changed,
    /// KpmID: NAME@FQDN of the MEF
    #[arg(long, value_name = "KpmID", value_parser = KpmId::parse, required_unless_present = "km_id", conflicts_with = "km_id")]
    kpm_id: Option<KpmId>,
    /// KmID: NAME@FQDN of the MAF
    #[arg(long, value_name = "KmID", value_parser = KmId::parse)]
    km_id: Option<KmId>,
    #[command(flatten)]
    source: KeySource,
    #[command(flatten)]
    end: End,
}

/// Whose certificate it is.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CertificateKind {
    Device,
    Cse,
    Ae,
    Node,
}

#[derive(Debug, Args)]
pub(crate) struct AddCertificate {
    #[command(flatten)]
    changed: Changed,
    /// Where it authenticates: mef or maf
    #[arg(long, value_name = "FUNCTION", value_parser = function)]
    at: Function,
    /// Whose certificate it is
    #[arg(long)]
    kind: CertificateKind,
    /// SHA-256 of the certificate in DER, 64 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    sha256: String,
    #[command(flatten)]
    end: End,
}

#[derive(Debug, Args)]
pub(crate) struct OfCredential {
    #[command(flatten)]
    changed: Changed,
    /// Where it authenticates: mef or maf
    #[arg(long, value_name = "FUNCTION", value_parser = function)]
    at: Function,
    /// Its KpmID or KmID, or its Credential-ID as show prints it: 10- KpmID, 11- KmID, 31- to 34- SHA-256 of a certificate
    #[arg(long, value_name = "ID")]
    credential: String,
}

#[derive(Debug, Args)]
pub(crate) struct RemovalOfCredential {
    #[command(flatten)]
    of: OfCredential,
    #[command(flatten)]
    sure: options::Sure,
}

#[derive(Debug, Args)]
pub(crate) struct Configure {
    #[command(flatten)]
    named: Named,
    /// Where and under whom, as in mef:sp.example.com
    #[arg(long, value_name = "FUNCTION:FQDN", value_parser = admission)]
    at: (Function, Fqdn),
    /// The configuration as JSON, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Instruct {
    #[command(flatten)]
    site: Site,
    /// MEFClientRegID
    #[arg(long, value_name = "ID")]
    registration: String,
    /// cmdDescription as JSON, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    file: PathBuf,
}

async fn shown(opened: &Opened, id: &str, did: &str) -> Outcome {
    let client = opened.admin.client(id).await?;
    Ok(Report::new(format!("{did}{}", text(&client)), &value(&client)))
}

impl Command {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::Add(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(Named { client, site }) => site.run(async |opened| shown(&opened, &client, "").await),
            Self::Set(command) => command.run(),
            Self::Bind(binding) => binding.run(ClientChange::Bind),
            Self::Unbind(binding) => binding.run(ClientChange::Unbind),
            Self::Admit(Admission { changed, at: (function, fqdn) }) => {
                changed.run(|_| Ok(std::vec![ClientChange::Admit(function, fqdn)]))
            }
            Self::Dismiss(Admission { changed, at: (function, fqdn) }) => {
                changed.run(|_| Ok(std::vec![ClientChange::Dismiss(function, fqdn)]))
            }
            Self::Disable(changed) => changed.run(|_| Ok(std::vec![ClientChange::Enable(false)])),
            Self::Enable(changed) => changed.run(|_| Ok(std::vec![ClientChange::Enable(true)])),
            Self::Remove(command) => command.run(),
            Self::AddKey(command) => command.run(),
            Self::AddCertificate(command) => command.run(),
            Self::DisableCredential(command) => {
                command.run(|at, id| ClientChange::EnableCredential(at, id, false))
            }
            Self::EnableCredential(command) => {
                command.run(|at, id| ClientChange::EnableCredential(at, id, true))
            }
            Self::RemoveCredential(RemovalOfCredential { of, sure }) => {
                sure.ask(&format!("The key of {} is erased.", of.credential))?;
                of.run(ClientChange::RemoveCredential)
            }
            Self::Configure(command) => command.run(),
            Self::Instruct(command) => command.run(),
        }
    }
}

impl Clients {
    fn run(self) -> Outcome {
        let Self { part, name, entity, at, stakeholder } = self;
        part.site.run(async |opened| {
            let entity = absolute(entity.as_ref(), &opened)?;
            let filter = Filter { name, entity, function: at, stakeholder, ..part.filter() };
            let all = opened.admin.clients(&filter).await?;
            let rows = all.iter().map(|client| (client.id.clone(), text(client), value(client)));
            Ok(part.report("clients", rows.collect(), "no such client: ibc admin client add NAME makes one"))
        })
    }
}

impl Changed {
    /// Applies changes, all or none.
    fn run(self, changes: impl FnOnce(&Opened) -> Result<Vec<ClientChange>, Failure>) -> Outcome {
        let Self { client, seen } = self;
        seen.site.run(async |opened| {
            opened.admin.change_client_by(&client, seen.version, changes(&opened)?).await?;
            shown(&opened, &client, "changed ").await
        })
    }
}

impl Removal {
    fn run(self) -> Outcome {
        let Self { changed: Changed { client, seen }, sure } = self;
        sure.ask(&format!(
            "Client {client} loses its registrations and keys, and its live credentials are denied."
        ))?;
        seen.site.run(async |opened| {
            let removed = opened.admin.remove_client(&client, seen.version).await?;
            let mut text = format!("removed client {client}");
            if !removed.denied.is_empty() {
                text.push_str(&format!("; denied its {} live credentials", removed.denied.len()));
            }
            if let Some(number) = removed.deny_list {
                text.push_str(&format!(" in deny list {number}"));
            }
            let value = json!({"removed": client, "denied": removed.denied, "deny_list": removed.deny_list});
            Ok(Report::new(text, &value))
        })
    }
}

impl Add {
    fn run(self) -> Outcome {
        let Self { named: Named { client, site }, label, end, identities, admit } = self;
        let not_after = end.or(options::now()?, LIFETIME)?;
        site.run(async |opened| {
            let identities = identities.all(&opened.config.provider)?;
            let bind = identities.into_iter().map(ClientChange::Bind);
            let admit = admit.into_iter().map(|(function, fqdn)| ClientChange::Admit(function, fqdn));
            let all = bind.chain(admit).collect();
            opened.admin.add_client_with(&client, &label, not_after, all).await?;
            shown(&opened, &client, "added ").await
        })
    }
}

impl Set {
    fn run(self) -> Outcome {
        let now = options::now()?;
        let (label, end) = (self.label, self.end.get(now)?);
        if label.is_none() && end.is_none() {
            return Err(Failure::usage("give --label, --until or --lifetime"));
        }
        self.changed.run(|_| {
            let label = label.map(ClientChange::Label);
            Ok(label.into_iter().chain(end.map(|end| ClientChange::End(end.to_unix()))).collect())
        })
    }
}

impl Binding {
    fn run(self, change: fn(Bound) -> ClientChange) -> Outcome {
        let Self { changed, identities } = self;
        if identities.cse.is_empty() && identities.ae.is_empty() && identities.maf.is_empty() {
            return Err(Failure::usage("give an identity with --cse, --ae or --maf"));
        }
        changed.run(|opened| Ok(identities.all(&opened.config.provider)?.into_iter().map(change).collect()))
    }
}

/// The end of a credential: as given, or that of the client.
async fn end_of(opened: &Opened, client: &str, end: &End) -> Result<UnixTime, Failure> {
    match end.get(options::now()?)? {
        Some(end) => Ok(end.to_unix()),
        None => Ok(opened.admin.client(client).await?.not_after),
    }
}

impl AddKey {
    fn run(self) -> Outcome {
        let Self { changed: Changed { client, seen }, kpm_id, km_id, source, end } = self;
        let (function, id) = match (&kpm_id, &km_id) {
            (Some(id), _) => (Function::Mef, CredentialId::from(id)),
            (None, Some(id)) => (Function::Maf, CredentialId::from(id)),
            (None, None) => return Err(Failure::usage("give --kpm-id or --km-id")),
        };
        let key = source.key()?;
        seen.site.run(async |opened| {
            let not_after = end_of(&opened, &client, &end).await?;
            source.keep(&key)?;
            let new = NewCredential { function, id, not_after, key: Some(key) };
            let change = ClientChange::AddCredential(new);
            source.settle(opened.admin.change_client(&client, seen.version, change).await)?;
            shown(&opened, &client, "changed ").await
        })
    }
}

impl AddCertificate {
    fn run(self) -> Outcome {
        let Self { changed: Changed { client, seen }, at, kind, sha256, end } = self;
        let mut fingerprint = [0; 32];
        match base16ct::mixed::decode(&sha256, &mut fingerprint) {
            Ok(octets) if octets.len() == 32 => {}
            _ => return Err(Failure::usage("--sha256 has 64 hexadecimal digits")),
        }
        let kind = match kind {
            CertificateKind::Device => CredentialType::DeviceCertificate,
            CertificateKind::Cse => CredentialType::CseCertificate,
            CertificateKind::Ae => CredentialType::AeCertificate,
            CertificateKind::Node => CredentialType::NodeCertificate,
        };
        let id = certificate_id(kind, &fingerprint)?;
        seen.site.run(async |opened| {
            let not_after = end_of(&opened, &client, &end).await?;
            let new = NewCredential { function: at, id, not_after, key: None };
            opened.admin.change_client(&client, seen.version, ClientChange::AddCredential(new)).await?;
            shown(&opened, &client, "changed ").await
        })
    }
}

impl OfCredential {
    fn run(self, change: impl FnOnce(Function, CredentialId) -> ClientChange) -> Outcome {
        let Self { changed, at, credential } = self;
        let credential = named(at, &credential)?;
        changed.run(|_| Ok(std::vec![change(at, credential)]))
    }
}

/// The Credential-ID that is meant: a KpmID at the MEF and a KmID at the MAF need no prefix.
fn named(at: Function, text: &str) -> Result<CredentialId, Failure> {
    let plain = match at {
        Function::Mef => KpmId::parse(text).map(|id| CredentialId::from(&id)),
        Function::Maf => KmId::parse(text).map(|id| CredentialId::from(&id)),
    };
    // A name may begin like a prefix: then what show prints is meant.
    let whole = CredentialId::parse(text);
    let kind = match at {
        Function::Mef => CredentialType::Kpm,
        Function::Maf => CredentialType::Km,
    };
    match whole {
        Ok(whole) if whole.kind() == kind || CERTIFICATES.contains(&whole.kind()) => Ok(whole),
        whole => Ok(plain.or(whole)?),
    }
}

impl Configure {
    fn run(self) -> Outcome {
        let Self { named: Named { client, site }, at: (function, fqdn), file } = self;
        let octets = public_file::read_or_stdin(&file, 2 * CONFIGURATION_BYTES as u64)?;
        let configuration: serde_json::Value = crate::json::from_slice(&octets)
            .map_err(|error| Failure::usage(format!("{}: not JSON: {error}", file.display())))?;
        site.run(async |opened| {
            opened.admin.configure(&client, function, &fqdn, &configuration).await?;
            let text = format!("configured {client} at the {} under {fqdn}", function.as_str());
            Ok(Report::new(text, &json!({"client": client, "stakeholder": fqdn.as_str()})))
        })
    }
}

impl Instruct {
    fn run(self) -> Outcome {
        let Self { site, registration, file } = self;
        let description = super::listed::description(&file)?;
        site.run(async |opened| {
            let number = opened.admin.queue_command(&registration, &description).await?;
            let text = format!("queued command {number} for registration {registration}");
            Ok(Report::new(text, &json!({"registration": registration, "number": number})))
        })
    }
}
