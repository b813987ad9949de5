"""SAKKE, RFC 6508: Alice sends a key to Bob, of whom she knows the name and his KMS. First with the values of the RFC, then with
new ones.

KMS to all: Z, 257 octets
KMS to Bob: Receiver Secret Key, 257 octets
Alice to Bob: the Encapsulated Data of the RFC, 273 octets
Bob: the SSV of the RFC
Alice to Bob: another key, 273 octets
Bob: the same key
Bob: changed data give no key
"""

from eccsi_sakke import DecapsulationFailed, sakke
from vectors import RFC_6508

with sakke.KmsSecretKey.from_bytes(RFC_6508["z"]) as kms:
    z = kms.public_key()
    assert bytes(z) == RFC_6508["Z"]
    print(f"KMS to all: Z, {len(bytes(z))} octets")
    bob = sakke.Identifier.from_raw(RFC_6508["b"])
    issued = kms.issue(bob)
    assert issued.expose() == RFC_6508["Kb"]
print(f"KMS to Bob: Receiver Secret Key, {len(issued.expose())} octets")

with issued.validate(z, bob) as key:
    # Alice gives the SSV of the RFC here, in a place that she can wipe; encapsulate() draws one.
    ssv = bytearray(RFC_6508["SSV"])
    data = z.encapsulate_ssv(bob, ssv)
    ssv[:] = bytes(len(ssv))
    assert data == RFC_6508["encapsulated"]
    print(f"Alice to Bob: the Encapsulated Data of the RFC, {len(data)} octets")
    assert key.decapsulate(data) == RFC_6508["SSV"]
    print("Bob: the SSV of the RFC")

    data, secret = z.encapsulate(bob)
    print(f"Alice to Bob: another key, {len(data)} octets")
    assert key.decapsulate(data) == secret
    print("Bob: the same key")
    try:
        key.decapsulate(data[:-1] + bytes([data[-1] ^ 1]))
    except DecapsulationFailed:
        print("Bob: changed data give no key")
