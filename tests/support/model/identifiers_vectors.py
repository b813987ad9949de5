#!/usr/bin/env python3
"""Writes vectors/identifiers.json and vectors/expiring_identity.json.

Every verdict and canonical text below is written down by hand from the cited clauses. The script only
numbers the cases, repeats characters for boundary lengths, and computes hexBinary and POSIX time with
Python's own library. It does not run the crate. Run it from the root of the repository; with --check it
compares the files and writes nothing.
"""

import json
import sys
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

NOTES = {
    "Valid": "A valid text in canonical form.",
    "Canonicalised": "A valid second spelling, which is stored in canonical form.",
    "Boundary": "A length or count at its bound, or the first one beyond it.",
    "Empty": "The text or a part of it is empty.",
    "HostName": "RFC 1035, RFC 1123: labels of 1 to 63 letters, digits and inner hyphens, 253 octets in all.",
    "SingleLabel": "An FQDN has at least two labels.",
    "IpAddress": "An address is no FQDN; RFC 3696 section 2: the last label is not all digits.",
    "NotAscii": "International names only as A-labels (RFC 5890); identifiers only in ASCII.",
    "NotAName": "Scheme, port, user, wildcard or another part that is not of the name.",
    "NotCanonical": "A second spelling where only the canonical one is allowed.",
    "EntityForm": "TS-0001 clause 7.2: /cse, //provider/cse, /S..., /cse/C..., and absolute.",
    "Segment": "TS-0001 clause 7.2, RFC 3986 section 2.3: one or more unreserved characters.",
    "DotSegment": "RFC 3986 section 5.2.4 removes '.' and '..'; no name is made of them here.",
    "Stem": "TS-0001 clause 7.2: a stem is C or S and more; other letters are reserved.",
    "BareStem": "A bare stem is not unique outside its registrar and is no identity.",
    "Ambiguous": "The form allows both a CSE-ID and an AE-ID.",
    "CaseMatters": "Segments and names keep their case.",
    "Hex": "XML Schema hexBinary: an even number of digits, nothing else.",
    "TimeForm": "TS-0004 clause 6.3.3: YYYYMMDDThhmmss, UTC, no zone.",
    "Calendar": "No such date or time of day.",
    "LeapYear": "Gregorian rule for 29 February.",
    "Range": "Years 1970 to 9999.",
    "Fraction": "TS-0004 clause 6.3.3 lets a receiver accept a fraction after a comma; not in an ID_2.",
    "KeyId": "TS-0003 clauses 10.3.4, 10.3.5: relative part, one '@', FQDN.",
    "WideRelativePart": "TS-0003 clause 12.2 sec:relKeyID: letters, digits, '.', '_', '-'.",
    "RelativePart": "TS-0003 clauses 10.5, 10.6: letters, digits, '.', '_', '-'.",
    "CaseInsensitive": "TS-0003 clause 10.6: the relative part of a KmID is not case-sensitive.",
    "CredentialForm": "TS-0003 clause 10.4: two digits, '-', value.",
    "CredentialType": "TS-0003 clause 12.3.2.1: no such type.",
    "ProjectValue": "A value of this project where Release 3 has none.",
    "SecurityUsage": "TS-0004 clause 6.3.4.2.39: no such usage.",
    "Path": "TS-0003 clause 8.3.2.1: /fetchCredentials/<KeID>/<SUID>.",
    "Parts": "Not the parts that '@' should separate.",
    "Notation": "Brackets in the formula of an ID_2 are notation, not characters.",
    "PskLength": "A PSK identity of 255 octets: FQDN + 2 * identifier is at most 189.",
}

SAME = object()  # the canonical text is the input
A63, A64 = "a" * 63, "a" * 64
NAME_253 = ".".join([A63, A63, A63, "a" * 61])
NAME_254 = ".".join([A63, A63, A63, "a" * 62])
HEX32 = "00112233445566778899AABBCCDDEEFF"
KC = "A1B2C3D4E5F60718293A4B5C6D7E8F90"
# 64 + 1 + 63 = 128 octets: labels of 59 and 3
FQDN_63 = "b" * 59 + ".com"
FQDN_64 = "b" * 60 + ".com"
assert (len(NAME_253), len(NAME_254), len(FQDN_63), len(FQDN_64)) == (253, 254, 63, 64)

ROWS = []


