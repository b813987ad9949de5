//! `ibc demo`: the whole system at work, step by step.

use super::Outcome;
use super::failure::{Failure, Kind};
use super::options::{self, after, hex};
use super::report::Report;
use crate::SysRng;
use crate::eccsi::{KmsPublicKey, KmsSecretKey, Signature};
use crate::files::credential_file::{CredentialFile, CredentialIdentity};
use crate::files::kms_file::{self, KdfParameters};
use crate::files::private_file::{self, Existing};
use crate::files::{public_file, public_key_file};
use crate::onem2m::{EntityId, EntityKind, ExpiringIdentity, Fqdn, UnixTime};
use crate::saef::{
    Association, Credential, ExpectedPeer, KpakTag, PskIdentity, Role, SharedKey, TrustedDomains,
};
use clap::Args;
use core::time::Duration;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::prelude::rust_2024::*;
use std::{format, vec};
use zeroize::Zeroizing;

const FQDN: &str = "mef.example.com";
const CSE_ID: &str = "//sp.example.com/CSE090112";
const AE_ID: &str = "//sp.example.com/CSE090112/C190XX7T";
const LIFETIME: Duration = Duration::from_secs(30 * 86_400);
const MESSAGE: &[u8] = b"temperature 21.5 C at 2026-01-01T12:00:00Z\n";
const CHANGED: &[u8] = b"temperature 91.5 C at 2026-01-01T12:00:00Z\n";

/// Show the whole system at work, step by step
///
/// Makes a KMS, issues credentials to an AE and a CSE, validates them, signs and verifies, and lets both
/// derive the same key for a (D)TLS association, in either role; and shows what is refused. It
/// demonstrates the cryptography: no network, no server. All keys are made for the occasion and gone
/// afterwards, unless --keep writes them into files.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ibc demo\n  ibc demo --keep demo-files --passphrase-file passphrase.txt"
)]
pub(super) struct Demo {
    /// Keep the files of the demonstration in this directory, which is made if need be
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    #[command(flatten)]
    passphrase: options::Passphrase,
    /// Print the secret keys, too
    #[arg(long)]
    show_secret: bool,
}

/// Text and steps as they grow. Wiped when dropped.
struct Story {
    text: Zeroizing<String>,
    steps: Vec<Value>,
    show_secret: bool,
}

impl Story {
    fn step(&mut self, title: &str, explanation: &str) {
        let number = self.steps.len() + 1;
        self.text.push_str(&format!("\n{number}. {title}\n"));
        for line in explanation.lines() {
            self.text.push_str(&format!("   {line}\n"));
        }
        self.steps.push(json!({"step": number, "title": title}));
    }

    fn value(&mut self, name: &str, key: &str, value: &str) {
        for (at, part) in value.as_bytes().chunks(64).enumerate() {
            let name = if at == 0 { name } else { "" };
            self.text.push_str(&format!("     {name:<22} "));
            self.text.push_str(core::str::from_utf8(part).unwrap_or_default());
            self.text.push('\n');
        }
        self.record(key, value);
    }

    fn secret(&mut self, name: &str, key: &str, octets: &[u8]) {
        if self.show_secret {
            let digits = Zeroizing::new(hex(octets));
            self.value(name, key, &digits);
        } else {
            let note = format!("SECRET, {} octets (--show-secret prints it)", octets.len());
            self.text.push_str(&format!("     {name:<22} {note}\n"));
        }
    }

    fn record(&mut self, key: &str, value: &str) {
        if let Some(Value::Object(step)) = self.steps.last_mut() {
            step.insert(key.into(), value.into());
        }
    }
}

/// One of the two entities.
struct Entity {
    name: &'static str,
    credential: Credential,
    file: Zeroizing<Vec<u8>>,
}

