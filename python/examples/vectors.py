"""The values of the RFCs and of the association that the examples compare with."""

import json
import pathlib

FOLDER = pathlib.Path(__file__).parents[2] / "vectors"


def read(name):
    return json.loads((FOLDER / name).read_text())


def octets(values, names, sizes={}):
    return {name: bytes.fromhex(values[name].rjust(2 * sizes.get(name, 0), "0")) for name in names}


RFC_6507 = octets(read("rfc6507_eccsi.json"), ["KSAK", "KPAK", "ID", "SSK", "PVT", "HS", "M", "Sig"])
RFC_6508 = octets(read("rfc6508_sakke.json"), ["z", "Z", "b", "Kb", "SSV", "encapsulated"], {"z": 128})
SAEF = read("saef.json")["tests"][0]
