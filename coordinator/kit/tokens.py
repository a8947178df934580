"""Links that open something: long, random, kept only as digests."""

import hashlib
import secrets

TOKEN_BYTES = 24  # 192 bits, 32 characters in a link


def new_token() -> str:
    """Return a token for a link. It can't be guessed and is safe in a URL."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """Return what the database keeps: 64 hex characters that do not lead back to the link.

    Plain SHA-256 is enough, because a token is 192 random bits and not a password.
    """
    return hashlib.sha256(token.encode()).hexdigest()
