//! `ibc demo`: the whole system at work, step by step.

mod kept;
#[cfg(all(feature = "server", feature = "tls-rustls"))]
mod system;

use super::Outcome;
use super::failure::{Failure, Kind};
use super::options::{self, after, hex};
use super::report::Report;
use super::rsk;
use crate::files::credential_file::{CredentialFile, CredentialIdentity};
use crate::files::kms_file::MasterKeys;
use clap::Args;
use core::time::Duration;
use eccsi_sakke::eccsi::{KmsPublicKey, Signature};
use eccsi_sakke::onem2m::{EntityId, EntityKind, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{
    Association, Credential, ExpectedPeer, KpakTag, PskIdentity, Role, SharedKey, TrustedDomains,
};
use eccsi_sakke::sakke::{self, EncapsulatedData};
use eccsi_sakke::{Identity, SysRng};
use serde_json::{Value, json};
use std::path::PathBuf;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const FQDN: &str = "mef.example.com";
const CSE_ID: &str = "//sp.example.com/CSE090112";
const AE_ID: &str = "//sp.example.com/CSE090112/C190XX7T";
const LIFETIME: Duration = Duration::from_secs(30 * 86_400);
const MESSAGE: &[u8] = b"temperature 21.5 C at 2026-01-01T12:00:00Z\n";
const CHANGED: &[u8] = b"temperature 91.5 C at 2026-01-01T12:00:00Z\n";

/// Show the whole system at work, step by step
///
/// Of a program with the feature `full` it demonstrates the whole system on loopback: MEF, KMS and MAF start, a CSE and
/// an AE enrol over TLS with pre-shared keys, one renews, and they associate in three ways: by their identities over
/// DTLS, by TLS 1.3 signed with ECCSI, and by a key from the MAF.
///
/// With --cryptography, and of a program without `full`, it demonstrates the cryptography, without network or server:
/// makes a KMS, issues credentials to an AE and a CSE, validates them, signs and verifies, lets both derive
/// the same key for a (D)TLS association, in either role, and sends a key from the AE to the CSE,
/// encapsulated and signed; and shows what is refused. All keys are made for the occasion and gone
/// afterwards, unless --keep writes those of the cryptography into files.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ibc demo\n  ibc demo --cryptography\n  ibc demo --keep demo-files --passphrase-file passphrase.txt"
)]
pub(super) struct Demo {
    /// The cryptography alone
    #[arg(long)]
    cryptography: bool,
    /// Keep the files of the cryptography in this directory, which is made if need be
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
    fn new(show_secret: bool) -> Self {
        // Room for all of it, so that no smaller buffer is left behind.
        Self { text: Zeroizing::new(String::with_capacity(64 * 1024)), steps: vec![], show_secret }
    }

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
    rsk: sakke::ReceiverSecretKey,
    file: Zeroizing<Vec<u8>>,
}

impl Demo {
    pub(super) fn run(self) -> Outcome {
        #[cfg(all(feature = "server", feature = "tls-rustls"))]
        if !self.cryptography && self.keep.is_none() {
            return system::run(Story::new(self.show_secret));
        }
        self.cryptography()
    }

