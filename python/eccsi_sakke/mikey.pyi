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
    def signalling_key(self, protection: str, uri: str) -> bytes: ...
    def sessions(self) -> list[tuple[int, int, int]]: ...
    def policies(self) -> dict[int, SrtpPolicy]: ...
    def sdp(self) -> str: ...

@final
class ReplayCache:
    def __new__(cls, places: int) -> ReplayCache: ...
    def __len__(self) -> int: ...

@final
class SrtpPolicy:
    RFC_3830: SrtpPolicy
    MCX: SrtpPolicy
    MCX_GROUP: SrtpPolicy
    @property
    def encryption(self) -> int: ...
    @property
    def encryption_key(self) -> int: ...
    @property
    def authentication(self) -> int: ...
    @property
    def authentication_key(self) -> int: ...
    @property
    def tag(self) -> int: ...
    @property
    def rtcp_authentication(self) -> int: ...
    @property
    def rtcp_authentication_key(self) -> int: ...
    @property
    def rtcp_tag(self) -> int: ...
    @property
    def salt(self) -> int: ...
    @property
    def prf(self) -> int: ...
    @property
    def key_derivation_rate(self) -> int: ...
    @property
    def aead_tag(self) -> int: ...
    @property
    def roc_rate(self) -> int: ...
    def replace(
        self,
        *,
        encryption: Optional[int] = None,
        encryption_key: Optional[int] = None,
        authentication: Optional[int] = None,
        authentication_key: Optional[int] = None,
        tag: Optional[int] = None,
        rtcp_authentication: Optional[int] = None,
        rtcp_authentication_key: Optional[int] = None,
        rtcp_tag: Optional[int] = None,
        salt: Optional[int] = None,
        prf: Optional[int] = None,
        key_derivation_rate: Optional[int] = None,
        aead_tag: Optional[int] = None,
        roc_rate: Optional[int] = None,
    ) -> SrtpPolicy: ...

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
    policies: dict[int, SrtpPolicy] = ...,
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
def sdp_messages(description: str) -> list[bytes]: ...
