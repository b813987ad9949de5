"""Identity-based cryptography: ECCSI signatures, SAKKE key encapsulation, and oneM2M's associations on them.

``eccsi``    RFC 6507: a KMS issues keys to identities, they sign, anyone verifies
``sakke``    RFC 6508: anyone sends a key to an identity
``onem2m``   identifiers of oneM2M: ID_2, CSE-ID, AE-ID and the like
``saef``     the IBC-based security association of oneM2M
``mikey``    RFC 6509: messages that bring a key to a user

Octets are bytes, in and out. Whatever is refused raises an exception below Error. What holds a secret is a context
manager: its memory is wiped at the end of the block, or by close().
"""

from . import _native
from ._native import (
    AssociationError,
    DecapsulationFailed,
    DecodeError,
    Error,
    IdentifierError,
    InvalidKey,
    InvalidSignature,
    MessageError,
    RandomError,
    UnusableIdentity,
)
from . import eccsi, mikey, onem2m, saef, sakke

__version__ = _native.__version__
__all__ = [
    "AssociationError",
    "DecapsulationFailed",
    "DecodeError",
    "Error",
    "IdentifierError",
    "InvalidKey",
    "InvalidSignature",
    "MessageError",
    "RandomError",
    "UnusableIdentity",
    "eccsi",
    "mikey",
    "onem2m",
    "saef",
    "sakke",
]
