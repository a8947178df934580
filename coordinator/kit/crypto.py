"""Personal data at rest: encrypted in its column, found again by a keyed digest."""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
from typing import TYPE_CHECKING, overload

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from coordinator.kit.errors import CoordinatorError

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGEST_BYTES = 32


class LostKeyError(CoordinatorError):
    """Sealed text that none of our keys opens: `ENCRYPTION_KEYS` lacks the one it was sealed with."""

    code = "crypto.lost_key"


class Seal:
    """Encrypts with the first key, decrypts with any of them, digests with a key of its own.

    Fernet (AES-128-CBC with HMAC-SHA256, from `cryptography`) is used as it comes. A sealed
    text shows its length to the nearest 16 bytes and the second it was sealed, nothing else.
    """

    def __init__(self, encryption_keys: Sequence[str], digest_key: str) -> None:
        """Take Fernet keys, the newest first, and the secret behind the digests."""
        keys = [Fernet(key) for key in encryption_keys]
        self._newest, self._box = keys[0], MultiFernet(keys)
        self._digest_key = hashlib.sha256(digest_key.encode()).digest()

    @overload
    def encrypt(self, text: str) -> str: ...
    @overload
    def encrypt(self, text: None) -> None: ...
    def encrypt(self, text: str | None) -> str | None:
        """Seal `text`. None and the empty text stay what they are not: None."""
        return self._box.encrypt(text.encode()).decode() if text else None

    @overload
    def decrypt(self, sealed: str) -> str: ...
    @overload
    def decrypt(self, sealed: None) -> None: ...
    def decrypt(self, sealed: str | None) -> str | None:
        """Open what `encrypt` sealed.

        Raises:
            LostKeyError: no key of ours opens it.
        """
        if sealed is None:
            return None
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken as lost:
            raise LostKeyError from lost

    def rotate(self, sealed: str) -> str:
        """Seal again with the newest key, without changing what is inside."""
        try:
            return self._box.rotate(sealed.encode()).decode()
        except InvalidToken as lost:
            raise LostKeyError from lost

    def is_newest(self, sealed: str) -> bool:
        """Tell whether the newest key opens `sealed`; what only an older one opens waits to be rotated."""
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def digest(self, text: str, *, purpose: str = "email") -> str:
        """Return 64 hex characters that find `text` again and tell nobody what it was.

        Case, outer spaces and Unicode spelling do not matter. One text has different digests
        for different purposes, so that tables can't be joined on them.
        """
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold())
        message = f"{purpose}\0{folded}".encode()
        return hashlib.blake2b(message, key=self._digest_key, digest_size=DIGEST_BYTES).hexdigest()

    def derive_token(self, *parts: str) -> str:
        """Return the one token that belongs to `parts`; nobody can make it without our key."""
        mac = hmac.new(self._digest_key, "\0".join(("token", *parts)).encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac.digest()[:24]).decode()


def new_encryption_key() -> str:
    """Return a fresh key for `ENCRYPTION_KEYS`."""
    return Fernet.generate_key().decode()
