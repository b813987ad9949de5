//! The files that `ibc demo --keep` leaves.

use super::{Entity, FQDN, MESSAGE, Sent};
use crate::cli::failure::{Failure, Kind};
use crate::files::kdf::KdfParameters;
use crate::files::kms_file::{self, MasterKeys};
use crate::files::private_file::{self, Existing};
use crate::files::{public_file, public_key_file};
use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::Signature;
use eccsi_sakke::onem2m::{Fqdn, UnixTime};
use std::fs;
use std::path::Path;

const KMS_FILE: &str = "kms.ibc";
const KPAK_FILE: &str = "kpak.json";
const MESSAGE_FILE: &str = "message.txt";
const SIGNATURE_FILE: &str = "message.sig";
const SENT_FILE: &str = "key.sakke";
const SENT_SIGNATURE_FILE: &str = "key.sig";

fn credential_file(entity: &Entity) -> String {
    format!("{}.json", entity.name.to_ascii_lowercase())
}

/// Makes the directory, and refuses one that holds such files already.
pub(super) fn prepare(directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory)
        .map_err(|error| Failure::refused(Kind::File, format!("{}: {error}", directory.display())))?;
    let names = [
        KMS_FILE,
        KPAK_FILE,
        "ae.json",
        "cse.json",
        MESSAGE_FILE,
        SIGNATURE_FILE,
        SENT_FILE,
        SENT_SIGNATURE_FILE,
    ];
    for name in names {
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

/// Writes them.
pub(super) fn keep(
    directory: &Path,
    passphrase: &[u8],
    kms: &MasterKeys,
    entities: [&Entity; 2],
    signature: &Signature,
    sent: &Sent,
    now: UnixTime,
) -> Result<(), Failure> {
    let sealed = kms_file::seal(kms, passphrase, &KdfParameters::DEFAULT, now, &mut SysRng)
        .map_err(|error| Failure::refused(Kind::Internal, format!("{error}")))?;
    private_file::write(&directory.join(KMS_FILE), &sealed, Existing::Keep)?;
    let (kpak, z_public) = (kms.ksak.public_key(), kms.z.public_key());
    let public = public_key_file::to_json(&kpak, Some(&z_public), Some(&Fqdn::parse(FQDN)?));
    public_file::write(&directory.join(KPAK_FILE), &public, Existing::Keep)?;
    for entity in entities {
        private_file::write(&directory.join(credential_file(entity)), &entity.file, Existing::Keep)?;
    }
    public_file::write(&directory.join(MESSAGE_FILE), MESSAGE, Existing::Keep)?;
    public_file::write(&directory.join(SIGNATURE_FILE), &signature.to_bytes(), Existing::Keep)?;
    public_file::write(&directory.join(SENT_FILE), &sent.data.to_bytes(), Existing::Keep)?;
    public_file::write(&directory.join(SENT_SIGNATURE_FILE), &sent.signature.to_bytes(), Existing::Keep)?;
    Ok(())
}

/// What can be done with them.
pub(super) fn commands(directory: &Path, ae: &Entity, cse: &Entity) -> String {
    let psk =
        |entity: &Entity| entity.credential.psk_identity().map(|psk| format!("{psk}")).unwrap_or_default();
    format!(
        "\nThe files are in {}. Go on there with\n  \
         ibc credential validate --credential ae.json --kpak {KPAK_FILE}\n  \
         ibc verify --kpak {KPAK_FILE} --id2 {} --in {MESSAGE_FILE} --signature {SIGNATURE_FILE}\n  \
         ibc saef derive --credential ae.json --role client --kpak {KPAK_FILE} --peer {} --out ae.key\n  \
         ibc saef derive --credential cse.json --role server --kpak {KPAK_FILE} --peer {} --out cse.key\n  \
         ibc verify --kpak {KPAK_FILE} --id2 {} --in {SENT_FILE} --signature {SENT_SIGNATURE_FILE}\n  \
         ibc sakke decapsulate --credential cse.json --in {SENT_FILE} --out key.ssv\n",
        directory.display(),
        ae.credential.id_2(),
        psk(cse),
        psk(ae),
        ae.credential.id_2(),
    )
}
