//! A KMS, one device, one signature: `cargo run --example eccsi_sign_verify`

use eccsi_sakke::{Error, Identity, SysRng, eccsi};

fn main() -> Result<(), Error> {
    // The KMS makes its keys once. KPAK has to reach every device authentically.
    let kms = eccsi::KmsSecretKey::generate(&mut SysRng)?;
    let kpak = kms.public_key().prepared(); // a table: worth it for all that verify often

    // It issues a key for an identity, and the device validates what it was given.
    let id = Identity::new(b"pump-17@plant.example.com");
    let key = kms.issue(id, &mut SysRng)?.validate(&kpak, id)?;

    let message = b"pressure 4.2 bar";
    let signature = key.sign(message, &mut SysRng)?;
    kpak.verify(id, message, &signature)?;
    println!("{id:?} signed {:?}: {signature:?}", message.escape_ascii().to_string());

    // Many messages of one signer: compute its point once, with a table from the fourth on.
    let signer = eccsi::VerifyingKey::new(&kpak, id, signature.pvt())?.prepared();
    for n in 0..3 {
        let message = format!("pressure {n} bar");
        signer.verify(message.as_bytes(), &key.sign(message.as_bytes(), &mut SysRng)?)?;
    }

    // Anything else is refused, always with the same error.
    assert_eq!(kpak.verify(id, b"pressure 9.9 bar", &signature), Err(Error::InvalidSignature));
    assert_eq!(kpak.verify(Identity::new(b"pump-18"), message, &signature), Err(Error::InvalidSignature));
    Ok(())
}
