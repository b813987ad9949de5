"""Writes a C program part that calls every function of the header wrongly: misuse.py HEADER.

For each function: once as it should be; then, argument by argument, with NULL, with a handle of another type, and with a
length that is not the right one. A function that this file does not know how to call is an error, so that none is left out.

Besides, a check that each code of the header was given by some call, but those of which the header says that none gives them.
"""

import re
import sys

MANY = 2

# What a right call gives for an argument, by "function.argument", else by the argument's name.
INPUTS = {
    "es_ksak_from_bytes.data": ("f.ksak_octets", "32"),
    "es_kpak_from_bytes.data": ("f.kpak_octets", "65"),
    "es_sakke_secret_from_bytes.data": ("f.z_octets", "128"),
    "es_sakke_public_from_bytes.data": ("f.public_octets", "257"),
    "es_sakke_issued_from_bytes.data": ("f.rsk_octets", "257"),
    "es_sakke_id_from_raw.data": ("f.name", "5"),
    "es_sakke_id_from_raw_with_zeros.data": ("f.name", "5"),
    "es_sakke_id_hash_of.data": ("f.name", "5"),
    "es_id_2_parse.data": ("f.id_2_text", "strlen(f.id_2_text)"),
    "es_sakke_key_decapsulate.data": ("f.data", "273"),
    "es_sakke_key_decapsulate_many.data": ("f.data", f"273 * {MANY}"),
    "es_mikey_open.data": ("f.to_open[0]", "f.to_open_length[0]"),
    "es_mikey_open_from.data": ("f.to_open[1]", "f.to_open_length[1]"),
    "es_mikey_open_own.data": ("f.to_open[2]", "f.to_open_length[2]"),
    "es_mikey_user_tel.uri": ("f.tel", "strlen(f.tel)"),
    "uri": ("f.uri", "strlen(f.uri)"),
    "description": ("f.sdp", "f.sdp_length"),
    "kms_uri": ("f.kms_uri", "strlen(f.kms_uri)"),
    "tgk": ("f.ssv", "16"),
    "id": ("f.id_2_text", "strlen(f.id_2_text)"),
    "message": ("f.name", "5"),
    "signature": ("f.signature", "129"),
    "ssk": ("f.ssk_octets", "32"),
    "pvt": ("f.pvt_octets", "65"),
    "ssv": ("f.ssv", "16"),
    "uid": ("f.uid", "32"),
    "tag": ("f.tag", "3"),
    "text": ("f.fqdn", "strlen(f.fqdn)"),
    "fqdn": ("f.fqdn", "strlen(f.fqdn)"),
    "provider": ("f.provider", "strlen(f.provider)"),
    "entity": ("f.entity", "strlen(f.entity)"),
    "expected": ("f.peer_entity", "strlen(f.peer_entity)"),
    "peer": ("f.peer", "strlen(f.peer)"),
}
# Inputs whose length is given, and the code for another.
FIXED = {name: "ES_LENGTH" for name in ["ssk", "pvt", "uid", "tag", "tgk"]} | {
    "es_ksak_from_bytes.data": "ES_LENGTH",
    "es_kpak_from_bytes.data": "ES_LENGTH",
    "es_sakke_secret_from_bytes.data": "ES_LENGTH",
    "es_sakke_public_from_bytes.data": "ES_LENGTH",
    "es_sakke_issued_from_bytes.data": "ES_LENGTH",
    "es_sakke_key_decapsulate.data": "ES_DECAPSULATION_FAILED",
    "es_sakke_key_decapsulate_many.data": "ES_LENGTH",
    "es_mikey_open.data": "ES_MIKEY_MALFORMED",
    "es_mikey_open_from.data": "ES_MIKEY_MALFORMED",
    "es_mikey_open_own.data": "ES_MIKEY_MALFORMED",
    "signature": "ES_INVALID_SIGNATURE",
    "ssv": "ES_LENGTH",
}
# Octets of an output.
OUTPUTS = {
    "es_ksak_expose.out": 32,
    "es_kpak_to_bytes.out": 65,
    "es_issued_key_expose.out": 32,
    "es_issued_key_pvt.out": 65,
    "es_signing_key_expose.out": 32,
    "es_signing_key_pvt.out": 65,
    "es_verifying_key_hs.out": 32,
    "es_sakke_secret_expose.out": 128,
    "es_sakke_public_to_bytes.out": 257,
    "es_sakke_issued_expose.out": 257,
    "es_sakke_key_expose.out": 257,
    "es_kpak_tag.out": 3,
    "es_shared_key_id.out": 16,
    "es_shared_key_expose.out": 32,
    "es_mikey_message_tgk.out": 16,
    # The most of all that there may be.
    "es_mikey_message_derive.out": 256,
    "es_mikey_message_signalling_key.out": 32,
    "es_sakke_public_encapsulate_many.data": 273 * MANY,
    "es_sakke_key_decapsulate_many.ssv": 16 * MANY,
    "signature": 129,
    "signatures": 129 * MANY,
    "data": 273,
    "ssv": 16,
}
# Handles that are not those of their type.
HANDLES = {"es_mikey_open_own.kpak": "f.mikey_kpak"}
LISTS = {
    "const es_octets*": "f.strings",
    "const es_signed*": "f.signed_list",
    "const es_signed_with*": "f.signed_with",
    "const es_delivered*": "f.delivered",
    "const es_sakke_delivered*": "f.sakke_delivered",
    "const es_sakke_id*const*": "f.sakke_ids",
    "const es_mikey_draft*": "&f.draft",
    "const es_mikey_sender*": "&f.sender",
    "const es_mikey_recipient*": "f.recipients",
    "const es_mikey_initiator*": "f.initiators",
    "const es_mikey_receiver*": "&f.receiver",
}
NUMBERS = {"kind": "ES_FQDN", "expiration": "1798761600u", "now": "1790000000u", "skew": "300", "count": str(MANY)} | {
    "es_mikey_message_derive.kind": "ES_MIKEY_TEK",
    "protection": "ES_MIKEY_INTEGRITY",
    "profile": "ES_MIKEY_MCX",
    "number": "7",
    "from": "0",
    "cs_id": "4",
    "period": "16777215u",
    "offset": "0",
    "time": "mikey_time",
    "places": "16",
    "es_mikey_open.now": "mikey_time",
    "es_mikey_open_from.now": "mikey_time",
    "es_mikey_open_own.now": "mikey_time",
}
# Outputs that may be shorter.
ANY_LENGTH = {"es_mikey_message_derive.out"}
# Room for values whose number is not fixed.
CAPACITY = {
    "uint8_t*": ("out", "sizeof out"),
    "es_mikey_policy*": ("policies_out", "2"),
    "es_mikey_session*": ("sessions_out", "2"),
}
# Numbers of which a function knows some.
CHOICES = ["kind", "protection", "profile"]
# Without any pointer that has to be there.
NOT_CALLED = {"es_version", "es_error_text"}


