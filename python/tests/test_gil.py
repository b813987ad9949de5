"""What releases the GIL: as README lists it, no more and no less."""

import pathlib
import re
import sys
import threading
import time

import pytest
from eccsi_sakke import eccsi, mikey, onem2m, saef, sakke
from vectors import read

README = pathlib.Path(__file__).parents[1] / "README.md"
SAKKE = read("rfc6508_sakke.json")
Z_OCTETS = bytes.fromhex(SAKKE["Z"])
z_octets = bytes.fromhex(SAKKE["z"].rjust(256, "0"))
CASE = read("saef.json")["tests"][0]
NOW = 1790000000


def releases(call, seconds):
    """Does another thread run during a call? It could not otherwise: nobody is asked to give the GIL up for a minute."""
    started, ran, ended, before = threading.Event(), [], [], sys.getswitchinterval()

    def work():
        started.set()
        end = time.monotonic() + seconds
        while not ran and time.monotonic() < end:
            call()
        ended.append(not ran)

    sys.setswitchinterval(60)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        started.wait()
        # This line waits for the GIL.
        ran.append(True)
        thread.join()
    finally:
        sys.setswitchinterval(before)
    return ended == [False]


def calls():
    """Each function that README names, called with what it takes."""
    kms = eccsi.KmsSecretKey.generate()
    kpak, issued = kms.public_key(), kms.issue(b"alice")
    key = issued.validate(kpak, b"alice")
    verifying, signature = key.verifying_key(), key.sign(b"message")
    z = sakke.KmsSecretKey.from_bytes(z_octets)
    public, id = z.public_key(), sakke.Identifier.from_raw(b"bob")
    recipient, delivered = public.recipient(id), z.issue(id)
    receiver = delivered.validate(public, id)
    data, ssv = public.encapsulate(id)
    to_prepare = [delivered.validate(public, id) for _ in range(20)]

    trusted = saef.TrustedDomains()
    pinned = eccsi.KmsPublicKey.from_bytes(bytes.fromhex(CASE["client"]["kpak"]))
    trusted.pin("mef.example.com", "sp.example.com", pinned)
    ends = {}
    for end in ["client", "server"]:
        values = CASE[end]
        pair = eccsi.IssuedKey.from_parts(bytes.fromhex(values["ssk"]), bytes.fromhex(values["pvt"]))
        id_2 = onem2m.ExpiringIdentity.parse(values["idText"])
        ends[end] = (id_2, pair, saef.Credential.install(id_2, pair, pinned, trusted, NOW))
    peer = ends["client"][2].psk_identity()
    side = {"role": "server", "expected": "//sp.example.com/CSE090112/C190XX7T", "trusted": trusted, "now": NOW}
    alice = mikey.User.tel("tel:+447700900123")
    identity, identifier = alice.identity(NOW), alice.sakke_identifier(NOW)
    own = {"sender": alice, "key": kms.issue(identity).validate(kpak, identity), "z": public, "time": NOW, "key_id": 7}
    (message,) = mikey.build([(alice, public)], to_self=True, **own)
    keys = [z.issue(identifier).validate(public, identifier)]

    def opens(open, **who):
        return open(message.octets(), user=alice, keys=keys, replay=mikey.ReplayCache(1), now=NOW, **who)

    return {
        "eccsi.KmsSecretKey.generate": eccsi.KmsSecretKey.generate,
        "eccsi.KmsSecretKey.issue": lambda: kms.issue(b"alice"),
        "eccsi.KmsSecretKey.issue_many": lambda: kms.issue_many([b"alice"] * 8),
        "eccsi.KmsPublicKey.prepared": kpak.prepared,
        "eccsi.KmsPublicKey.verify": lambda: kpak.verify(b"alice", b"message", signature),
        "eccsi.KmsPublicKey.verify_many": lambda: kpak.verify_many([(b"alice", b"message", signature)] * 8),
        "eccsi.IssuedKey.validate": lambda: issued.validate(kpak, b"alice"),
        "eccsi.SigningKey.sign": lambda: key.sign(b"message"),
        "eccsi.SigningKey.sign_checked": lambda: key.sign_checked(b"message"),
        "eccsi.SigningKey.sign_many": lambda: key.sign_many([b"message"] * 8),
        "eccsi.VerifyingKey": lambda: eccsi.VerifyingKey(kpak, b"alice", key.pvt()),
        "eccsi.VerifyingKey.prepared": verifying.prepared,
        "eccsi.VerifyingKey.verify": lambda: verifying.verify(b"message", signature),
        "sakke.KmsSecretKey.generate": sakke.KmsSecretKey.generate,
        "sakke.KmsSecretKey.from_bytes": lambda: sakke.KmsSecretKey.from_bytes(z_octets),
        "sakke.KmsSecretKey.issue": lambda: z.issue(id),
        "sakke.KmsSecretKey.issue_many": lambda: z.issue_many([id, id]),
        "sakke.KmsPublicKey.from_bytes": lambda: sakke.KmsPublicKey.from_bytes(Z_OCTETS),
        "sakke.KmsPublicKey.prepared": public.prepared,
        "sakke.KmsPublicKey.prepared_to_validate": public.prepared_to_validate,
        "sakke.KmsPublicKey.encapsulate": lambda: public.encapsulate(id),
        "sakke.KmsPublicKey.encapsulate_ssv": lambda: public.encapsulate_ssv(id, ssv),
        "sakke.KmsPublicKey.encapsulate_many": lambda: public.encapsulate_many([id, id], ssv),
        "sakke.KmsPublicKey.recipient": lambda: public.recipient(id),
        "sakke.Recipient.prepared": recipient.prepared,
        "sakke.Recipient.encapsulate": recipient.encapsulate,
        "sakke.Recipient.encapsulate_ssv": lambda: recipient.encapsulate_ssv(ssv),
        "sakke.IssuedKey.validate": lambda: delivered.validate(public, id),
        "sakke.ReceiverSecretKey.prepared": lambda: to_prepare and to_prepare.pop().prepared(),
        "sakke.ReceiverSecretKey.decapsulate": lambda: receiver.decapsulate(data),
        "sakke.ReceiverSecretKey.decapsulate_many": lambda: receiver.decapsulate_many([data, data]),
        "saef.Credential.install": lambda: saef.Credential.install(*ends["server"][:2], pinned, trusted, NOW),
        "saef.Credential.derive": lambda: ends["server"][2].derive(peer, **side),
        "mikey.build": lambda: mikey.build([(alice, public)], **own),
        "mikey.open": lambda: opens(mikey.open, initiators=(alice, kpak)),
        "mikey.open_own": lambda: opens(mikey.open_own, kpak=kpak),
    }


def test_readme_lists_what_releases_the_gil():
    text = README.read_text()
    listed = text[text.index("Released by") :].split("\n\n")[0]
    there = calls()
    assert re.findall(r"`((?:eccsi|sakke|saef|mikey)\.[\w.]+)`", listed) == list(there)
    held = [name for name, call in there.items() if not releases(call, 5)]
    assert held == []


@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="there is no GIL")
def test_the_search_finds_a_call_that_holds_it():
    key = eccsi.KmsSecretKey.generate()
    assert not releases(key.public_key, 0.3)
    assert not releases(lambda: onem2m.canonical("fqdn", "mef.example.com"), 0.3)
