"""The IBC-based security association of oneM2M (TS-0003): two ends that know each other's names derive one key. With the values
of `saef.json`.

client to server: PSK identity of 151 characters
server: admits //sp.example.com/CSE090112/C190XX7T
client: has the key of //sp.example.com/CSE090112
both: KibcID and Kibc of the vectors, until 20270101T000000
"""

from datetime import datetime, timezone

from eccsi_sakke import eccsi, onem2m, saef
from vectors import SAEF

NOW = 1790000000
CSE = "//sp.example.com/CSE090112"


def install(end, trusted):
    """What a MEF delivered, checked against the KPAK that was pinned before."""
    values = SAEF[end]
    issued = eccsi.IssuedKey.from_parts(bytes.fromhex(values["ssk"]), bytes.fromhex(values["pvt"]))
    kpak = eccsi.KmsPublicKey.from_bytes(bytes.fromhex(values["kpak"]))
    return saef.Credential.install(onem2m.ExpiringIdentity.parse(values["idText"]), issued, kpak, trusted, NOW)


trusted = saef.TrustedDomains()
trusted.pin(
    "mef.example.com", "sp.example.com", eccsi.KmsPublicKey.from_bytes(bytes.fromhex(SAEF["client"]["kpak"]))
)
with install("client", trusted) as client, install("server", trusted) as server:
    print(f"client to server: PSK identity of {len(client.psk_identity())} characters")
    at_client = client.derive(server.psk_identity(), role="client", expected=CSE, trusted=trusted, now=NOW)

    def admit(entity, id_2):
        print(f"server: admits {entity}")
        return entity.startswith(CSE + "/")

    at_server = server.derive(client.psk_identity(), role="server", expected=admit, trusted=trusted, now=NOW)
    print(f"client: has the key of {at_client.peer()}")
    with at_client, at_server:
        for key in [at_client, at_server]:
            assert (key.id().hex(), key.expose().hex()) == (SAEF["kibcId"], SAEF["kibc"])
        end = datetime.fromtimestamp(at_server.expiration(), timezone.utc)
        print(f"both: KibcID and Kibc of the vectors, until {end:%Y%m%dT%H%M%S}")
