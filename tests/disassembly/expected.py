"""What tests/disassembly/check.py has to find."""

# Functions that may be called, and whether they come back.
CALLEES = {
    r"^(memcpy|memset|memmove|memcmp)\\b": True,
    r"core::slice::index::slice_.*fail": False,
    r"core::panicking::": False,
    r"core::option::(unwrap|expect)_failed": False,
}

EXPECTED = {}