impl Demo {
    pub(super) fn run(self) -> Outcome {
        let passphrase = match &self.keep {
            Some(directory) => {
                prepare(directory)?;
                Some(self.passphrase.choose()?)
            }
            None => None,
        };
        let now = options::now()?;
        let mut story = Story {
            // Room for all of it, so that no smaller buffer is left behind.
            text: Zeroizing::new(String::with_capacity(64 * 1024)),
            steps: vec![],
            show_secret: self.show_secret,
        };
        story.text.push_str(
            "Identity-based cryptography for oneM2M: a demonstration of the cryptography, in one process.\n\
             Everybody needs two things only to check a signature or to agree on a key: the KMS's public\n\
             key, and the NAME of the other side. There are no certificates.\n",
        );
        let kms = make_kms(&mut story)?;
        let kpak = kms.public_key();
        let trusted = trust(&kpak)?;
        let ae = provision(&mut story, &kms, &trusted, now, ("AE", EntityKind::Ae, AE_ID))?;
        let cse = provision(&mut story, &kms, &trusted, now, ("CSE", EntityKind::Cse, CSE_ID))?;
        refuse_foreign_key(&mut story, &kms)?;
        let signature = sign_and_verify(&mut story, &ae, &kpak)?;
        associate(&mut story, &ae, &cse, &trusted, now)?;
        summarise(&mut story);
        if let (Some(directory), Some(passphrase)) = (&self.keep, &passphrase) {
            keep(directory, passphrase, &kms, [&ae, &cse], &signature, now)?;
            story.text.push_str(&kept(directory, &ae, &cse));
        }
        let json = json!({
            "demonstrates": "cryptography",
            "steps": story.steps,
            "kept": self.keep.as_ref().map(|directory| format!("{}", directory.display())),
        });
        let text = Zeroizing::new(story.text.as_bytes().to_vec());
        Ok(Report::raw(text, &json))
    }
}

fn make_kms(story: &mut Story) -> Result<KmsSecretKey, Failure> {
    let kms = KmsSecretKey::generate(&mut SysRng)?;
    story.step(
        "The KMS makes its keys",
        "KSAK, a random number, stays inside the KMS for ever: who has it can become anybody.\n\
         KPAK = [KSAK]G, a point of the curve P-256, is published. Its tag is a short name for it.",
    );
    story.secret("KSAK", "ksak", kms.expose().as_slice());
    story.value("KPAK (public)", "kpak", &hex(&kms.public_key().to_bytes()));
    story.value("tag  (public)", "tag", &format!("{}", KpakTag::of(&kms.public_key())));
    Ok(kms)
}

/// Both entities trust one KMS, for the domain of the MEF.
fn trust(kpak: &KmsPublicKey) -> Result<TrustedDomains, Failure> {
    let mut trusted = TrustedDomains::new();
    trusted.pin(Fqdn::parse(FQDN)?, Fqdn::parse("sp.example.com")?, kpak.clone())?;
    Ok(trusted)
}

