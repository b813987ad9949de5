"""What fails when the system gives no random numbers: that is arranged in a process that this one makes, by seccomp."""

import ctypes
import errno
import os
import platform
import struct
import traceback

import eccsi_sakke
import pytest
from eccsi_sakke import eccsi, sakke

# The number of the system call getrandom.
GETRANDOM = {"x86_64": 318, "aarch64": 278}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000


def without_randomness():
    """From now on the system refuses this process each random octet."""
    instructions = [
        (LOAD, 0, 0, 0),  # The number of the call.
        (JUMP_IF_EQUAL, 0, 1, GETRANDOM[platform.machine()]),
        (RETURN, 0, 0, FAIL | errno.EIO),
        (RETURN, 0, 0, ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in instructions))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(instructions), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0, ctypes.get_errno()


def in_a_process(check):
    child = os.fork()
    if child == 0:
        try:
            without_randomness()
            check()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_nothing_is_made_without_randomness():
    master = eccsi.KmsSecretKey.generate()
    key = master.issue(b"id").validate(master.public_key(), b"id")
    receivers = sakke.KmsSecretKey.generate().public_key()

    def check():
        for make in (
            eccsi.KmsSecretKey.generate,
            sakke.KmsSecretKey.generate,
            lambda: master.issue(b"id"),
            lambda: key.sign(b"message"),
            lambda: receivers.encapsulate(sakke.Identifier.from_raw(b"id")),
        ):
            with pytest.raises(eccsi_sakke.RandomError):
                make()

    in_a_process(check)


def test_the_arrangement_shows():
    with pytest.raises(AssertionError):
        in_a_process(lambda: eccsi.KmsSecretKey.from_bytes(bytes(32)))
    in_a_process(lambda: eccsi.KmsSecretKey.from_bytes(bytes([1] * 32)))
