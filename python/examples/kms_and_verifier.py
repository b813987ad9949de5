"""A KMS in thirty lines, a device that it gives a key, and a verifier that trusts the KMS and knows nobody's key.

device to KMS: a key for meter-17@example.com, please
KMS to device: SSK, 32 octets, and PVT, 65 octets
eve to KMS: a key for meter-17@example.com, please
KMS to eve: no
device to verifier: "12.5 kWh", "13.1 kWh", each with 129 octets of signature
verifier: the first is meter-17's, the second is meter-17's
eve to verifier: "0.0 kWh", with a signature that she saw
verifier: no
"""

import hmac
from pathlib import Path
from tempfile import TemporaryDirectory

from eccsi_sakke import InvalidKey, InvalidSignature, eccsi


class Kms:
    """Gives each name that it knows its key, to whoever has the password of the name."""

    def __init__(self, file, passwords):
        """The master secret is in a file that nobody else reads, made at the first start."""
        if not file.exists():
            file.touch(mode=0o600)
            with eccsi.KmsSecretKey.generate() as made:
                file.write_bytes(made.expose())
        secret = bytearray(file.read_bytes())
        self._key = eccsi.KmsSecretKey.from_bytes(secret)
        secret[:] = bytes(len(secret))
        self._passwords = passwords

    def public_key(self):
        return bytes(self._key.public_key())

    def issue(self, name, password):
        """(SSK, PVT), over a channel that nobody listens to."""
        known = self._passwords.get(name)
        if known is None or not hmac.compare_digest(known, password):
            raise PermissionError(name)
        with self._key.issue(name) as issued:
            return issued.expose(), issued.pvt()

    def close(self):
        self._key.close()


class Verifier:
    """Has KPAK, taken from a source that it trusts, and the signer's name."""

    def __init__(self, kpak):
        self._kpak = eccsi.KmsPublicKey.from_bytes(kpak).prepared()

    def accepts(self, name, message, signature):
        try:
            self._kpak.verify(name, message, signature)
        except InvalidSignature:
            return False
        return True


NAME = b"meter-17@example.com"
with TemporaryDirectory() as folder:
    file = Path(folder, "master")
    kms = Kms(file, {NAME: b"from the factory"})
    kpak = kms.public_key()
    kms.close()
    # Started again, it is the same KMS.
    kms = Kms(file, {NAME: b"from the factory"})
    assert kms.public_key() == kpak

    print(f"device to KMS: a key for {NAME.decode()}, please")
    ssk, pvt = kms.issue(NAME, b"from the factory")
    print(f"KMS to device: SSK, {len(ssk)} octets, and PVT, {len(pvt)} octets")
    print(f"eve to KMS: a key for {NAME.decode()}, please")
    try:
        kms.issue(NAME, b"guessed")
    except PermissionError:
        print("KMS to eve: no")
    kms.close()

trusted = eccsi.KmsPublicKey.from_bytes(kpak)
issued = eccsi.IssuedKey.from_parts(ssk, pvt)
try:
    issued.validate(trusted, b"meter-18@example.com")
except InvalidKey:
    pass
else:
    raise SystemExit("a key is for one name")
readings = [b"12.5 kWh", b"13.1 kWh"]
with issued, issued.validate(trusted, NAME) as key:
    signatures = key.sign_many(readings)
said = ", ".join(f'"{reading.decode()}"' for reading in readings)
print(f"device to verifier: {said}, each with {len(signatures[0])} octets of signature")
verifier = Verifier(kpak)
first, second = (verifier.accepts(NAME, *pair) for pair in zip(readings, signatures))
print(f"verifier: the first is {'' if first else 'not '}meter-17's, the second is {'' if second else 'not '}meter-17's")
print('eve to verifier: "0.0 kWh", with a signature that she saw')
print("verifier:", "yes" if verifier.accepts(NAME, b"0.0 kWh", signatures[0]) else "no")
