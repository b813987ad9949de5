"""How long calls take from Python, the best of many short rounds each: python tests/cost.py, with the package installed."""

import time

from eccsi_sakke import eccsi


def measure(name, calls, call):
    best = float("inf")
    for _ in range(500):
        begin = time.perf_counter_ns()
        for _ in range(calls):
            call()
        best = min(best, (time.perf_counter_ns() - begin) / calls)
    print(f"{best:9.0f} ns  {name}")


kms = eccsi.KmsSecretKey.generate()
kpak = kms.public_key()
key = kms.issue(b"alice").validate(kpak, b"alice")
prepared, table = kpak.prepared(), key.verifying_key().prepared()
signature = key.sign(b"message")
measure("a comparison of octets: SigningKey.is_for", 1_000, lambda: key.is_for(b"alice"))
measure("verify with a prepared VerifyingKey", 20, lambda: table.verify(b"message", signature))
measure("verify with a prepared KmsPublicKey", 20, lambda: prepared.verify(b"alice", b"message", signature))
measure("sign", 20, lambda: key.sign(b"message"))