def ok(kind, text, *flags, canonical=SAME, comment=""):
    canonical = text if canonical is SAME else canonical
    flags = flags or (("Valid",) if canonical == text else ("Canonicalised",))
    ROWS.append(dict(comment=comment, type=kind, input=text, result="valid", canonical=canonical, flags=list(flags)))


def no(kind, text, *flags, comment=""):
    assert flags
    ROWS.append(dict(comment=comment, type=kind, input=text, result="invalid", flags=list(flags)))


# --- Fqdn
F = "Fqdn"
ok(F, "mef.example.com")
ok(F, "MEF.Example.COM", canonical="mef.example.com")
ok(F, "mef.example.com.", canonical="mef.example.com", comment="final dot")
ok(F, "MEF.EXAMPLE.COM.", canonical="mef.example.com", comment="upper case and final dot")
ok(F, "xn--mnchen-3ya.example", comment="A-label")
ok(F, "a.b", comment="shortest")
ok(F, "1mef.2example.com", comment="labels that begin with a digit")
ok(F, "192.0.2.1.example", comment="digits in front of a name")
ok(F, "a--b.example", comment="inner hyphens")
ok(F, A63 + ".example", "Valid", "Boundary", comment="label of 63")
no(F, A64 + ".example", "HostName", "Boundary", comment="label of 64")
ok(F, NAME_253, "Valid", "Boundary", comment="name of 253")
ok(F, NAME_253 + ".", "Canonicalised", "Boundary", canonical=NAME_253, comment="name of 253 and a final dot")
no(F, NAME_254, "HostName", "Boundary", comment="name of 254")
no(F, "", "Empty")
no(F, ".", "Empty", comment="a dot alone")
no(F, "mef", "SingleLabel")
no(F, "mef.", "SingleLabel", comment="one label and a final dot")
no(F, "-mef.example.com", "HostName")
no(F, "mef-.example.com", "HostName")
no(F, "mef.example.com-", "HostName")
no(F, "mef..example.com", "HostName")
no(F, ".mef.example.com", "HostName")
no(F, "mef.example.com..", "HostName", comment="two final dots")
no(F, "mef_1.example.com", "HostName", comment="underscore")
no(F, "192.0.2.1", "IpAddress")
no(F, "mef.example.123", "IpAddress")
no(F, "[2001:db8::1]", "IpAddress")
no(F, "2001:db8::1", "IpAddress")
no(F, "mef.example.com:443", "NotAName")
no(F, "https://mef.example.com", "NotAName")
no(F, "//mef.example.com", "NotAName")
no(F, "user@mef.example.com", "NotAName")
no(F, "*.example.com", "NotAName", comment="wildcard")
no(F, "mef.example.com/", "NotAName")
no(F, "mef example.com", "HostName", comment="space")
no(F, " mef.example.com", "HostName")
no(F, "mef.example.com\n", "HostName")
no(F, "mef.example.com\u0000", "HostName")
no(F, "b\u00fccher.example", "NotAscii", comment="U-label")
no(F, "mef\u3002example\u3002com", "NotAscii", comment="ideographic full stops")
no(F, "\u212aelvin.example.com", "NotAscii", comment="Kelvin sign, whose lower case is an ASCII letter")

FC = "FqdnCanonical"
ok(FC, "mef.example.com")
ok(FC, NAME_253, "Valid", "Boundary")
no(FC, "Mef.example.com", "NotCanonical")
no(FC, "mef.example.com.", "NotCanonical")
no(FC, "mef", "SingleLabel")

FL = "FqdnLab"
ok(FL, "mef", comment="laboratory only")
ok(FL, "MEF.", canonical="mef")
ok(FL, "mef.example.com")
no(FL, "", "Empty")
no(FL, "123", "IpAddress")
no(FL, "mef_1", "HostName")

