"""SAKKE key encapsulation: RFC 6508 with parameter set 1 of RFC 6509."""

from ._native import sakke as _room

Identifier = _room.Identifier
KmsSecretKey = _room.KmsSecretKey
KmsPublicKey = _room.KmsPublicKey
IssuedKey = _room.IssuedKey
ReceiverSecretKey = _room.ReceiverSecretKey
Recipient = _room.Recipient

__all__ = ["Identifier", "KmsSecretKey", "KmsPublicKey", "IssuedKey", "ReceiverSecretKey", "Recipient"]
