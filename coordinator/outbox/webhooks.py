"""What a mail provider tells by HTTP, and how we know that it is them.

mailgun    signs a time and a random text with the key of the account (HMAC-SHA256), inside the JSON
postmark   signs nothing: a password in the address of the webhook (HTTP Basic) stands for it
generic    signs a time and the body: X-Mail-Timestamp, X-Mail-Signature (HMAC-SHA256 in hex)

None of this can do more than a report in the mailbox: see bounces.py.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from coordinator.kit.errors import NotFoundError
from coordinator.outbox.bounces import Bounce, number_in, status_in
from coordinator.outbox.rules import BounceKind, bounce_kind

if TYPE_CHECKING:
    from typing import Protocol

    class Headers(Protocol):
        """What a request came with, whatever the case of the names."""

        def get(self, name: str, default: str, /) -> str:
            """Return a header."""
            ...


OLDEST = timedelta(hours=1)
"""A signature is good that long. Repeated within it, a report says nothing new."""

METADATA = "message"
"""Name under which Postmark gives the number of a message back: see `provider_headers`."""

POSTMARK_HARD = {"HardBounce", "BadEmailAddress", "ManuallyDeactivated"}
POSTMARK_SOFT = {"SoftBounce", "DnsError", "Blocked", "DMARCPolicy", "SpamNotification", "Unknown"}


class ForgedError(NotFoundError):
    """The signature is not theirs: to whoever made it, there is no such page."""

    code = "mail.forged"


class Provider:
    """Reads what one provider sends."""

    def __init__(self, setting: str, *, host: str) -> None:
        """Take MAIL_WEBHOOK, and the right-hand side of our Message-IDs."""
        self.name, _, secret = setting.partition(":")
        self._secret = secret.encode()
        self._host = host

    def bounce(self, body: bytes, headers: Headers, *, password: str, now: datetime) -> Bounce | None:
        """Return what came back; None for other news.

        Raises:
            ForgedError: it is not theirs, or too old.
            ValueError: it is theirs and can't be read.
        """
        read = {"mailgun": self._mailgun, "postmark": self._postmark, "generic": self._generic}
        try:
            return read[self.name](body, headers, password, now)
        except (AttributeError, TypeError, LookupError, OverflowError) as odd:
            raise ValueError("not their JSON") from odd

    def _mailgun(self, body: bytes, _: Headers, __: str, now: datetime) -> Bounce | None:
        said: Any = json.loads(body)
        signature = said.get("signature", {})
        timestamp, token = str(signature.get("timestamp", "")), str(signature.get("token", ""))
        self._check(f"{timestamp}{token}".encode(), str(signature.get("signature", "")), timestamp, now)
        event = said["event-data"]
        if event.get("event") != "failed" or event.get("severity") != "permanent":
            return None
        status = event.get("delivery-status", {})
        code = status_in(status.get("enhanced-code")) or status_in(status.get("message"))
        kind = BounceKind.HARD if event.get("reason") in {"bounce", "suppress-bounce"} else BounceKind.SOFT
        return self._found(event["message"]["headers"]["message-id"], kind, code)

    def _postmark(self, body: bytes, _: Headers, password: str, __: datetime) -> Bounce | None:
        if not hmac.compare_digest(password.encode(), self._secret):
            raise ForgedError
        said: Any = json.loads(body)
        if said.get("RecordType") != "Bounce" or said.get("Type") not in POSTMARK_HARD | POSTMARK_SOFT:
            return None
        kind = BounceKind.HARD if said["Type"] in POSTMARK_HARD else BounceKind.SOFT
        number = str(said.get("Metadata", {}).get(METADATA, ""))
        return self._found(f"{number}@{self._host}", kind, status_in(said.get("Details")))

    def _generic(self, body: bytes, headers: Headers, _: str, now: datetime) -> Bounce | None:
        timestamp = headers.get("X-Mail-Timestamp", "")
        signed = timestamp.encode() + b"." + body
        self._check(signed, headers.get("X-Mail-Signature", ""), timestamp, now)
        said: Any = json.loads(body)
        return self._found(said["message_id"], BounceKind(said["kind"]), status_in(said.get("code")))

    def _check(self, signed: bytes, signature: str, timestamp: str, now: datetime) -> None:
        expected = hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature.encode(), expected.encode()) or not timestamp.isdecimal():
            raise ForgedError
        if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > OLDEST:
            raise ForgedError

    def _found(self, message_id: str, kind: BounceKind, code: str | None) -> Bounce | None:
        number = number_in(str(message_id), host=self._host)
        if number is None:
            return None
        if code is not None:  # says it more exactly than the provider's word
            kind = bounce_kind(code)
        return Bounce(public_id=number, kind=kind, code=code or "")


def provider_headers(setting: str, public_id: str) -> dict[str, str]:
    """Return what a letter has to carry so that the provider can say later which one came back."""
    if setting.startswith("postmark:"):
        return {"X-PM-KeepID": "true", f"X-PM-Metadata-{METADATA}": public_id}
    return {}