# --- CSE-ID
C = "CseId"
ok(C, "/CSE090112")
ok(C, "//sp.example.com/CSE090112")
ok(C, "//SP.Example.com./CSE090112", canonical="//sp.example.com/CSE090112")
ok(C, "/S98821", "Valid", "Ambiguous")
ok(C, "/cse090112", "Valid", "CaseMatters")
ok(C, "/S", comment="a CSE-ID of one letter is no stem")
ok(C, "/a-b.c_d~e", comment="all unreserved characters")
ok(C, "/...", comment="three dots are no dot segment")
no(C, "", "Empty")
no(C, "/", "Segment")
no(C, "//", "EntityForm")
no(C, "CSE090112", "EntityForm", comment="no slash")
no(C, "/CSE/1/2", "EntityForm")
no(C, "/CSE090112/C190XX7T", "EntityForm", comment="an AE-ID")
no(C, "//sp.example.com/CSE090112/C190XX7T", "EntityForm", comment="an AE-ID")
no(C, "//sp.example.com", "EntityForm")
no(C, "//sp.example.com/", "Segment")
no(C, "///CSE1", "Empty", "EntityForm", comment="empty provider")
no(C, "/CSE%2F1", "Segment", comment="percent")
no(C, "/CSE 1", "Segment")
no(C, "/CSE1/", "EntityForm", comment="trailing slash")
no(C, "/.", "DotSegment")
no(C, "/..", "DotSegment")
no(C, "//sp.example.com/..", "DotSegment")
no(C, "//sp/CSE1", "SingleLabel")
no(C, "//192.0.2.1/CSE1", "IpAddress")
no(C, "//sp.example.com:80/CSE1", "NotAName")
no(C, "http://sp.example.com/CSE1", "NotAName")
no(C, "/CSE\u00e91", "NotAscii", "Segment")
no(C, "/CSE@1", "Segment")
no(C, "/CSE1?x", "Segment")

# --- AE-ID
A = "AeId"
ok(A, "/CSE090112/C190XX7T")
ok(A, "//sp.example.com/CSE090112/C190XX7T")
ok(A, "/S98821", "Valid", "Ambiguous")
ok(A, "//sp.example.com/S98821", "Valid", "Ambiguous")
ok(A, "//SP.example.com/S98821", canonical="//sp.example.com/S98821")
ok(A, "/S98821/C1", comment="a CSE whose name begins with S")
ok(A, "/CSE1/C.", comment="a dot inside a stem")
no(A, "", "Empty")
no(A, "C190XX7T", "BareStem")
no(A, "S98821", "BareStem")
no(A, "/CSE090112", "EntityForm", comment="a CSE-ID")
no(A, "/C190XX7T", "EntityForm", comment="stem C without its CSE")
no(A, "/S", "Stem", comment="asks for a stem")
no(A, "/CSE090112/C", "Stem", comment="asks for a stem")
no(A, "/CSE090112/X190", "Stem", comment="reserved letter")
no(A, "/CSE090112/c190", "Stem", "CaseMatters")
no(A, "/s98821", "Stem", "CaseMatters")
no(A, "/CSE090112/S98821", "Stem", comment="stem S below a CSE")
no(A, "//sp.example.com/CSE1/S98821", "Stem", comment="stem S below a CSE")
no(A, "//sp.example.com/CSE1/C1/extra", "EntityForm")
no(A, "/CSE1/C1/", "EntityForm", comment="trailing slash")
no(A, "/CSE1//C1", "EntityForm")
no(A, "/../C1", "DotSegment")
no(A, "/CSE1/..", "DotSegment")
no(A, "/CSE1/C%31", "Segment")

N = "EntityName"
ok(N, "/S98821", "Valid", "Ambiguous")
ok(N, "//sp.example.com/CSE1/C1")
ok(N, "//SP.example.com/CSE1", canonical="//sp.example.com/CSE1")
no(N, "S98821", "BareStem")
no(N, "X190", "EntityForm")
no(N, "/CSE1/X190", "Stem")

# --- AE-ID-Stem
S = "AeIdStem"
ok(S, "C190XX7T")
ok(S, "S98821")
ok(S, "C1", "Valid", "Boundary")
ok(S, "S~", "Valid", "Boundary")
no(S, "", "Empty")
no(S, "C", "Stem")
no(S, "S", "Stem")
no(S, "X190", "Stem")
no(S, "c190XX7T", "Stem", "CaseMatters")
no(S, "/S98821", "Stem")
no(S, "C1/2", "Segment")
no(S, "C 1", "Segment")

