"""MIKEY-SAKKE: a deployed message with its keys, and messages that are made here."""

import base64
import hmac

import pytest
from eccsi_sakke import (
    DecapsulationFailed,
    DecodeError,
    IdentifierError,
    InvalidSignature,
    MessageError,
    eccsi,
    mikey,
    sakke,
)
from vectors import read

FILE = read("mikey_3gpp_sample.json")
SAMPLE = FILE["messages"][0]
OCTETS = bytes.fromhex(SAMPLE["message"])
KPAK = eccsi.KmsPublicKey.from_bytes(bytes.fromhex(FILE["kms"]["KPAK"]))
Z = sakke.KmsPublicKey.from_bytes(bytes.fromhex(FILE["kms"]["Z"]))
NOW = 0xEC898DA8 - 2208988800
PERIOD = FILE["kms"]["UserKeyPeriod"]


class Party:
    def __init__(self, values):
        self.user = mikey.User.mcx(values["user_uri"], FILE["kms"]["kms_uri"], period=PERIOD)
        assert self.user.identity(NOW).hex() == values["uid"]
        issued = eccsi.IssuedKey.from_parts(bytes.fromhex(values["SSK"]), bytes.fromhex(values["PVT"]))
        self.signing = issued.validate(KPAK, self.user.identity(NOW))
        issued = sakke.IssuedKey.from_bytes(bytes.fromhex(values["RSK"]))
        self.receiving = issued.validate(Z, self.user.sakke_identifier(NOW))
        self.known = (self.user, KPAK)
        self.recipient = (self.user, Z)


ALICE, BOB = (Party(values) for values in FILE["users"])


def opened(data, **changed):
    given = {"user": BOB.user, "keys": [ALICE.receiving, BOB.receiving], "initiators": [BOB.known, ALICE.known], "now": NOW}
    given["replay"] = mikey.ReplayCache(16)
    return mikey.open(data, **{**given, **changed})


def built(recipients=(BOB.recipient,), **changed):
    given = {"sender": ALICE.user, "key": ALICE.signing, "z": Z, "time": NOW, "key_id": 0x10000007}
    return mikey.build(list(recipients), **{**given, **changed})


def signed_again(place, octet):
    """What Alice signed, changed at a place and signed again."""
    changed = OCTETS[:place] + bytes([octet]) + OCTETS[place + 1 : -129]
    with pytest.raises(InvalidSignature):
        opened(changed + OCTETS[-129:])
    return changed + ALICE.signing.sign(changed)


def test_the_deployed_message():
    replay = mikey.ReplayCache(16)
    with opened(OCTETS, replay=replay) as message:
        assert message.tgk().hex() == SAMPLE["SSV"]
        assert message.rand().hex() == SAMPLE["RAND"]
        assert message.key_id() == int(SAMPLE["csb_id"], 16)
        assert message.time() == NOW
        assert message.octets() == OCTETS
        assert repr(message) == "<Message>"
    with pytest.raises(ValueError):
        message.tgk()
    assert len(replay) == 1
    with pytest.raises(MessageError, match="there before"):
        opened(OCTETS, replay=replay)


@pytest.mark.parametrize(
    "changed, text",
    [
        ({"now": NOW + mikey.SKEW + 1}, "too old"),
        ({"now": NOW - mikey.SKEW - 1}, "future"),
        ({"now": NOW + PERIOD, "past": 2 * PERIOD}, "key period"),
        ({"now": NOW + mikey.OVERLAP, "overlap": 0, "past": mikey.OVERLAP - 1}, "too old"),
        ({"user": ALICE.user}, "expected identity"),
        ({"user": mikey.User.tel("tel:+447700900123")}, "ID scheme"),
        ({"keys": [ALICE.receiving]}, "no key"),
        ({"keys": []}, "no key"),
        ({"initiators": [BOB.known]}, "not admitted"),
        ({"initiators": []}, "not admitted"),
        ({"initiators": BOB.known}, "expected identity"),
        ({"replay": mikey.ReplayCache(0)}, "no room"),
    ],
)
def test_what_is_not_accepted(changed, text):
    with pytest.raises(MessageError, match=text):
        opened(OCTETS, **changed)


