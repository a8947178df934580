"""What the kind of a failure means for whoever has to mend it. Kinds are written by transports and jobs."""

from __future__ import annotations

import re
from enum import StrEnum

from coordinator.outbox.rules import REFUSED, UNDELIVERABLE


class Trouble(StrEnum):
    """Why a letter did not go, as far as it makes a difference to what should be done."""

    NO_MAILBOX = "no-mailbox"
    """There is no such mailbox. Nobody here can mend that."""
    UNDELIVERABLE = "undeliverable"
    """Not tried: letters came back from there before."""
    DISTRUSTED = "distrusted"
    """The server, or one behind it, does not believe that we may send this."""
    SENDER = "sender"
    """The server takes nothing from the address that we write as."""
    SIGN_IN = "sign-in"
    """Our name or password at the server is wrong."""
    UNREACHABLE = "unreachable"
    """Nobody answers there, or there is no such server."""
    INSECURE = "insecure"
    """The connection can't be encrypted, or its certificate is not to be believed."""
    DROPPED = "dropped"
    """The server ended the connection in the middle of a letter."""
    LATER = "later"
    """Not now: the mailbox is full, or the server wants to be asked again."""
    NOT_TAKEN = "not-taken"
    """The server refused the letter for another reason."""
    SCRIPT = "script"
    """An address outside ASCII, and a server that knows none."""
    FOLDER = "folder"
    """Letters are files here, and their folder can't be written."""
    OURS = "ours"
    """A fault of the site itself: the letter could not be written."""
    LOST_KEY = "lost-key"
    """The key that opens it is missing."""
    WORKER = "worker"
    """Every try ended with the worker itself."""


_WHOLE = {
    UNDELIVERABLE: Trouble.UNDELIVERABLE,
    f"{REFUSED}smtputf8": Trouble.SCRIPT,
    "lost_key": Trouble.LOST_KEY,
    "worker": Trouble.WORKER,
}
_BEGINNINGS = {
    REFUSED.removesuffix(":"): Trouble.NO_MAILBOX,
    "data": Trouble.NOT_TAKEN,
    "recipient": Trouble.NOT_TAKEN,
    "sender": Trouble.SENDER,
    "dropped": Trouble.DROPPED,
    "render": Trouble.OURS,
    "send": Trouble.OURS,
    "SSLCertVerificationError": Trouble.INSECURE,
    "SSLError": Trouble.INSECURE,
    "SMTPNotSupportedError": Trouble.INSECURE,
    "PermissionError": Trouble.FOLDER,
    "FileExistsError": Trouble.FOLDER,
    "NotADirectoryError": Trouble.FOLDER,
}
_CODES = re.compile(r":(?P<basic>[245]\d\d)(?: (?P<enhanced>[245]\.\d+\.\d+))?$")
_MUST_SIGN_IN = {"530", "535"}


def trouble_of(kind: str) -> Trouble:
    """Return what a kind of failure means; one that is not known here is a server that can't be reached.

    An enhanced code x.7.y (RFC 3463: security or policy) outweighs what was refused: 550 5.7.26 to a
    recipient or to a letter says the same, that nobody vouches for us.
    """
    beginning = kind.partition(":")[0]
    found = _CODES.search(kind)
    basic, enhanced = (found["basic"], found["enhanced"] or "") if found else ("", "")
    if kind in _WHOLE:
        trouble = _WHOLE[kind]
    elif basic in _MUST_SIGN_IN or beginning == "SMTPAuthenticationError":
        trouble = Trouble.SIGN_IN
    elif enhanced[1:4] == ".7.":
        trouble = Trouble.DISTRUSTED
    elif beginning in {"data", "recipient"} and basic.startswith("4"):
        trouble = Trouble.LATER
    else:
        trouble = _BEGINNINGS.get(beginning, Trouble.UNREACHABLE)
    return trouble


def codes_in(kind: str) -> str:
    """Return the codes that a server answered with, as in "554 5.7.1"; empty where no server did."""
    found = _CODES.search(kind)
    return found[0].removeprefix(":") if found else ""