# --- hexBinary: the canonical text is the upper-case one
H = "HexBinary"
ok(H, "2F435345303930313132", comment="/CSE090112")
ok(H, "4331393058583754", comment="C190XX7T")
ok(H, "2F2F73702E6578616D706C652E636F6D2F533938383231", comment="//sp.example.com/S98821")
ok(H, "2f43ff", canonical="2F43FF")
ok(H, "00")
no(H, "", "Empty")
no(H, "0x2F", "Hex")
no(H, "2F4", "Hex", comment="odd")
no(H, "2F 43", "Hex")
no(H, "2F:43", "Hex")
no(H, "2G", "Hex")
no(H, "+F", "Hex")
no(H, "\uff12\uff26", "Hex", "NotAscii", comment="full-width digits")
HC = "HexBinaryCanonical"
ok(HC, "2F435345303930313132")
no(HC, "2f43", "NotCanonical")
no(HC, "2F4", "Hex")

# --- expirationTime
T = "ExpirationTime"
for text, comment in [
    ("20270101T000000", ""),
    ("20240229T235959", "leap day"),
    ("20000229T000000", "leap year, a multiple of 400"),
    ("20270131T235959", "last second of a month of 31"),
    ("20270430T235959", "last second of a month of 30"),
    ("20270228T235959", "last second of a common February"),
    ("20271231T235959", "last second of a year"),
    ("20380119T031408", "2^31"),
]:
    ok(T, text, comment=comment)
ok(T, "19700101T000000", "Valid", "Range", "Boundary")
ok(T, "99991231T235959", "Valid", "Range", "Boundary")
no(T, "19691231T235959", "Range", "Boundary")
no(T, "19000228T000000", "Range")
no(T, "00000101T000000", "Range")
for year in ("1900", "2023", "2100", "2200", "2300"):
    no(T, year + "0229T000000", "LeapYear")
for text in ("20270132T000000", "20270230T000000", "20270431T000000", "20270631T000000", "20270931T000000",
             "20271131T000000", "20271301T000000", "20270001T000000", "20270100T000000", "20240230T000000"):
    no(T, text, "Calendar")
no(T, "20270101T240000", "Calendar", comment="hour 24")
no(T, "20270101T006000", "Calendar", comment="minute 60")
no(T, "20270101T000060", "Calendar", comment="leap second")
no(T, "20161231T235960", "Calendar", comment="a leap second that did occur")
for text in ("", "2027-01-01T00:00:00", "20270101T000000Z", "20270101T000000+0100", "20270101", "20270101T0000",
             "20270101T000000.5", "20270101t000000", "20270101 000000", " 20270101T000000", "20270101T000000 ",
             "+2027101T000000", "2027010T1000000", "020270101T000000", "1798761600", "202701010000000",
             "[20270101T000000]", "2027010\uff11T000000"):
    no(T, text, "TimeForm")
no(T, "20270101T000000,5", "Fraction")
no(T, "20270101T000000,", "Fraction")

TR = "ExpirationTimeRequest"
ok(TR, "20270101T000000")
ok(TR, "20270101T000000,5", "Fraction", canonical="20270101T000000")
ok(TR, "20270101T235959,999999", "Fraction", "Boundary", canonical="20270101T235959", comment="rounded down")
no(TR, "20270101T000000,1234567", "Fraction", "Boundary")
no(TR, "20270101T000000,", "Fraction")
no(TR, "20270101T000000,5,5", "Fraction")
no(TR, "20270101T000000,5Z", "Fraction")
no(TR, "20270101T000000.5", "TimeForm")
no(TR, "86400000", "TimeForm", comment="relative milliseconds")

# --- KeID
K = "KeId"
ok(K, HEX32 + "@mef.example.com")
ok(K, HEX32.lower() + "@MEF.example.com.", canonical=HEX32 + "@mef.example.com")
no(K, HEX32[:-1] + "@mef.example.com", "KeyId", "Boundary", comment="31 digits")
no(K, HEX32 + "0@mef.example.com", "KeyId", "Boundary", comment="33 digits")
no(K, HEX32 + "@mef.example.com:", "NotAName", comment="the colon belongs to the sentence")
no(K, HEX32 + "@", "Empty")
no(K, HEX32, "Parts")
no(K, "", "Parts")
no(K, "@mef.example.com", "KeyId")
no(K, HEX32 + "@mef", "SingleLabel")
no(K, HEX32 + "@" + HEX32 + "@mef.example.com", "Parts")
no(K, HEX32[:-1] + "G@mef.example.com", "KeyId")
no(K, "my-key_name@mef.example.com", "KeyId")

