"""ECCSI, RFC 6507: a KMS issues a key to Alice, she signs, Bob verifies. First with the values of the RFC, then with new ones.

KMS to all: KPAK, 65 octets
KMS to Alice: SSK, 32 octets, and PVT, 65 octets
Alice's key has the HS of the RFC
Alice to Bob: signature, 129 octets
Bob: the signature of the RFC is Alice's, and so is this one
Bob: another message is not what Alice signed
"""

from eccsi_sakke import InvalidKey, InvalidSignature, eccsi
from vectors import RFC_6507

# What the RFC has: the master key of the KMS, and the pair that it gave to Alice.
with eccsi.KmsSecretKey.from_bytes(RFC_6507["KSAK"]) as kms:
    kpak = kms.public_key()
    assert bytes(kpak) == RFC_6507["KPAK"]
    print(f"KMS to all: KPAK, {len(bytes(kpak))} octets")
    fresh = kms.issue(RFC_6507["ID"])
print(f"KMS to Alice: SSK, {len(fresh.expose())} octets, and PVT, {len(fresh.pvt())} octets")

# Alice takes no key that is not for her under this KPAK.
alice = RFC_6507["ID"]
issued = eccsi.IssuedKey.from_parts(RFC_6507["SSK"], RFC_6507["PVT"])
try:
    issued.validate(kpak, b"somebody else")
except InvalidKey:
    pass
else:
    raise SystemExit("a key is for one identity")
with issued.validate(kpak, alice) as key, fresh.validate(kpak, alice) as other:
    assert key.verifying_key().hs() == RFC_6507["HS"]
    print("Alice's key has the HS of the RFC")
    signature = key.sign(RFC_6507["M"])
    kpak.verify(alice, RFC_6507["M"], other.sign(RFC_6507["M"]))
print(f"Alice to Bob: signature, {len(signature)} octets")

# Bob has KPAK and Alice's name, and nothing else of hers.
kpak.verify(alice, RFC_6507["M"], RFC_6507["Sig"])
kpak.verify(alice, RFC_6507["M"], signature)
print("Bob: the signature of the RFC is Alice's, and so is this one")
try:
    kpak.verify(alice, RFC_6507["M"] + b".", signature)
except InvalidSignature:
    print("Bob: another message is not what Alice signed")