def functions(header):
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    for name, arguments in re.findall(r"^(?:es_error|void)\s+(es_\w+)\(([^;{]*?)\);", text, flags=re.M | re.S):
        parsed = []
        for argument in " ".join(arguments.split()).split(", "):
            kind, pointer, word = re.fullmatch(r"(.*?)((?:\s*\*\s*|\s*\*const\s*)*)\s*\b(\w+)", argument).groups()
            parsed.append((re.sub(r"\s*\*\s*", "*", (kind + pointer).strip()), word))
        yield name, parsed


def codes(header):
    """Each code, and whether the header says that a call gives it."""
    body = re.search(r"typedef enum \{((?:(?!typedef enum).)*)\} es_error;", header, flags=re.S).group(1)
    found = re.findall(r"/\*\*(.*?)\*/\s*(ES_\w+) = \d+", body, flags=re.S)
    assert len(found) == len(re.findall(r"\bES_\w+ = \d+", body)) > 40, len(found)
    return [(name, "No input is known" not in " ".join(text.replace("*", " ").split())) for text, name in found]


def is_handle(kind, opaque):
    return re.sub(r"^const |\*$", "", kind) in opaque and kind.endswith("*") and not kind.endswith("**")


def calls(name, arguments, opaque):
    """The right arguments, and the wrong ones as (place, value, code)."""
    right, wrong = [], []
    for at, (kind, word) in enumerate(arguments):
        key = f"{name}.{word}"
        following = arguments[at + 1][1] if at + 1 < len(arguments) else ""
        if is_handle(kind, opaque):
            handle = re.sub(r"^const |\*$", "", kind)
            right.append(HANDLES.get(key) or f"f.{handle[3:]}")
            other = "f.ksak" if handle != "es_ksak" else "f.kpak"
            wrong.append((at, "NULL", "ES_BAD_POINTER"))
            wrong.append((at, f"({kind.replace('*', ' *')}){other}", "ES_BAD_HANDLE"))
            wrong.append((at, f"({kind.replace('*', ' *')})f.odd", "ES_BAD_HANDLE"))
        elif kind.endswith("**"):
            many = name.endswith("_many")
            right.append(f"{'many' if many else 'one'}.{kind[3:-2]}")
            wrong.append((at, "NULL", "ES_BAD_POINTER"))
        elif kind in ("const uint8_t*", "const char*"):
            value, length = INPUTS.get(key) or INPUTS[word]
            cast = "(const uint8_t *)" if kind == "const uint8_t*" else "(const char *)"
            right.append(cast + value)
            wrong.append((at, "NULL", "ES_BAD_POINTER"))
            code = FIXED.get(key) or (FIXED.get(word) if key not in INPUTS else None)
            if code:
                wrong.append((at + 1, f"({length}) - 1", code))
                wrong.append((at + 1, "0", code))
            # More than any memory has, up to what is negative as a signed number.
            wrong.append((at + 1, "SIZE_MAX", "ES_LENGTH"))
            wrong.append((at + 1, "SIZE_MAX / 2 + 1", "ES_LENGTH"))
        elif following == "capacity" and kind != "char*":
            right.append(CAPACITY[kind][0])
            wrong += [(at, "NULL", "ES_BAD_POINTER"), (at + 1, "1", "ES_BUFFER_TOO_SMALL"), (at + 1, "0", "ES_BUFFER_TOO_SMALL")]
        elif kind == "uint8_t*":
            size = OUTPUTS.get(key) or OUTPUTS[word]
            right.append("out")
            wrong += [(at, "NULL", "ES_BAD_POINTER"), (at + 1, str(size + 1), "ES_LENGTH")]
            if key not in ANY_LENGTH:
                wrong.append((at + 1, str(size - 1), "ES_LENGTH"))
            wrong += [(at + 1, "0", "ES_LENGTH"), (at + 1, "SIZE_MAX", "ES_LENGTH")]
        elif kind == "char*":
            right.append("text")
            wrong += [(at, "NULL", "ES_BAD_POINTER"), (at + 1, "1", "ES_BUFFER_TOO_SMALL"), (at + 1, "0", "ES_BUFFER_TOO_SMALL")]
        elif kind == "size_t" and (word.endswith("_length") or word in ("length", "capacity")):
            before, place = arguments[at - 1]
            if before == "char*":
                right.append("sizeof text")
            elif word == "capacity":
                right.append(CAPACITY[before][1])
            elif before == "uint8_t*":
                right.append(str(OUTPUTS.get(f"{name}.{place}") or OUTPUTS[place]))
            else:
                right.append((INPUTS.get(f"{name}.{place}") or INPUTS[place])[1])
        elif kind in LISTS:
            right.append(LISTS[kind])
            wrong.append((at, "NULL", "ES_BAD_POINTER"))
        elif kind == "es_error*":
            right.append("outcomes")
            wrong.append((at, "NULL", "ES_BAD_POINTER"))
        elif kind == "const es_side*":
            right.append("&f.side")
            wrong.append((at, "NULL", "ES_BAD_POINTER"))
        elif kind == "es_admit_fn":
            right.append("f_admit")
            wrong.append((at, "NULL", "ES_BAD_POINTER"))
        elif kind == "size_t*" and word == "refused" or kind in ("const es_random*", "void*"):
            right.append("NULL")
        elif kind == "es_mikey_policy*":
            right.append("policies_out")
            wrong.append((at, "NULL", "ES_BAD_POINTER"))
        elif kind in ("size_t*", "uint64_t*", "uint32_t*", "int32_t*"):
            right.append(f"&{kind[:-1].replace('_t', '')}_out")
            wrong.append((at, "NULL", "ES_BAD_POINTER"))
        else:
            right.append(NUMBERS.get(key) or NUMBERS[word])
            if word == "count":
                wrong.append((at, "SIZE_MAX", "ES_LENGTH"))
            if word in CHOICES:
                wrong.append((at, "99", "ES_VALUE"))
    return right, wrong


