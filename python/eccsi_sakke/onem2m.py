"""Identifiers of oneM2M."""

from ._native import onem2m as _room

ExpiringIdentity = _room.ExpiringIdentity
canonical = _room.canonical

__all__ = ["ExpiringIdentity", "canonical"]
