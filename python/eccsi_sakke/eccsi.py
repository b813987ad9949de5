"""ECCSI signatures: RFC 6507."""

from ._native import eccsi as _room

KmsSecretKey = _room.KmsSecretKey
KmsPublicKey = _room.KmsPublicKey
IssuedKey = _room.IssuedKey
SigningKey = _room.SigningKey
VerifyingKey = _room.VerifyingKey

__all__ = ["KmsSecretKey", "KmsPublicKey", "IssuedKey", "SigningKey", "VerifyingKey"]
