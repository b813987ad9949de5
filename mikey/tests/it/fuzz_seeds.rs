//! The seeds of the fuzz targets are what their names say, so that a run starts behind the decoders.
//! `WRITE_VECTORS=1` writes them.

use crate::model::{self, ALICE, Authority, NOW, number, uid};
use eccsi_sakke::eccsi::hazmat;
use eccsi_sakke::{Identity, eccsi};
use mikey_sakke::IMessage;
use std::path::Path;

/// The same octets in each run: keys and nonces are given. The keys are those in the targets.
fn genuine() -> Vec<u8> {
    let kms = Authority::new(0x15);
    let draft = model::draft(&kms, NOW);
    let uid = uid(ALICE, number(NOW));
    let issued: eccsi::IssuedKey =
        hazmat::issue_with_nonce(&kms.ksak, Identity::new(&uid), &[8; 32]).unwrap();
    let key = issued.validate(&kms.kpak, Identity::new(&uid)).unwrap();
    let signature = hazmat::sign_with_nonce(&key, &draft.unsigned(), &[9; 32]).unwrap();
    draft.with_signature(&signature.to_bytes())
}

#[test]
fn seeds_are_genuine() {
    let message = genuine();
    let attribute = IMessage::parse(&message).unwrap().to_sdp_attribute();
    let description = format!("v=0\r\n{attribute}\r\n");
    for (name, octets) in
        [("mikey_message/genuine", &message[..]), ("mikey_sdp/genuine", description.as_bytes())]
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(name);
        if std::env::var_os("WRITE_VECTORS").is_some_and(|value| value == "1") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, octets).unwrap();
        }
        let stored = std::fs::read(&path).unwrap_or_default();
        assert!(stored == octets, "fuzz/seeds/{name} is another; WRITE_VECTORS=1 writes it");
    }
}