# --- Key Identifier, RelativeKeyID
I = "KeyIdentifier"
ok(I, KC + "@maf.example.com")
ok(I, KC.lower() + "@MAF.example.com", canonical=KC + "@maf.example.com")
ok(I, "my-key_name@maf.example.com", "Valid", "WideRelativePart")
ok(I, "Firstname.lastname@maf.example.com", "Valid", "WideRelativePart", "CaseMatters")
ok(I, KC.lower()[:-1] + "@maf.example.com", "Valid", "WideRelativePart", comment="31 digits are a name")
no(I, "@maf.example.com", "Empty")
no(I, KC + "@", "Empty")
no(I, KC, "Parts")
no(I, "mef.example.com@2F43534531@20270101T000000", "Parts", comment="two @: an ID_2")
no(I, "my~key@maf.example.com", "RelativePart")

R = "RelativeKeyId"
ok(R, KC)
ok(R, KC.lower(), canonical=KC)
ok(R, "1he83he", "Valid", "WideRelativePart")
ok(R, A64, "Valid", "WideRelativePart", "Boundary")
no(R, A64 + "a", "Boundary", "RelativePart")
no(R, "", "Empty")
no(R, "a@b", "RelativePart")
no(R, "a b", "RelativePart")
no(R, "ger\u00e4t", "NotAscii")
RO = "RelativeKeyIdOctets"
ok(RO, KC)
ok(RO, KC.lower(), canonical=KC)
no(RO, KC[:-1], "KeyId", "Boundary")
no(RO, "1he83he", "KeyId")

# --- KpsaID, KpmID, KmID
P = "KpsaId"
ok(P, "gw-17.psa@sp.example.com")
ok(P, "test@onem2m.com")
ok(P, "GW-17@SP.example.com.", "Canonicalised", "CaseMatters", canonical="GW-17@sp.example.com")
ok(P, "a" * 64 + "@sp.example.com", "Valid", "Boundary", comment="relative part of 64")
no(P, "a" * 65 + "@sp.example.com", "RelativePart", "Boundary", comment="relative part of 65")
ok(P, "a" * 64 + "@" + FQDN_63, "Valid", "Boundary", comment="128 in all")
no(P, "a" * 64 + "@" + FQDN_64, "RelativePart", "Boundary", comment="129 in all")
ok(P, "a" * 64 + "@" + FQDN_63 + ".", "Canonicalised", "Boundary", canonical="a" * 64 + "@" + FQDN_63,
   comment="128 without the final dot")
ok(P, "._-@sp.example.com")
no(P, "gw 17@sp.example.com", "RelativePart")
no(P, "gw~17@sp.example.com", "RelativePart")
no(P, "gw/17@sp.example.com", "RelativePart")
no(P, "@sp.example.com", "Empty")
no(P, "gw17", "Parts")
no(P, "gw17@", "Empty")
no(P, "gw@17@sp.example.com", "Parts")
no(P, "ger\u00e4t@sp.example.com", "NotAscii", "RelativePart")
no(P, "gw17@sp_1.example.com", "HostName")
no(P, "gw17@sp", "SingleLabel")

M = "KmId"
ok(M, "client-01@maf.example.com")
ok(M, "Client-01@maf.example.com", "Canonicalised", "CaseInsensitive", canonical="client-01@maf.example.com")
ok(M, HEX32 + "@mef.example.com", "Canonicalised", "CaseInsensitive",
   canonical=HEX32.lower() + "@mef.example.com", comment="a KeID in the place of a KmID")
ok(M, "A" * 64 + "@maf.example.com", "Canonicalised", "Boundary", canonical="a" * 64 + "@maf.example.com")
no(M, "A" * 65 + "@maf.example.com", "RelativePart", "Boundary")
no(M, "client 01@maf.example.com", "RelativePart")
no(M, "client-01", "Parts")
no(M, "client-01@maf@example.com", "Parts")
no(M, "client-01@maf", "SingleLabel")

V = "KpmId"
ok(V, "thiskey@mymef.com")
ok(V, "ThisKey@MyMef.com", "Canonicalised", "CaseMatters", canonical="ThisKey@mymef.com")
no(V, "this key@mymef.com", "RelativePart")
no(V, "thiskey", "Parts")

