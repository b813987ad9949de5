"""MIKEY-SAKKE, RFC 6509 with the profile of 3GPP TS 33.180: one message brings a key to a user of whom the name is known."""

from ._native import mikey as _room

User = _room.User
Message = _room.Message
ReplayCache = _room.ReplayCache
SrtpPolicy = _room.SrtpPolicy
build = _room.build
open = _room.open
open_own = _room.open_own
sdp_messages = _room.sdp_messages
SKEW = _room.SKEW
OVERLAP = _room.OVERLAP

__all__ = [
    "User",
    "Message",
    "ReplayCache",
    "SrtpPolicy",
    "build",
    "open",
    "open_own",
    "sdp_messages",
    "SKEW",
    "OVERLAP",
]