def main():
    header = open(sys.argv[1]).read()
    opaque = re.findall(r"^typedef struct (es_\w+) \1;", header, flags=re.M)
    declared = set(re.findall(r"\b(es_\w+)\(", re.sub(r"/\*.*?\*/", "", header, flags=re.S)))
    seen = {name for name, _ in functions(header)}
    assert declared - seen == NOT_CALLED, declared ^ seen ^ NOT_CALLED
    print('#include "fixtures.h"\n\nstatic unsigned checks;\n')
    print("#define WRONG(code, call) do { EXPECT(code, call); checks += 1; } while (0)\n")
    for name, arguments in functions(header):
        if name.endswith("_free"):
            print(f"static void check_{name}(void) {{\n    {name}(NULL);\n    {name}(({name[:-5]} *)(void *)f.other_{int(name == 'es_ksak_free')});\n    checks += 2;\n}}\n")
            continue
        right, wrong = calls(name, arguments, opaque)
        print(f"static void check_{name}(void) {{")
        given = [(kind[:-2], value) for (kind, _), value in zip(arguments, right) if kind.endswith("**")]
        release = ""
        for handle, place in given:
            count = MANY if name.endswith("_many") else 1
            release += f"    for (int i = 0; i < {count}; i++) {handle}_free({place}[i]);\n"
        print(f"    OK({name}({', '.join(right)}));\n{release}", end="")
        words = [word for _, word in arguments]
        for at, value, code in wrong:
            arguments_now = right[:at] + [value] + right[at + 1 :]
            # What C has cleared reads as ES_OK; more items than fit into memory have no outcomes.
            reported = "outcomes" in words and words[at] != "outcomes" and value != "SIZE_MAX"
            if reported:
                print("    memset(outcomes, 0, sizeof outcomes);")
            print(f"    WRONG({code}, {name}({', '.join(arguments_now)}));")
            if reported:
                print(f"    for (int i = 0; i < {MANY}; i++) CHECK(outcomes[i] == {code});")
            for handle, place in given:
                if value != "NULL" or place != right[at]:
                    print(f"    CHECK({place}[0] == NULL);")
        print("}\n")
    print("void test_codes(void) {")
    for name, given in codes(header):
        print(f"    CHECK(produced[{name}] == {int(given)});")
        print(f'    CHECK(strcmp(es_error_text({name}), "unknown error") != 0);')
    print("}\n")
    print("void test_misuse(void) {\n    fixtures_make();")
    for name, _ in functions(header):
        print(f"    check_{name}();")
    print('    fixtures_free();\n    printf("%u wrong calls refused\\n", checks);\n    CHECK(checks > 400);\n}')


main()
