from typing import Optional, Union, final
from . import eccsi, sakke
from ._secret import Secret

SKEW: int
OVERLAP: int

@final
class User:
    @staticmethod
    def tel(uri: str, kms_uri: Optional[str] = None) -> User: ...
    @staticmethod
    def mcx(uri: str, kms_uri: str, *, period: int, offset: int = 0) -> User: ...
    @property
    def uri(self) -> str: ...
    def identity(self, time: int) -> bytes: ...
    def sakke_identifier(self, time: int) -> sakke.Identifier: ...
    def __hash__(self) -> int: ...

@final
class Message(Secret):
    def octets(self) -> bytes: ...
    def rand(self) -> bytes: ...
    def key_id(self) -> int: ...
    def group_id(self, uri: str) -> int: ...
    def time(self) -> int: ...
    def tgk(self) -> bytes: ...
    def derive(self, kind: str, cs_id: int, length: int) -> bytes: ...

@final
class ReplayCache:
    def __new__(cls, places: int) -> ReplayCache: ...
    def __len__(self) -> int: ...

def build(
    recipients: list[tuple[User, sakke.KmsPublicKey]],
    *,
    sender: User,
    key: eccsi.SigningKey,
    z: sakke.KmsPublicKey,
    time: int,
    key_id: int,
    group: bool = False,
    naming: str = "uris",
    to_self: bool = False,
    tgk: Optional[Union[bytes, bytearray]] = None,
    rand: Optional[bytes] = None,
    sessions: list[tuple[int, int, int]] = ...,
) -> list[Message]: ...
def open(
    data: bytes,
    *,
    user: User,
    keys: list[sakke.ReceiverSecretKey],
    initiators: Union[tuple[User, eccsi.KmsPublicKey], list[tuple[User, eccsi.KmsPublicKey]]],
    replay: ReplayCache,
    now: int,
    past: int = 300,
    future: int = 300,
    overlap: int = 172800,
) -> Message: ...
def open_own(
    data: bytes,
    *,
    user: User,
    keys: list[sakke.ReceiverSecretKey],
    kpak: eccsi.KmsPublicKey,
    replay: ReplayCache,
    now: int,
    past: int = 300,
    future: int = 300,
    overlap: int = 172800,
) -> Message: ...