def test_changed_messages():
    for data in [b"", OCTETS[:-1], OCTETS + b"\0"]:
        with pytest.raises(MessageError):
            opened(data)
    with pytest.raises(MessageError, match="PRF 5"):
        opened(OCTETS[:3] + b"\5" + OCTETS[4:])
    last = OCTETS.index(bytes.fromhex(SAMPLE["sakke_data"])) + 272
    with pytest.raises(DecapsulationFailed):
        opened(signed_again(last, OCTETS[last] ^ 1))
    policy = OCTETS.index(bytes.fromhex("000106010110"))
    with pytest.raises(MessageError, match="policy parameter 0"):
        opened(signed_again(policy + 2, 99))


@pytest.mark.parametrize("naming", ["uris", "hidden", "signalling"])
def test_what_is_built_opens(naming):
    (sent,) = built(naming=naming)
    initiators = ALICE.known if naming == "signalling" else [ALICE.known]
    got = opened(sent.octets(), initiators=initiators)
    assert got.tgk() == sent.tgk()
    keys = set()
    for kind in ["tek", "authentication", "encryption", "salt"]:
        for cs_id in [0, 255]:
            keys.add(got.derive(kind, cs_id, 16))
            assert got.derive(kind, cs_id, 16) == sent.derive(kind, cs_id, 16)
    assert len(keys) == 8 and len(got.derive("tek", 0, 256)) == 256
    for wrong in [("tek", 0, 0), ("tek", 0, 257), ("key", 0, 16)]:
        with pytest.raises(ValueError):
            got.derive(*wrong)
    if naming == "signalling":
        with pytest.raises(MessageError, match="not admitted"):
            opened(sent.octets())


def test_a_group():
    sessions = [(0, 0x11223344, 0), (1, 0x55667788, 9)]
    options = {"group": True, "key_id": 0x01234567, "to_self": True, "sessions": sessions}
    first = built([BOB.recipient, ALICE.recipient], **options)
    tgk = first[0].tgk()
    (later,) = built(tgk=bytearray(tgk), rand=first[0].rand(), **options)
    for sent in [first[0], later]:
        got = opened(sent.octets())
        assert (got.tgk(), got.rand()) == (tgk, first[0].rand())
        assert got.group_id(BOB.user.uri) == 0x01234567 != got.key_id()
        # The number of sessions, behind the header its first one.
        assert got.octets()[8:15] == bytes.fromhex("02000011223344")
    own = {"user": ALICE.user, "keys": [ALICE.receiving], "kpak": KPAK, "now": NOW}
    assert mikey.open_own(first[0].octets(), replay=mikey.ReplayCache(1), **own).tgk() == tgk
    with pytest.raises(MessageError, match="to-self"):
        mikey.open_own(OCTETS, replay=mikey.ReplayCache(1), **own)
    with pytest.raises(DecodeError):
        built(tgk=tgk[:15])
    assert built([]) == []


def test_policies_and_sessions():
    policies = {
        3: mikey.SrtpPolicy.RFC_3830.replace(
            encryption_key=32,
            authentication=2,
            tag=20,
            rtcp_tag=4,
            salt=13,
            key_derivation_rate=2**24,
            roc_rate=300,
        ),
        0: mikey.SrtpPolicy.MCX.replace(encryption_key=32),
    }
    sessions = [(3, 1, 2), (0, 2**32 - 1, 0)]
    (sent,) = built(policies=policies, sessions=sessions)
    for message in [sent, opened(sent.octets())]:
        assert message.policies() == policies and message.sessions() == sessions
    (bare,) = built()
    assert bare.policies() == {} and bare.sessions() == []
    with opened(OCTETS) as deployed:
        assert deployed.policies() == {0: mikey.SrtpPolicy.MCX_GROUP}
        assert deployed.sessions() == []
    # What no receiver takes is not sent.
    for wrong in [{"encryption": 3}, {"tag": 3}, {"salt": 15}, {"prf": 1}, {"key_derivation_rate": 3}, {"roc_rate": 2}]:
        with pytest.raises(MessageError, match="policy parameter"):
            built(policies={0: mikey.SrtpPolicy.RFC_3830.replace(**wrong)})
    with pytest.raises(MessageError, match="policy"):
        built(policies=policies, sessions=[(1, 0, 0)])
    with pytest.raises(OverflowError):
        mikey.SrtpPolicy.MCX.replace(tag=256)
    with pytest.raises(OverflowError):
        built(policies={256: mikey.SrtpPolicy.MCX})
    mcx = mikey.SrtpPolicy.MCX
    assert (mcx.encryption, mcx.encryption_key, mcx.salt, mcx.aead_tag, mcx.tag) == (6, 16, 12, 16, 0)
    assert (mcx.authentication, mcx.authentication_key) == (0, 0)
    assert (mcx.rtcp_authentication, mcx.rtcp_authentication_key, mcx.rtcp_tag) == (0, 0, 0)
    group = mcx.replace(authentication=4, tag=4)
    assert group == mikey.SrtpPolicy.MCX_GROUP != mikey.SrtpPolicy.RFC_3830
    assert (group.prf, group.key_derivation_rate, group.roc_rate) == (0, 0, 1)
    assert "encryption: 6" in repr(mcx)