fn provision(
    story: &mut Story,
    kms: &KmsSecretKey,
    trusted: &TrustedDomains,
    now: UnixTime,
    (name, kind, id): (&'static str, EntityKind, &str),
) -> Result<Entity, Failure> {
    let id_2 = ExpiringIdentity::new(Fqdn::parse(FQDN)?, EntityId::parse(kind, id)?, after(now, LIFETIME)?)?;
    story.step(
        &format!("The {name} gets a credential"),
        "The MEF makes an identity ID_2 of its own FQDN, the entity's name in hexadecimal and an expiry.\n\
         For it the KMS takes a fresh random v and computes PVT = [v]G, HS = hash(G, KPAK, ID_2, PVT) and\n\
         SSK = KSAK + HS*v. The receiver checks [SSK]G = KPAK + [HS]PVT before it uses them.",
    );
    story.value("entity", "entity", id);
    story.value("ID_2 (public)", "id2", id_2.as_str());
    let issued = kms.issue(id_2.identity(), &mut SysRng)?;
    story.secret("SSK", "ssk", issued.expose_ssk().as_slice());
    story.value("PVT  (public)", "pvt", &hex(&issued.pvt().to_bytes()));
    let credential = Credential::install(id_2.clone(), issued, &kms.public_key(), trusted, now)?;
    story.value("HS   (public)", "hs", &hex(credential.signing_key().verifying_key().hs()));
    story.value("validated", "validated", "yes: SSK, PVT, ID_2 and KPAK belong together");
    let file = CredentialFile::to_json(&CredentialIdentity::Id2(id_2), credential.signing_key());
    Ok(Entity { name, credential, file })
}

fn refuse_foreign_key(story: &mut Story, kms: &KmsSecretKey) -> Result<(), Failure> {
    story.step(
        "A credential under another name is refused",
        "The name is part of the hash: a key issued to mallory is no key of alice.",
    );
    let (mallory, alice) = (crate::Identity::new(b"mallory"), crate::Identity::new(b"alice"));
    let refused = kms.issue(mallory, &mut SysRng)?.validate(&kms.public_key(), alice);
    story.value("validated", "validated", expect_refusal(refused.map(|_| ()))?);
    Ok(())
}

fn sign_and_verify(story: &mut Story, signer: &Entity, kpak: &KmsPublicKey) -> Result<Signature, Failure> {
    story.step(
        &format!("The {} signs a message", signer.name),
        "ECCSI (RFC 6507): r, s and the signer's PVT, 129 octets. The verifier takes KPAK and the NAME\n\
         of the signer, and has never heard of the signer before.",
    );
    let signature = signer.credential.signing_key().sign_checked(MESSAGE, &mut SysRng)?;
    story.value("message", "message", core::str::from_utf8(MESSAGE).unwrap_or_default().trim_end());
    story.value("r", "r", &hex(signature.r()));
    story.value("s", "s", &hex(signature.s()));
    story.value("PVT", "pvt", &hex(&signature.pvt().to_bytes()));
    let id = signer.credential.id_2().identity();
    kpak.verify(id, MESSAGE, &signature)?;
    story.value("verified", "verified", "valid");
    story.value(
        "changed message",
        "changed_message",
        core::str::from_utf8(CHANGED).unwrap_or_default().trim_end(),
    );
    story.value("verified", "changed_verified", expect_refusal(kpak.verify(id, CHANGED, &signature))?);
    let other = crate::Identity::new(b"somebody else");
    story.value(
        "under another name",
        "other_name_verified",
        expect_refusal(kpak.verify(other, MESSAGE, &signature))?,
    );
    Ok(signature)
}

fn associate(
    story: &mut Story,
    ae: &Entity,
    cse: &Entity,
    trusted: &TrustedDomains,
    now: UnixTime,
) -> Result<(), Failure> {
    story.step(
        "AE and CSE say who they are",
        "Each sends its PSK identity, all of it public: ID_2, KPAK tag and PVT. This is what travels in\n\
         the (D)TLS handshake, before the key exists.",
    );
    let (ae_psk, cse_psk) = (ae.credential.psk_identity()?, cse.credential.psk_identity()?);
    story.value("AE  (public)", "ae", &format!("{ae_psk}"));
    story.value("CSE (public)", "cse", &format!("{cse_psk}"));
    for (client, server) in [(ae, cse), (cse, ae)] {
        story.step(
            &format!("Both derive the same key: {} as client, {} as server", client.name, server.name),
            "Z = [own SSK](KPAK + [HS of the peer]PVT of the peer) is the same point on both sides. The key\n\
             and its name come out of it by HKDF over both identities, in the order client, server.",
        );
        let (client_psk, server_psk) = (client.credential.psk_identity()?, server.credential.psk_identity()?);
        let at_client = derive(&client.credential, Role::Client, &server_psk, trusted, now)?;
        let at_server = derive(&server.credential, Role::Server, &client_psk, trusted, now)?;
        story.value("KibcID (public)", "key_id", &hex(&at_client.id()));
        story.secret(&format!("Kibc of the {}", client.name), "client_key", at_client.expose().as_slice());
        story.secret(&format!("Kibc of the {}", server.name), "server_key", at_server.expose().as_slice());
        if at_client.id() != at_server.id() || *at_client.expose() != *at_server.expose() {
            return Err(Failure::refused(Kind::Internal, "the two keys differ: this must not be, report it"));
        }
        story.value("the two keys", "keys", "equal");
        story.value("ends", "expires", &format!("{}", at_client.expiration()));
    }
    story.step(
        "A message cannot be played back to its sender",
        "An entity that is offered its own identity as peer refuses.",
    );
    let reflected = derive(&ae.credential, Role::Client, &ae_psk, trusted, now);
    story.value("derived", "derived", expect_refusal(reflected.map(|_| ()))?);
    Ok(())
}

fn derive(
    own: &Credential,
    role: Role,
    peer: &PskIdentity,
    trusted: &TrustedDomains,
    now: UnixTime,
) -> Result<SharedKey, crate::saef::SaefError> {
    let policy = ExpectedPeer::new(peer.id_2().entity_id().clone())?;
    Association { own, role, trusted, policy: &policy, skew: Association::DEFAULT_SKEW }.derive(peer, now)
}

fn expect_refusal<E>(result: Result<(), E>) -> Result<&'static str, Failure> {
    match result {
        Err(_) => Ok("refused, as it must be"),
        Ok(()) => {
            Err(Failure::refused(Kind::Internal, "something was accepted that must be refused: report it"))
        }
    }
}