    fn cryptography(self) -> Outcome {
        let passphrase = match &self.keep {
            Some(directory) => {
                kept::prepare(directory)?;
                Some(self.passphrase.choose()?)
            }
            None => None,
        };
        let now = options::now()?;
        let mut story = Story::new(self.show_secret);
        story.text.push_str(
            "Identity-based cryptography for oneM2M: a demonstration of the cryptography, in one process.\n\
             Everybody needs two things only to check a signature or to agree on a key: the KMS's public\n\
             key, and the NAME of the other side. There are no certificates.\n",
        );
        let kms = make_kms(&mut story)?;
        let kpak = kms.ksak.public_key();
        let trusted = trust(&kpak)?;
        let ae = provision(&mut story, &kms, &trusted, now, ("AE", EntityKind::Ae, AE_ID))?;
        let cse = provision(&mut story, &kms, &trusted, now, ("CSE", EntityKind::Cse, CSE_ID))?;
        refuse_foreign_key(&mut story, &kms)?;
        let signature = sign_and_verify(&mut story, &ae, &kpak)?;
        associate(&mut story, &ae, &cse, &trusted, now)?;
        let sent = send_key(&mut story, &ae, &cse, &kms.z.public_key())?;
        receive_key(&mut story, &ae, &cse, &kpak, &sent)?;
        refuse_changed_key(&mut story, &ae, &cse, &kpak, &sent)?;
        summarise(&mut story);
        if let (Some(directory), Some(passphrase)) = (&self.keep, &passphrase) {
            kept::keep(directory, passphrase, &kms, [&ae, &cse], &signature, &sent, now)?;
            story.text.push_str(&kept::commands(directory, &ae, &cse));
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

fn make_kms(story: &mut Story) -> Result<MasterKeys, Failure> {
    let kms = MasterKeys::generate(&mut SysRng)?;
    let kpak = kms.ksak.public_key();
    story.step(
        "The KMS makes its keys",
        "KSAK and z, random numbers, stay inside the KMS for ever: who has them can become anybody.\n\
         KPAK = [KSAK]G, a point of the curve P-256, is published. Its tag is a short name for it.\n\
         Z = [z]P, a point of a curve over a field of 1024 bits, is published, too. KPAK is for signing\n\
         and for associations (ECCSI), Z for sending keys (SAKKE).",
    );
    story.secret("KSAK", "ksak", kms.ksak.expose().as_slice());
    story.value("KPAK (public)", "kpak", &hex(&kpak.to_bytes()));
    story.value("tag  (public)", "tag", &format!("{}", KpakTag::of(&kpak)));
    story.secret("z", "z", kms.z.expose().as_slice());
    story.value("Z    (public)", "z_public", &hex(&kms.z.public_key().to_bytes()));
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
    kms: &MasterKeys,
    trusted: &TrustedDomains,
    now: UnixTime,
    (name, kind, id): (&'static str, EntityKind, &str),
) -> Result<Entity, Failure> {
    let id_2 = ExpiringIdentity::new(Fqdn::parse(FQDN)?, EntityId::parse(kind, id)?, after(now, LIFETIME)?)?;
    story.step(
        &format!("The {name} gets a credential"),
        "The MEF makes an identity ID_2 of its own FQDN, the entity's name in hexadecimal and an expiry.\n\
         For it the KMS takes a fresh random v and computes PVT = [v]G, HS = hash(G, KPAK, ID_2, PVT) and\n\
         SSK = KSAK + HS*v. The receiver checks [SSK]G = KPAK + [HS]PVT before it uses them.\n\
         For SAKKE it computes RSK = [1/(b + z)]P, where b is the hash of ID_2. The receiver checks with a\n\
         pairing that <[b]P + Z, RSK> = <P, P>.",
    );
    story.value("entity", "entity", id);
    story.value("ID_2 (public)", "id2", id_2.as_str());
    let issued = kms.ksak.issue(id_2.identity(), &mut SysRng)?;
    story.secret("SSK", "ssk", issued.expose().as_slice());
    story.value("PVT  (public)", "pvt", &hex(&issued.pvt().to_bytes()));
    let credential = Credential::install(id_2.clone(), &issued, &kms.ksak.public_key(), trusted, now)?;
    story.value("HS   (public)", "hs", &hex(credential.signing_key().verifying_key().hs()));
    let identity = CredentialIdentity::Id2(id_2);
    let rsk = rsk::issue(&kms.z, &kms.z.public_key(), &identity)?;
    story.secret("RSK", "rsk", rsk.expose().as_slice());
    story.value(
        "validated",
        "validated",
        "yes: SSK, PVT, ID_2 and KPAK belong together, and so do RSK and Z",
    );
    let file = CredentialFile::to_json(&identity, credential.signing_key(), Some(&rsk));
    Ok(Entity { name, credential, rsk, file })
}

fn refuse_foreign_key(story: &mut Story, kms: &MasterKeys) -> Result<(), Failure> {
    story.step(
        "A credential under another name is refused",
        "The name is part of the hash: a key issued to mallory is no key of alice.",
    );
    let (mallory, alice) = (Identity::new(b"mallory"), Identity::new(b"alice"));
    let refused = kms.ksak.issue(mallory, &mut SysRng)?.validate(&kms.ksak.public_key(), alice);
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
    let other = Identity::new(b"somebody else");
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
            "The point [own SSK](KPAK + [HS of the peer]PVT of the peer) is the same on both sides. The key\n\
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
) -> Result<SharedKey, eccsi_sakke::saef::SaefError> {
    let policy = ExpectedPeer::new(peer.id_2().entity_id().clone())?;
    Association { own, role, trusted, policy: &policy, skew: Association::DEFAULT_SKEW }.derive(peer, now)
}

/// A key on its way: encapsulated, and signed by who sends it.
struct Sent {
    data: EncapsulatedData,
    signature: Signature,
    /// What the sender has.
    ssv: sakke::SharedSecretValue,
}

fn send_key(
    story: &mut Story,
    sender: &Entity,
    receiver: &Entity,
    z_public: &sakke::KmsPublicKey,
) -> Result<Sent, Failure> {
    story.step(
        &format!("The {} sends a key to the {}", sender.name, receiver.name),
        "SAKKE (RFC 6508): it takes Z and the NAME of the receiver, no message comes back. SSV is random,\n\
         r = hash(SSV, b), R = [r]([b]P + Z), H = SSV xor hash(g^r) with g = <P, P>. Everybody could do\n\
         that, so the sender signs R and H with its ECCSI key.",
    );
    let b = receiver.credential.id_2().sakke_identifier();
    let (data, ssv) = z_public.encapsulate(&b, &mut SysRng)?;
    let octets = data.to_bytes();
    let signature = sender.credential.signing_key().sign_checked(&octets, &mut SysRng)?;
    story.secret("SSV", "ssv", ssv.expose().as_slice());
    story.value("b (public)", "b", &hex(b.as_bytes()));
    story.value("R ‖ H (public)", "encapsulated_data", &hex(&octets));
    story.value("signature (public)", "signature", &hex(&signature.to_bytes()));
    Ok(Sent { data, signature, ssv })
}

fn receive_key(
    story: &mut Story,
    sender: &Entity,
    receiver: &Entity,
    kpak: &KmsPublicKey,
    sent: &Sent,
) -> Result<(), Failure> {
    story.step(
        &format!("The {} verifies who sent it, and takes the key out", receiver.name),
        "First the signature, under the sender's name. Then w = <R, RSK> = g^r gives SSV = H xor hash(w),\n\
         and R is computed once more from it: what comes out wrong is refused.",
    );
    kpak.verify(sender.credential.id_2().identity(), &sent.data.to_bytes(), &sent.signature)?;
    story.value("signature", "verified", "valid");
    let ssv = receiver.rsk.decapsulate(&sent.data)?;
    story.secret(&format!("SSV of the {}", receiver.name), "ssv", ssv.expose().as_slice());
    if !bool::from(ssv.ct_eq(&sent.ssv)) {
        return Err(Failure::refused(Kind::Internal, "the two keys differ: this must not be, report it"));
    }
    story.value("the two keys", "keys", "equal");
    Ok(())
}

fn refuse_changed_key(
    story: &mut Story,
    sender: &Entity,
    receiver: &Entity,
    kpak: &KmsPublicKey,
    sent: &Sent,
) -> Result<(), Failure> {
    story.step(
        "A key that was changed on its way, or is for somebody else, is refused",
        "One bit of H is turned over. Signature and decapsulation refuse it, each by itself. And the\n\
         sender's own RSK does not open what is for the receiver.",
    );
    let mut octets = sent.data.to_bytes();
    octets[EncapsulatedData::BYTES - 1] ^= 1;
    let verified = kpak.verify(sender.credential.id_2().identity(), &octets, &sent.signature);
    story.value("signature", "changed_verified", expect_refusal(verified)?);
    let changed = EncapsulatedData::from_bytes(&octets).map_err(eccsi_sakke::Error::from)?;
    let opened = receiver.rsk.decapsulate(&changed).map(|_| ());
    story.value("decapsulated", "changed_decapsulated", expect_refusal(opened)?);
    let opened = sender.rsk.decapsulate(&sent.data).map(|_| ());
    story.value(&format!("by the {}", sender.name), "other_decapsulated", expect_refusal(opened)?);
    Ok(())
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
        \x20  secret at the KMS      KSAK, z\n\
        \x20  secret at each entity  SSK, RSK, Kibc for each association, SSV of each key sent\n\
        \x20  public                 KPAK, Z, ID_2, PVT, HS, signatures, KibcID, encapsulated keys\n\
        \x20  the price              The KMS can become anybody and open every key sent (escrow). Keys of the\n\
        \x20                         association have no forward secrecy unless the (D)TLS suite adds it\n\
        \x20                         (ECDHE_PSK), keys sent have none. Nothing revokes a credential before it\n\
        \x20                         expires but a deny list.\n",
    );
}
