"""The vectors that the C programs take, as a C header on standard output: vectors.py FOLDER."""

import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])


def read(name):
    return json.loads((folder / name).read_text())


def octets(name, digits, length=None):
    digits = digits.rjust(2 * length, "0") if length else digits
    values = ",".join(f"0x{octet:02x}" for octet in bytes.fromhex(digits))
    print(f"static const uint8_t {name}[] = {{{values}}};")


rfc6507, rfc6508 = read("rfc6507_eccsi.json"), read("rfc6508_sakke.json")
saef = read("saef.json")["tests"][0]

for name in ["KSAK", "KPAK", "ID", "PVT", "HS", "SSK", "M", "Sig"]:
    octets(f"rfc6507_{name}", rfc6507[name])
octets("rfc6508_z", rfc6508["z"], 128)
for name in ["Z", "b", "SSV", "encapsulated", "Kb"]:
    octets(f"rfc6508_{name}", rfc6508[name])
for end in ["client", "server"]:
    for name in ["kpak", "tag", "ssk", "pvt"]:
        octets(f"saef_{end}_{name}", saef[end][name])
    for name in ["idText", "pskIdentity"]:
        print(f'static const char saef_{end}_{name}[] = "{saef[end][name]}";')
octets("saef_kibcId", saef["kibcId"])
octets("saef_kibc", saef["kibc"])