# --- Credential-ID
D = "CredentialId"
ok(D, "10-thiskey@mymef.com")
ok(D, "11-client-01@maf.example.com")
ok(D, "11-Client-01@MAF.example.com", "Canonicalised", "CaseInsensitive", canonical="11-client-01@maf.example.com")
ok(D, "12-" + KC + "@maf.example.com", comment="Key Identifier")
ok(D, "12-" + KC.lower() + "@maf.example.com", canonical="12-" + KC + "@maf.example.com")
ok(D, "12-gw-17.psa@sp.example.com", comment="KpsaID")
for number in (13, 14, 15, 16, 30, 31, 32, 33, 34, 41, 42, 43, 44, 45, 51, 52, 53, 54, 55):
    ok(D, f"{number}-some_Value.1@sp.example.com")
ok(D, "35-mef.example.com@2F435345303930313132@20270101T000000", "Valid", "ProjectValue")
no(D, "35-MEF.example.com@2F435345303930313132@20270101T000000", "NotCanonical")
no(D, "35-mef.example.com", "Parts")
no(D, "", "CredentialForm")
no(D, "10", "CredentialForm")
no(D, "10-", "Empty")
no(D, "-thiskey@mymef.com", "CredentialForm")
no(D, "1-thiskey@mymef.com", "CredentialForm")
no(D, "010-thiskey@mymef.com", "CredentialForm")
no(D, "+1-thiskey@mymef.com", "CredentialForm")
no(D, "10thiskey@mymef.com", "CredentialForm")
no(D, "10-thiskey", "Parts")
no(D, "10-this/key@mymef.com", "CredentialForm")
no(D, "13-a b", "CredentialForm")
no(D, "13-a~b", "CredentialForm")
for number in ("00", "09", "17", "29", "36", "40", "46", "50", "56", "99"):
    no(D, number + "-thiskey@mymef.com", "CredentialType")

# --- SUID
U = "SecurityUsage"
for number in (10, 11, 12, 13, 14, 15, 21, 22, 23, 24, 25, 31, 32, 33, 34, 35, 40, 41, 42, 43, 44, 45):
    ok(U, str(number))
ok(U, "52", "Valid", "ProjectValue")
for text in ("", "0", "1", "00", "09", "16", "20", "26", "30", "36", "39", "46", "50", "51", "53", "99", "012",
             "+1", " 12", "12 ", "0x0c", "1O", "\u0661\u0662"):
    no(U, text, "SecurityUsage")

# --- fetchCredentials
Q = "FetchCredentialsPath"
ok(Q, f"/fetchCredentials/{HEX32}@mef.example.com/21")
ok(Q, f"/fetchCredentials/{HEX32}%40mef.example.com/21", canonical=f"/fetchCredentials/{HEX32}@mef.example.com/21")
ok(Q, f"/fetchCredentials/{HEX32.lower()}@MEF.example.com/22",
   canonical=f"/fetchCredentials/{HEX32}@mef.example.com/22")
no(Q, f"/fetchCredentials/{HEX32}@mef.example.com", "Path")
no(Q, f"/fetchCredentials/{HEX32}@mef.example.com/", "SecurityUsage")
no(Q, f"/fetchCredentials/{HEX32}@mef.example.com/21/", "SecurityUsage")
no(Q, f"/fetchCredentials/{HEX32}@mef.example.com/21?x", "SecurityUsage")
no(Q, f"/fetchCredentials/{HEX32}@mef.example.com/20", "SecurityUsage")
no(Q, f"/fetchcredentials/{HEX32}@mef.example.com/21", "Path")
no(Q, f"fetchCredentials/{HEX32}@mef.example.com/21", "Path")
no(Q, f"/fetchCredentials//{HEX32}@mef.example.com/21", "Parts")
no(Q, f"/fetchCredentials/{HEX32}%40%40mef.example.com/21", "NotAName")
no(Q, f"/fetchCredentials/{HEX32}%2540mef.example.com/21", "Parts")
no(Q, f"/fetchCredentials/{HEX32}@%40mef.example.com/21", "Parts")
no(Q, f"/fetchCredentials/{HEX32[:-2]}%46F@mef.example.com/21", "KeyId", comment="percent-encoded digit")
no(Q, "", "Path")

IDENTIFIERS, ROWS = ROWS, []

# --- ID_2
E = "ExpiringIdentity"


def hexbinary(text):
    return text.encode().hex().upper()


