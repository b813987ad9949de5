"""The IBC-based security association of oneM2M (TS-0003)."""

from ._native import saef as _room

TrustedDomains = _room.TrustedDomains
Credential = _room.Credential
SharedKey = _room.SharedKey
DEFAULT_SKEW = _room.DEFAULT_SKEW

__all__ = ["TrustedDomains", "Credential", "SharedKey", "DEFAULT_SKEW"]
