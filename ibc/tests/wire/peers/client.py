#!/usr/bin/env python3
"""A oneM2M client in the header conventions of open-source platforms: tests/peers/client.py PORT FOLDER

Drives every procedure of a certificate session at a MEF and a MAF on 127.0.0.1:PORT. FOLDER has anchor.pem, and
certificates and keys of the clients device and gateway. Prints where it has registered, waits for a line (a
configuration is written, and at the MEF a command issued), and prints "done" at its end.
"""

import base64
import itertools
import sys

import requests
from requests.adapters import HTTPAdapter

PORT, FOLDER = sys.argv[1:]
DEVICE, GATEWAY = "//sp.example.com/CSE1/C1", "//sp.example.com/CSE2"
PROVIDER, FAR = "sp.example.com", "20270101T000000"
NUMBERS = itertools.count(1)


class Named(HTTPAdapter):
    """Connects to an address, asks for a name there, and takes a certificate of that name only."""

    def __init__(self, name):
        self.name = name
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, server_hostname=self.name, assert_hostname=self.name, **kwargs)


def session(server, client, anchor="anchor"):
    made = requests.Session()
    made.trust_env = False
    made.mount("https://", Named(server))
    made.headers["Host"] = server
    made.verify = f"{FOLDER}/{anchor}.pem"
    made.cert = (f"{FOLDER}/{client}.pem", f"{FOLDER}/{client}.key")
    return made


class Client:
    """One connection; each request as one entity."""

    def __init__(self, server, client, origin):
        self.session, self.origin = session(server, client), origin

    def ask(self, method, path, rsc, ty=None, body=None, status=None):
        number = f"py-{next(NUMBERS)}"
        headers = {"X-M2M-Origin": self.origin, "X-M2M-RI": number, "X-M2M-RVI": "3", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json" + (f";ty={ty}" if ty else "")
        answer = self.session.request(
            method, f"https://127.0.0.1:{PORT}{path}", headers=headers, json=body, timeout=20
        )
        what = f"{method} {path}: {answer.status_code} {dict(answer.headers)} {answer.text}"
        expected = status or {2000: 200, 2001: 201, 2002: 200, 2004: 200, 4004: 404}[rsc]
        assert answer.headers["X-M2M-RSC"] == str(rsc) and answer.status_code == expected, what
        assert answer.headers["X-M2M-RI"] == number and answer.headers["X-M2M-RVI"] == "3", what
        assert answer.headers["Cache-Control"] == "no-store", what
        if rsc == 2001:
            assert answer.headers["Content-Location"].startswith(path + "/"), what
        if answer.content:
            assert answer.headers["Content-Type"] == "application/json", what
            return answer.json()
        return None


def only_the_right_server():
    for server, anchor in [("mef.example.org", "anchor"), ("mef.example.com", "nobody")]:
        try:
            session(server, "device", anchor).get(f"https://127.0.0.1:{PORT}/ibc/kpak", timeout=20)
        except requests.exceptions.SSLError:
            continue
        raise AssertionError(f"{server} is taken under {anchor}")


def registrations(device, server, base, ty, root):
    body = {"fq": server, "adfq": PROVIDER, "et": FAR, "lbl": ["python"]}
    made = device.ask("POST", base, 2001, ty, {root: body})[root]
    assert (made["ty"], made["cr"], made["et"], made["lbl"]) == (ty, DEVICE, FAR, ["python"]), made
    again = device.ask("POST", base, 4117, ty, {root: body}, status=403)
    assert "m2m:dbg" in again, again
    path = f"{base}/{made['ri']}"
    device.ask("GET", f"{path}/cfg", 4004)
    print(path, flush=True)
    sys.stdin.readline()
    configuration = device.ask("GET", f"{path}/cfg", 2000)[root]
    assert configuration == {"ccfg": {"apn": "iot"}}, configuration
    update = {"fq": server, "et": "20261201T000000", "lbl": ["python", "changed"]}
    updated = device.ask("PUT", path, 2004, body={root: update})[root]
    assert updated == {"et": "20261201T000000", "lbl": ["python", "changed"]}, updated
    return path


def keys(device, gateway, server, base, suid):
    body = {"fq": server, "adfq": PROVIDER, "et": "20260901T000000", "suid": suid, "tgis": [GATEWAY]}
    given = base64.b64encode(bytes(range(32))).decode()
    for key_value in (given, None):  # given, and exported from this session
        made = device.ask("POST", base, 2001, 5, {"sec:skr": {**body, **({"kv": key_value} if key_value else {})}})
        made = made["sec:skr"]
        assert made["suid"] == suid and made["tgis"] == [GATEWAY] and "kv" not in made, made
        path = f"{base}/{made['rkid']}"
        key = gateway.ask("GET", path, 2000)["sec:skr"]
        octets = base64.b64decode(key["kv"], validate=True)
        assert len(octets) == 32 and key_value in (None, key["kv"]), key
        assert (key["cr"], key["suid"]) == (DEVICE, suid), key
        update = {"fq": server, "et": "20260801T000000", "tgis": [GATEWAY]}
        updated = device.ask("PUT", path, 2004, body={"sec:skr": update})["sec:skr"]
        assert updated == {"et": "20260801T000000", "tgis": [GATEWAY]}, updated
        assert gateway.ask("GET", path, 2000)["sec:skr"]["et"] == "20260801T000000"
        gateway.ask("DELETE", path, 4004)
        device.ask("DELETE", path, 2002)
        gateway.ask("GET", path, 4004)


def commands(device, path):
    command = device.ask("GET", f"{path}/cmd", 2000)["sec:mecc"]
    assert command["cmst"] == 10 and command["cmds"]["cmar"]["ipca"]["sid"] == DEVICE, command
    issued = enrol(device)
    assert issued["id2"].startswith("mef.example.com@"), issued
    report = {"sec:mecc": {"cmid": command["cmid"], "cmst": 20}}
    following = device.ask("PUT", f"{path}/cmd", 2004, body=report)["sec:mecc"]
    assert following["cmid"] != command["cmid"] and "nmca" in following["cmds"]["cmar"], following


def enrol(device):
    answer = device.session.post(f"https://127.0.0.1:{PORT}/ibc/enrol", json={"id": DEVICE}, timeout=20)
    assert (answer.status_code, answer.headers["X-M2M-RSC"]) == (201, "2001"), answer.text
    return answer.json()


def main():
    only_the_right_server()
    for server, base, ty, root, suid in [
        ("mef.example.com", "/mef", 4, "sec:mecr", 22),
        ("maf.example.com", "/maf", 3, "sec:macr", 32),
    ]:
        device, gateway = Client(server, "device", DEVICE), Client(server, "gateway", GATEWAY)
        path = registrations(device, server, base, ty, root)
        keys(device, gateway, server, base, suid)
        if base == "/mef":
            commands(device, path)
        device.ask("DELETE", path, 2002)
        device.ask("DELETE", path, 4004)
    print("done")


main()
