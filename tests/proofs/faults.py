"""Faults that are planted in machine code, one instruction at a time."""

WITHOUT_CARRY = {"adc": "add", "adcx": "add", "adox": "add", "sbb": "sub"}
# Change nothing by themselves.
WITHOUT_EFFECT = ("nop", "vzeroupper", "int3", "endbr64")
# A fault here is one of the frame, and stops the run in other ways.
OTHER_CONSTANT = ("pop", "push", "call", "jmp", "ret")


def faults(mnemonic, parts):
    """(what, the wrong instruction): left out; without its carry; with another constant; the other half of a product; the other
    source."""
    if mnemonic in WITHOUT_EFFECT:
        return
    yield "left out", ("nop", ())
    if mnemonic in WITHOUT_CARRY and parts[0] != parts[1]:
        yield "without its carry", (WITHOUT_CARRY[mnemonic], parts)
    if parts and parts[-1][0] == "i" and mnemonic not in OTHER_CONSTANT:
        yield "another constant", (mnemonic, parts[:-1] + (("i", parts[-1][1] + 1),))
    if mnemonic == "vpmadd52luq":
        yield "the other half", ("vpmadd52huq", parts)
    if mnemonic == "vpmadd52huq":
        yield "the other half", ("vpmadd52luq", parts)
    if mnemonic.startswith("cmov"):
        yield "always", ("mov", parts)


def body(program, start, contracts=()):
    """The instructions from an address on to the return, and those of what is called or jumped to, once each."""
    found, todo = {}, [start]
    while todo:
        at = todo.pop()
        while at not in found and at in program.code:
            mnemonic, parts = program.decoded(at)
            found[at] = None
            if mnemonic in ("ret", "ud2"):
                break
            if parts and parts[0][0] == "a" and parts[0][1] not in contracts:
                todo.append(parts[0][1])
            if mnemonic == "jmp":
                break
            at = program.next[at]
    return sorted(found)
