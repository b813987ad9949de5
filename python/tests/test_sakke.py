"""RFC 6508: its vectors, and what has to be refused."""

import eccsi_sakke
import pytest
from eccsi_sakke import sakke
from vectors import read

RFC = read("rfc6508_sakke.json")
Z_SECRET = bytes.fromhex(RFC["z"].rjust(256, "0"))
Z, B, SSV, DATA, K = (bytes.fromhex(RFC[name]) for name in ["Z", "b", "SSV", "encapsulated", "Kb"])


def test_vectors_of_rfc_6508():
    kms = sakke.KmsSecretKey.from_bytes(Z_SECRET)
    assert kms.expose() == Z_SECRET
    z = sakke.KmsPublicKey.from_bytes(Z)
    assert z == kms.public_key() and bytes(z) == Z
    id = sakke.Identifier.from_raw(B)
    assert kms.issue(id).expose() == K
    assert [key.expose() for key in kms.issue_many([id, id])] == [K, K]
    for sender in [z, z.prepared()]:
        assert sender.encapsulate_ssv(id, SSV) == DATA
        assert sender.encapsulate_many([id], SSV) == [DATA]
    assert z.recipient(id).encapsulate_ssv(SSV) == DATA
    assert z.recipient(id).prepared().encapsulate_ssv(SSV) == DATA

    key = sakke.IssuedKey.from_bytes(K).validate(z.prepared_to_validate(), id)
    assert key.decapsulate(DATA) == SSV
    prepared = key.prepared()
    with pytest.raises(ValueError, match="closed"):
        key.decapsulate(DATA)
    assert prepared.decapsulate(DATA) == SSV and prepared.expose() == K
    changed = DATA[:-1] + bytes([DATA[-1] ^ 1])
    assert prepared.decapsulate_many([DATA, changed, DATA[1:], DATA]) == [SSV, None, None, SSV]
    for wrong in [changed, b"", DATA[1:], bytes(273)]:
        with pytest.raises(eccsi_sakke.DecapsulationFailed):
            prepared.decapsulate(wrong)


def test_exchange_and_refusals():
    with sakke.KmsSecretKey.generate() as kms:
        z = kms.public_key()
        alice, bob = sakke.Identifier.from_raw(b"alice"), sakke.Identifier.hash_of(b"bob" * 100)
        key = kms.issue(bob).validate(z, bob)
        data, ssv = z.encapsulate(bob)
        assert key.decapsulate(data) == ssv and len(ssv) == 16 and len(data) == 273
        data, ssv = z.recipient(bob).encapsulate()
        assert key.decapsulate(data) == ssv
        with pytest.raises(eccsi_sakke.DecapsulationFailed):
            key.decapsulate(z.encapsulate(alice)[0])
        with pytest.raises(eccsi_sakke.InvalidKey):
            kms.issue(alice).validate(z, bob)
        zeros = sakke.Identifier.from_raw(b"\0ab")
        with pytest.raises(eccsi_sakke.DecodeError, match="leading zero"):
            kms.issue(zeros)
        with pytest.raises(eccsi_sakke.DecodeError) as refused:
            kms.issue_many([alice, zeros])
        assert refused.value.index == 1
        kms.issue(sakke.Identifier.from_raw(b"\0ab", allow_leading_zeros=True))
        assert zeros == sakke.Identifier.from_raw(b"ab") and bytes(zeros) == b"\0ab"
    for wrong in [b"", b"\1", b"x" * 129]:
        with pytest.raises(eccsi_sakke.DecodeError):
            sakke.Identifier.from_raw(wrong)
    with pytest.raises(eccsi_sakke.DecodeError, match="257 octets expected"):
        sakke.KmsPublicKey.from_bytes(Z[1:])
    with pytest.raises(eccsi_sakke.DecodeError):
        sakke.IssuedKey.from_bytes(bytes(257))
    with pytest.raises(eccsi_sakke.DecodeError, match="UID: 32 octets expected, 31 given"):
        sakke.Identifier.from_uid(bytes(31))
    assert bytes(sakke.Identifier.from_uid(b"u" * 32)) == b"u" * 32


def test_an_identity_without_a_key():
    """Its integer and z add up to q."""
    q = int(read("rfc6509_params.json")["q"], 16)
    kms = sakke.KmsSecretKey.from_bytes(Z_SECRET)
    nobody = sakke.Identifier.from_raw((q - int(RFC["z"], 16)).to_bytes(128, "big"))
    with pytest.raises(eccsi_sakke.UnusableIdentity):
        kms.issue(nobody)
    with pytest.raises(eccsi_sakke.UnusableIdentity) as refused:
        kms.issue_many([sakke.Identifier.from_raw(B), nobody])
    assert refused.value.index == 1
    with pytest.raises(eccsi_sakke.UnusableIdentity):
        kms.public_key().encapsulate(nobody)


def test_secrets_come_as_octets_alone():
    """A list of numbers would be copied one by one, into memory that nobody wipes; a bytearray is its owner's to wipe."""
    z, id = sakke.KmsPublicKey.from_bytes(Z), sakke.Identifier.from_raw(B)
    recipient = z.recipient(id)
    ways = [
        lambda ssv: z.encapsulate_ssv(id, ssv),
        lambda ssv: z.encapsulate_many([id], ssv)[0],
        recipient.encapsulate_ssv,
    ]
    for encapsulate in ways:
        ssv = bytearray(SSV)
        assert encapsulate(ssv) == DATA == encapsulate(SSV)
        assert ssv == SSV
        with pytest.raises(eccsi_sakke.DecodeError, match="16 octets expected, 15 given"):
            encapsulate(SSV[1:])
        for wrong in [list(SSV), "text of 16 chars", None, memoryview(SSV)]:
            with pytest.raises(TypeError):
                encapsulate(wrong)
    with pytest.raises(TypeError):
        sakke.Identifier.from_uid([117] * 32)
    assert sakke.KmsSecretKey.from_bytes(bytearray(Z_SECRET)).public_key() == z
    assert sakke.IssuedKey.from_bytes(bytearray(K)).expose() == K