fn summarise(story: &mut Story) {
    story.text.push_str(
        "\nSummary\n\
        \x20  secret at the KMS      KSAK\n\
        \x20  secret at each entity  SSK, and Kibc for each association\n\
        \x20  public                 KPAK, ID_2, PVT, HS, signatures, KibcID\n\
        \x20  the price              The KMS can become anybody (escrow). Keys of the association have no forward\n\
        \x20                         secrecy unless the (D)TLS suite adds it (ECDHE_PSK). Nothing revokes a\n\
        \x20                         credential before it expires but a deny list.\n",
    );
}

const KMS_FILE: &str = "kms.ibc";
const KPAK_FILE: &str = "kpak.json";
const MESSAGE_FILE: &str = "message.txt";
const SIGNATURE_FILE: &str = "message.sig";

fn credential_file(entity: &Entity) -> String {
    format!("{}.json", entity.name.to_ascii_lowercase())
}

fn prepare(directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory)
        .map_err(|error| Failure::refused(Kind::File, format!("{}: {error}", directory.display())))?;
    for name in [KMS_FILE, KPAK_FILE, "ae.json", "cse.json", MESSAGE_FILE, SIGNATURE_FILE] {
        if directory.join(name).symlink_metadata().is_ok() {
            let message = format!(
                "{} holds files of an earlier demonstration: choose another directory",
                directory.display()
            );
            return Err(Failure::refused(Kind::File, message));
        }
    }
    Ok(())
}

fn keep(
    directory: &Path,
    passphrase: &[u8],
    kms: &KmsSecretKey,
    entities: [&Entity; 2],
    signature: &Signature,
    now: UnixTime,
) -> Result<(), Failure> {
    let sealed = kms_file::seal(kms, passphrase, &KdfParameters::DEFAULT, now, &mut SysRng)
        .map_err(|error| Failure::refused(Kind::Internal, format!("{error}")))?;
    private_file::write(&directory.join(KMS_FILE), &sealed, Existing::Keep)?;
    let kpak = public_key_file::to_json(&kms.public_key(), Some(&Fqdn::parse(FQDN)?));
    public_file::write(&directory.join(KPAK_FILE), &kpak, Existing::Keep)?;
    for entity in entities {
        private_file::write(&directory.join(credential_file(entity)), &entity.file, Existing::Keep)?;
    }
    public_file::write(&directory.join(MESSAGE_FILE), MESSAGE, Existing::Keep)?;
    public_file::write(&directory.join(SIGNATURE_FILE), &signature.to_bytes(), Existing::Keep)?;
    Ok(())
}

/// What can be done with the files.
fn kept(directory: &Path, ae: &Entity, cse: &Entity) -> String {
    let psk =
        |entity: &Entity| entity.credential.psk_identity().map(|psk| format!("{psk}")).unwrap_or_default();
    format!(
        "\nThe files are in {}. Go on there with\n  \
         ibc credential validate --credential ae.json --kpak {KPAK_FILE}\n  \
         ibc verify --kpak {KPAK_FILE} --id2 {} --in {MESSAGE_FILE} --signature {SIGNATURE_FILE}\n  \
         ibc saef derive --credential ae.json --role client --kpak {KPAK_FILE} --peer {} --out ae.key\n  \
         ibc saef derive --credential cse.json --role server --kpak {KPAK_FILE} --peer {} --out cse.key\n",
        directory.display(),
        ae.credential.id_2(),
        psk(cse),
        psk(ae),
    )
}
