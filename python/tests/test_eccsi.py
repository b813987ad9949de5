"""RFC 6507: its vectors, and what has to be refused."""

import threading

import eccsi_sakke
import pytest
from eccsi_sakke import eccsi
from vectors import read

RFC = {name: value for name, value in read("rfc6507_eccsi.json").items()}
KSAK, KPAK, ID, SSK, PVT, M, SIGNATURE, HS = (
    bytes.fromhex(RFC[name]) for name in ["KSAK", "KPAK", "ID", "SSK", "PVT", "M", "Sig", "HS"]
)


@pytest.fixture
def kms():
    with eccsi.KmsSecretKey.generate() as kms:
        yield kms


def test_vectors_of_rfc_6507():
    kms = eccsi.KmsSecretKey.from_bytes(KSAK)
    assert bytes(kms.public_key()) == KPAK
    assert kms.expose() == KSAK
    kpak = eccsi.KmsPublicKey.from_bytes(KPAK)
    assert kpak == kms.public_key() and hash(kpak) == hash(kms.public_key())
    assert eccsi.KmsSecretKey.from_bytes(bytearray(KSAK)).public_key() == kpak
    assert eccsi.IssuedKey.from_parts(bytearray(SSK), PVT).expose() == SSK
    key = eccsi.IssuedKey.from_parts(SSK, PVT).validate(kpak, ID)
    assert (key.expose(), key.pvt(), key.verifying_key().hs()) == (SSK, PVT, HS)
    kpak.verify(ID, M, SIGNATURE)
    kpak.prepared().verify(ID, M, SIGNATURE)
    key.verifying_key().verify(M, SIGNATURE)
    eccsi.VerifyingKey(kpak, ID, PVT).prepared().verify(M, SIGNATURE)


def test_a_signature_that_was_changed_is_refused():
    kpak = eccsi.KmsPublicKey.from_bytes(KPAK)
    for at in range(0, 129, 16):
        changed = bytearray(SIGNATURE)
        changed[at] ^= 1
        with pytest.raises(eccsi_sakke.InvalidSignature):
            kpak.verify(ID, M, bytes(changed))
    for wrong in [b"", SIGNATURE[:-1], SIGNATURE + b"\0", bytes(64) + PVT]:
        with pytest.raises(eccsi_sakke.InvalidSignature):
            kpak.verify(ID, M, wrong)


def test_octets_that_are_no_key_say_why():
    with pytest.raises(eccsi_sakke.DecodeError, match="KSAK: integer out of range"):
        eccsi.KmsSecretKey.from_bytes(bytes(32))
    with pytest.raises(eccsi_sakke.DecodeError, match="KPAK: 65 octets expected, 64 given"):
        eccsi.KmsPublicKey.from_bytes(KPAK[:-1])
    with pytest.raises(eccsi_sakke.DecodeError, match="not on the curve"):
        eccsi.IssuedKey.from_parts(SSK, PVT[:-1] + b"\0")
    with pytest.raises(TypeError):
        eccsi.KmsSecretKey.from_bytes("text")


def test_a_key_is_for_its_identity_alone(kms):
    issued = kms.issue(b"alice")
    with pytest.raises(eccsi_sakke.InvalidKey):
        issued.validate(kms.public_key(), b"bob")
    key = issued.validate(kms.public_key(), b"alice")
    assert key.is_for(b"alice") and not key.is_for(b"bob")
    signature = key.sign_checked(b"")
    kms.public_key().verify(b"alice", b"", signature)
    with pytest.raises(eccsi_sakke.InvalidSignature):
        kms.public_key().verify(b"bob", b"", signature)


def test_batches(kms):
    kpak = kms.public_key()
    ids = [b"id %d" % i for i in range(20)]
    keys = [issued.validate(kpak, id) for issued, id in zip(kms.issue_many(ids), ids)]
    signatures = keys[0].sign_many(ids)
    signed = [(ids[0], message, signature) for message, signature in zip(ids, signatures)]
    assert kpak.verify_many(signed) == [True] * 20
    signed[5] = (ids[0], ids[5], signatures[5][:-1])
    signed[7] = (ids[0], ids[8], signatures[7])
    assert kpak.verify_many(signed) == [i not in (5, 7) for i in range(20)]


def test_a_key_ends_with_its_block(kms):
    with kms.issue(b"alice").validate(kms.public_key(), b"alice") as key:
        key.sign(b"message")
    for use in [lambda: key.sign(b"message"), key.expose, key.pvt, key.__enter__, lambda: key.is_for(b"alice")]:
        with pytest.raises(ValueError, match="closed"):
            use()
    key.close()
    with pytest.raises(RuntimeError), kms:
        raise RuntimeError
    with pytest.raises(ValueError, match="closed"):
        kms.issue(b"alice")


def test_nothing_secret_is_shown(kms):
    issued = kms.issue(b"alice")
    for secret in [kms, issued, issued.validate(kms.public_key(), b"alice")]:
        assert repr(secret) == f"<{type(secret).__name__}>"
        with pytest.raises(TypeError):
            __import__("pickle").dumps(secret)


def test_threads_share_keys(kms):
    kpak = kms.public_key()
    key = kms.issue(b"alice").validate(kpak, b"alice")
    failed = []

    def work():
        try:
            for _ in range(20):
                kpak.verify(b"alice", b"message", key.sign(b"message"))
        except Exception as error:  # pragma: no cover
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