def test_keys_of_signalling():
    message = opened(OCTETS)
    for protection, fc in [("confidentiality", b"\x51"), ("integrity", b"\x52")]:
        # The KDF of TS 33.220 over the client's name and the identifier of the key, each with its length.
        name, key_id = BOB.user.uri.encode(), message.key_id().to_bytes(4, "big")
        text = fc + name + len(name).to_bytes(2, "big") + key_id + b"\0\4"
        assert message.signalling_key(protection, BOB.user.uri) == hmac.digest(message.tgk(), text, "sha256")
    with pytest.raises(ValueError):
        message.signalling_key("both", BOB.user.uri)
    with pytest.raises(MessageError):
        message.signalling_key("integrity", "a" * 65536)


def test_sdp():
    line = f"a=key-mgmt:mikey {base64.b64encode(OCTETS).decode()}"
    with opened(OCTETS) as message:
        assert message.sdp() == line
    description = f"v=0\r\na=key-mgmt:other AAAA\r\n{line}\r\nm=audio 9 RTP/SAVP 0\r\n{line}\r\n"
    assert mikey.sdp_messages(description) == [OCTETS, OCTETS]
    assert mikey.sdp_messages("") == []
    for wrong in ["v=0\n folded", "a=key-mgmt:mikey AA==A", "a=key-mgmt:mikey"]:
        with pytest.raises(MessageError):
            mikey.sdp_messages(f"{line}\n{wrong}")


def test_tel():
    eccsi_values, sakke_values = read("rfc6507_eccsi.json"), read("rfc6508_sakke.json")
    time = 1297000000
    user = mikey.User.tel("tel:+447700900123")
    assert user.identity(time).hex() == eccsi_values["ID"].lower()
    kpak = eccsi.KmsPublicKey.from_bytes(bytes.fromhex(eccsi_values["KPAK"]))
    pair = eccsi.IssuedKey.from_parts(bytes.fromhex(eccsi_values["SSK"]), bytes.fromhex(eccsi_values["PVT"]))
    z = sakke.KmsPublicKey.from_bytes(bytes.fromhex(sakke_values["Z"]))
    rsk = sakke.IssuedKey.from_bytes(bytes.fromhex(sakke_values["Kb"]))
    own = {"sender": user, "key": pair.validate(kpak, user.identity(time)), "z": z, "time": time, "key_id": 1}
    (sent,) = mikey.build([(user, z)], **own)
    keys = [rsk.validate(z, user.sakke_identifier(time))]
    assert opened(sent.octets(), user=user, keys=keys, initiators=[(user, kpak)], now=time).tgk() == sent.tgk()
    with pytest.raises(MessageError, match="UID"):
        mikey.build([(user, z)], naming="hidden", **own)
    with pytest.raises(MessageError, match="ID schemes"):
        mikey.build([BOB.recipient], **own)


def test_what_is_not_built():
    with pytest.raises(ValueError):
        built(naming="names")
    for changed in [{"rand": bytes(256)}, {"time": NOW + PERIOD}, {"time": 2**64 - 1}, {"key": BOB.signing}]:
        with pytest.raises(MessageError):
            built(**changed)
    with pytest.raises(OverflowError):
        built(key_id=2**32)
    for wrong in ["tel:+44 7700", "", "sip:alice@example.org"]:
        with pytest.raises(IdentifierError):
            mikey.User.tel(wrong)
    with pytest.raises(IdentifierError):
        mikey.User.tel("tel:+447700900123", "")
    with pytest.raises(IdentifierError):
        mikey.User.mcx("", "kms.example.org", period=1)
    with pytest.raises(IdentifierError):
        mikey.User.mcx("sip:a@example.org", "kms.example.org", period=5, offset=5)
    with pytest.raises(MessageError):
        mikey.User.tel("tel:+1").identity(2**64 - 1)
    assert mikey.User.tel("tel:+1") == mikey.User.tel("tel:+1") != mikey.User.tel("tel:+1", "kms.example.org")
    assert len({mikey.User.tel("tel:+1"), mikey.User.tel("tel:+1")}) == 1
