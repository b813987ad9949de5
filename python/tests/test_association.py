"""Identifiers of oneM2M, and the IBC-based association."""

import eccsi_sakke
import pytest
from eccsi_sakke import eccsi, onem2m, saef
from vectors import read

CASE = read("saef.json")["tests"][0]
NOW = 1790000000
MEF, SP = "mef.example.com", "sp.example.com"


def test_identifiers():
    id_2 = onem2m.ExpiringIdentity("MEF.example.com", "/CSE1", 1798761600)
    assert str(id_2) == "mef.example.com@2F43534531@20270101T000000"
    assert bytes(id_2) == str(id_2).encode() and onem2m.ExpiringIdentity.parse(str(id_2)) == id_2
    assert (id_2.fqdn, id_2.entity, id_2.expiration) == (MEF, "/CSE1", 1798761600)
    assert id_2.is_live(1798761599) and not id_2.is_live(1798761600) and id_2.is_live(1798761600, skew=1)
    assert len(bytes(id_2.sakke_identifier())) == 32
    assert onem2m.canonical("entity-name", "//SP.example.com/CSE1") == "//sp.example.com/CSE1"
    with pytest.raises(eccsi_sakke.IdentifierError, match="canonical"):
        onem2m.ExpiringIdentity.parse("MEF.example.com@2F43534531@20270101T000000")
    with pytest.raises(eccsi_sakke.IdentifierError, match="two labels"):
        onem2m.canonical("fqdn", "mef")
    with pytest.raises(ValueError, match="no such kind"):
        onem2m.canonical("name", "mef")


def side(trusted, end):
    values = CASE[end]
    issued = eccsi.IssuedKey.from_parts(bytes.fromhex(values["ssk"]), bytes.fromhex(values["pvt"]))
    kpak = eccsi.KmsPublicKey.from_bytes(bytes.fromhex(values["kpak"]))
    id_2 = onem2m.ExpiringIdentity.parse(values["idText"])
    with pytest.raises(eccsi_sakke.AssociationError, match="expired"):
        saef.Credential.install(id_2, issued, kpak, trusted, 2**62)
    return saef.Credential.install(id_2, issued, kpak, trusted, NOW)


def test_both_ends_derive_the_key_of_the_vectors():
    kpak = eccsi.KmsPublicKey.from_bytes(bytes.fromhex(CASE["client"]["kpak"]))
    trusted = saef.TrustedDomains()
    trusted.pin(MEF, SP, kpak)
    other = eccsi.KmsSecretKey.generate().public_key()
    with pytest.raises(eccsi_sakke.AssociationError, match="rollover"):
        trusted.pin(MEF, SP, other)
    trusted.roll_over(MEF, other)
    trusted.retire(MEF, other)
    trusted.serve(MEF, "other.example")
    client, server = side(trusted, "client"), side(trusted, "server")
    assert client.psk_identity() == CASE["client"]["pskIdentity"]

    cse, ae = "//sp.example.com/CSE090112", "//sp.example.com/CSE090112/C190XX7T"
    known = {"trusted": trusted, "now": NOW}
    at_client = client.derive(server.psk_identity(), role="client", expected=cse, **known)
    asked = []
    at_server = server.derive(
        client.psk_identity(), role="server", expected=lambda *who: asked.append(who) or True, **known
    )
    assert asked == [(ae, CASE["client"]["idText"])]
    for key, peer in [(at_client, cse), (at_server, ae)]:
        assert (key.id().hex(), key.expose().hex()) == (CASE["kibcId"], CASE["kibc"])
        assert (key.peer(), key.expiration()) == (peer, 1798761600)

    refused = [
        ({"role": "server", "expected": lambda *who: False}, eccsi_sakke.AssociationError),
        ({"role": "server", "expected": cse}, eccsi_sakke.AssociationError),
        ({"role": "server", "expected": "/CSE1"}, eccsi_sakke.IdentifierError),
        ({"role": "peer", "expected": cse}, ValueError),
        ({"role": "server", "expected": lambda *who: 1 / 0}, ZeroDivisionError),
    ]
    for arguments, error in refused:
        with pytest.raises(error):
            server.derive(client.psk_identity(), **arguments, **known)
    with pytest.raises(eccsi_sakke.AssociationError):
        server.derive("nonsense", role="server", expected=ae, **known)
    with pytest.raises(eccsi_sakke.AssociationError, match="claims the own identity"):
        client.derive(client.psk_identity(), role="client", expected=ae, **known)


def test_what_a_function_raises_is_raised():
    kpak = eccsi.KmsPublicKey.from_bytes(bytes.fromhex(CASE["client"]["kpak"]))
    trusted = saef.TrustedDomains()
    trusted.pin(MEF, SP, kpak)
    client, server = side(trusted, "client"), side(trusted, "server")
    asked = []

    class Answer:
        def __bool__(self):
            raise LookupError("no answer")

    def interrupted(*who):
        asked.append(who)
        raise KeyboardInterrupt

    def derive(expected, peer=client, **times):
        arguments = {"trusted": trusted, "now": NOW, **times}
        return server.derive(peer.psk_identity(), role="server", expected=expected, **arguments)

    with pytest.raises(KeyboardInterrupt):
        derive(interrupted)
    with pytest.raises(LookupError, match="no answer"):
        derive(lambda *who: Answer())
    with pytest.raises(TypeError):
        derive(lambda: True)
    assert len(asked) == 1
    # It is asked of nobody who is refused without it: one whose credential has ended, or who claims the own identity.
    id_2 = onem2m.ExpiringIdentity(MEF, "//sp.example.com/CSE2", NOW + 100)
    issued = eccsi.KmsSecretKey.from_bytes(bytes.fromhex(CASE["client"]["ksak"])).issue(bytes(id_2))
    ends = saef.Credential.install(id_2, issued, kpak, trusted, NOW)
    for times in [{"now": NOW + 400}, {"now": NOW + 100, "skew": 0}]:
        with pytest.raises(eccsi_sakke.AssociationError, match="expired"):
            derive(interrupted, peer=ends, **times)
    with pytest.raises(eccsi_sakke.AssociationError, match="own identity"):
        derive(interrupted, peer=server)
    assert len(asked) == 1
    # Within the skew the credential has ended and is accepted: what is raised then is raised as well.
    with pytest.raises(KeyboardInterrupt):
        derive(interrupted, peer=ends, now=NOW + 399)
    assert len(asked) == 2
