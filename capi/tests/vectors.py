"""The vectors that the C programs take, as a C header on standard output: vectors.py FOLDER."""

import base64
import hmac
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
mikey = read("mikey_3gpp_sample.json")

for name in ["KSAK", "KPAK", "ID", "PVT", "HS", "SSK", "M", "Sig"]:
    octets(f"rfc6507_{name}", rfc6507[name])
octets("rfc6508_z", rfc6508["z"], 128)
for name in ["Z", "b", "SSV", "encapsulated", "Kb"]:
    octets(f"rfc6508_{name}", rfc6508[name])
# p of RFC 6509 Appendix A and q = (p + 1) / 4: an identifier that this z has no key for, and a point of another order.
p = int(
    "997ABB1F0A563FDA65C61198DAD0657A416C0CE19CB48261BE9AE358B3E01A2EF40AAB27E2FC0F1B228730D531A59CB0E791B39FF7C88A19356D27F4A666A6D0"
    "E26C6487326B4CD4512AC5CD65681CE1B6AFF4A831852A82A7CF3C521C3C09AA9F94D6AF56971F1FFCE3E82389857DB080C5DF10AC7ACE87666D807AFEA85FEB",
    16,
)
q, x = (p + 1) // 4, 5
y = pow(x**3 - 3 * x, q, p)
assert (y * y - x**3 + 3 * x) % p == 0
octets("sakke_without_key", f"{q - int(rfc6508['z'], 16):x}", 128)
octets("sakke_other_order", f"04{x:0256x}{y:0256x}")
for end in ["client", "server"]:
    for name in ["kpak", "tag", "ssk", "pvt"]:
        octets(f"saef_{end}_{name}", saef[end][name])
    for name in ["idText", "pskIdentity"]:
        print(f'static const char saef_{end}_{name}[] = "{saef[end][name]}";')
octets("saef_kibcId", saef["kibcId"])
octets("saef_kibc", saef["kibc"])

for name in ["KPAK", "Z"]:
    octets(f"mikey_{name}", mikey["kms"][name])
for user, whose in zip(["alice", "bob"], mikey["users"]):
    for name in ["uid", "SSK", "PVT", "RSK"]:
        octets(f"mikey_{user}_{name}", whose[name])
sample = mikey["messages"][0]
for name, part in [("message", "message"), ("SSV", "SSV"), ("RAND", "RAND"), ("data", "sakke_data")]:
    octets(f"mikey_{name}", sample[part])
parts = {name: part for payload in sample["payloads"] for name, part in payload.items()}
octets("mikey_policy", parts["SP"]["data"])
# TS 33.180 Annex F.1: the KDF of TS 33.220 over FC, the client's name and the identifier of the key, each with its length.
uri, key_id = mikey["users"][1]["user_uri"].encode(), bytes.fromhex(sample["csb_id"])
for name, fc in [("confidentiality", 0x51), ("integrity", 0x52)]:
    text = bytes([fc]) + uri + len(uri).to_bytes(2, "big") + key_id + b"\0\4"
    octets(f"mikey_{name}", hmac.new(bytes.fromhex(sample["SSV"]), text, "sha256").hexdigest())
print(f'static const char mikey_sdp[] = "a=key-mgmt:mikey {base64.b64encode(bytes.fromhex(sample["message"])).decode()}";')
print(f"#define mikey_key_id 0x{sample['csb_id']}u")
# Seconds of NTP begin in 1900. The other one is in the month of the identity of RFC 6507.
print(f"#define mikey_time {int(parts['T']['ts'], 16) // 2**32 - 2208988800}u")
print("#define tel_time 1297000000u")