def id2(fqdn, entity, time, *flags, comment=""):
    """A valid ID_2 from its parts, with what an implementation should find inside."""
    ok(E, f"{fqdn}@{hexbinary(entity)}@{time}", *flags, comment=comment)
    instant = datetime.strptime(time, "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
    length = len(fqdn) + 2 * len(entity) + 17 + 49
    ROWS[-1].update(fqdn=fqdn, entityId=entity, expiration=int(instant.timestamp()),
                    pskIdentityLength=length, fitsPskIdentity=len(fqdn) + 2 * len(entity) <= 189)


MEF, TIME = "mef.example.com", "20270101T000000"
id2(MEF, "/CSE090112", TIME)
assert ROWS[-1]["input"] == "mef.example.com@2F435345303930313132@20270101T000000"
id2(MEF, "//sp.example.com/S98821", TIME, "Valid", "Ambiguous")
assert ROWS[-1]["input"] == "mef.example.com@2F2F73702E6578616D706C652E636F6D2F533938383231@20270101T000000"
id2(MEF, "//sp.example.com/CSE090112/C190XX7T", TIME, comment="PSK identity of 151")
assert ROWS[-1]["pskIdentityLength"] == 151
id2(MEF, "//sp.example.com/CSE090112", "20270301T000000", comment="PSK identity of 133")
assert ROWS[-1]["pskIdentityLength"] == 133
id2(MEF, "/CSE090112/C190XX7T", TIME, comment="compact form, PSK identity of 119")
assert ROWS[-1]["pskIdentityLength"] == 119
id2(MEF, "/S98821", TIME, "Valid", "Ambiguous")
id2("xn--mnchen-3ya.example", "/CSE1", TIME)
id2(MEF, "/CSE1", "20240229T235959", "Valid", "LeapYear")
id2(MEF, "/CSE1", "19700101T000000", "Valid", "Range", comment="long expired, yet an ID_2")
id2(MEF, "/CSE1", "99991231T235959", "Valid", "Range", "Boundary")
# 15 + 2 * 87 = 189
id2(MEF, "/" + "a" * 86, TIME, "Valid", "PskLength", "Boundary", comment="PSK identity of 255")
assert ROWS[-1]["pskIdentityLength"] == 255 and ROWS[-1]["fitsPskIdentity"]
id2("mefx.example.com", "/" + "a" * 86, TIME, "Valid", "PskLength", "Boundary", comment="PSK identity of 256")
assert ROWS[-1]["pskIdentityLength"] == 256 and not ROWS[-1]["fitsPskIdentity"]
id2(MEF, "/" + "a" * 87, TIME, "Valid", "PskLength", "Boundary", comment="PSK identity of 257")
id2(NAME_253, "/CSE1", TIME, "Valid", "PskLength", "Boundary", comment="name of 253")

CSE = "2F435345303930313132"


def bad(text, *flags, comment=""):
    no(E, text, *flags, comment=comment)


bad(f"MEF.example.com@{CSE}@{TIME}", "NotCanonical", comment="FQDN in upper case")
bad(f"mef.example.com.@{CSE}@{TIME}", "NotCanonical", comment="final dot")
bad(f"mef@{CSE}@{TIME}", "SingleLabel")
bad(f"{NAME_254}@{CSE}@{TIME}", "HostName", "Boundary")
bad(f"b\u00fccher.example@{CSE}@{TIME}", "NotAscii")
bad(f"192.0.2.1@{CSE}@{TIME}", "IpAddress")
bad(f"{MEF}@2f435345303930313132@{TIME}", "NotCanonical", comment="hexadecimal in lower case")
bad(f"{MEF}@2F43534531@20270101T000000,5", "Fraction")
bad(f"{MEF}@[2F43534531]@[{TIME}]", "Notation")
bad(f"{MEF}@[2F43534531]@{TIME}", "Notation")
bad(f"{MEF}@2F43534531@[{TIME}]", "Notation")
bad(f"{MEF}@2F43534@{TIME}", "Hex", comment="odd")
bad(f"{MEF}@2F43FF@{TIME}", "NotAscii", comment="not ASCII, not UTF-8")
bad(f"{MEF}@2F43C3A9@{TIME}", "NotAscii", comment="not ASCII, UTF-8 all the same")
bad(f"{MEF}@/CSE1@{TIME}", "Hex")
bad(f"{MEF}@0x2F43@{TIME}", "Hex")
bad(f"{MEF}@4331393058583754@{TIME}", "BareStem", comment="C190XX7T")
bad(f"{MEF}@{hexbinary('S98821')}@{TIME}", "BareStem", comment="S98821")
bad(f"{MEF}@{hexbinary('C')}@{TIME}", "EntityForm", comment="C")
bad(f"{MEF}@{hexbinary('CSE090112')}@{TIME}", "BareStem", comment="CSE-ID without slash, reads as a stem")
bad(f"{MEF}@{hexbinary('X190')}@{TIME}", "EntityForm", comment="X190")
bad(f"{MEF}@{hexbinary('//SP.example.com/CSE1')}@{TIME}", "NotCanonical", comment="provider in upper case")
bad(f"{MEF}@{hexbinary('//sp.example.com./CSE1')}@{TIME}", "NotCanonical", comment="provider with final dot")
bad(f"{MEF}@{hexbinary('//sp/CSE1')}@{TIME}", "SingleLabel")
bad(f"{MEF}@{hexbinary('//sp.example.com')}@{TIME}", "EntityForm")
bad(f"{MEF}@{hexbinary('/CSE1/')}@{TIME}", "EntityForm")
bad(f"{MEF}@{hexbinary('/CSE1/S98821')}@{TIME}", "Stem", comment="stem S below a CSE")
bad(f"{MEF}@{hexbinary('/CSE1/X1')}@{TIME}", "Stem")
bad(f"{MEF}@{hexbinary('/.')}@{TIME}", "DotSegment")
bad(f"{MEF}@{hexbinary('/..')}@{TIME}", "DotSegment")
bad(f"{MEF}@{hexbinary('/CSE 1')}@{TIME}", "Segment")
bad(f"{MEF}@{hexbinary('/CSE1@x')}@{TIME}", "Segment")
bad(f"{MEF}@{CSE}00@{TIME}", "Segment", comment="NUL inside the identifier")
bad(f"{MEF}@{CSE}@{TIME}\u0000", "TimeForm", comment="NUL behind the identity")
bad(f"{MEF}@{CSE}@{TIME}Z", "TimeForm")
bad(f"{MEF}@{CSE}@2027-01-01T00:00:00", "TimeForm")
bad(f"{MEF}@{CSE}@20270101t000000", "TimeForm")
bad(f"{MEF}@{CSE}@20270229T000000", "LeapYear")
bad(f"{MEF}@{CSE}@21000229T000000", "LeapYear")
bad(f"{MEF}@{CSE}@20270101T240000", "Calendar")
bad(f"{MEF}@{CSE}@20270101T000060", "Calendar", comment="leap second")
bad(f"{MEF}@{CSE}@19691231T235959", "Range", "Boundary")
bad("", "Parts")
bad(MEF, "Parts")
bad(f"{MEF}@{CSE}", "Parts")
bad(f"{MEF}@@{TIME}", "Empty")
bad(f"@{CSE}@{TIME}", "Empty")
bad(f"{MEF}@{CSE}@", "TimeForm")
bad("@@", "Empty")
bad(f"{MEF}@{CSE}@{TIME}@", "Parts")
bad(f"{MEF}@{CSE}@{TIME}@{'A' * 48}", "Parts", comment="a PSK identity: four parts")
bad(f" {MEF}@{CSE}@{TIME}", "HostName")
bad(f"{MEF}@{CSE}@{TIME}\n", "TimeForm")


def write(path, algorithm, rows):
    keys = Counter((row["type"], row["input"]) for row in rows)
    repeated = [key for key, count in keys.items() if count > 1]
    assert not repeated, repeated
    used = {flag for row in rows for flag in row["flags"]}
    tests = [dict(tcId=number, **row) for number, row in enumerate(rows, 1)]
    document = {
        "algorithm": algorithm,
        "numberOfTests": len(tests),
        "notes": {flag: text for flag, text in NOTES.items() if flag in used},
    }
    head = json.dumps(document, indent=2, ensure_ascii=True)[:-2]
    body = ",\n".join("    " + json.dumps(test, ensure_ascii=True) for test in tests)
    text = f'{head},\n  "tests": [\n{body}\n  ]\n}}\n'
    if "--check" in sys.argv[1:]:
        if Path(path).read_text() != text:
            sys.exit(f"{path} is not what this script gives")
    else:
        Path(path).write_text(text)
    print(path, len(tests), Counter(row["result"] for row in rows))


write("vectors/identifiers.json", "oneM2M identifiers", IDENTIFIERS)
write("vectors/expiring_identity.json", "oneM2M ID_2", ROWS)
