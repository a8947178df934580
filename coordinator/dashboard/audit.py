"""The log of a campaign, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import select

from coordinator.accounts.models import Account
from coordinator.audit.service import ANYONE, COMMAND, WORKER
from coordinator.kit.crypto import LostKeyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from coordinator.audit.models import AuditEntry
    from coordinator.kit.crypto import Seal

SENTENCES: Mapping[str, Any] = MappingProxyType(
    {
        "campaign:created": _("created the campaign"),
        "campaign:changed": _("changed the campaign"),
        "campaign:opened": _("opened the campaign"),
        "campaign:archived": _("put the campaign into the archive"),
        "campaign:invited": _("invited somebody"),
        "campaign:invitation_revoked": _("took an invitation back"),
        "campaign:role_given": _("gave somebody a part in the campaign"),
        "campaign:role_dropped": _("put somebody out of the campaign"),
        "campaign:people-forgotten": _("deleted personal data of the campaign, because its time was over"),
        "event:registered": _("registered a protest"),
        "event:changed": _("changed a protest"),
        "event:submitted": _("sent a protest for review"),
        "event:withdrawn": _("took a protest or a change back"),
        "event:published": _("published a protest"),
        "event:rejected": _("sent a protest back"),
        "event:asked": _("asked the organiser something"),
        "event:change_proposed": _("proposed a change"),
        "event:change_accepted": _("accepted a change"),
        "event:change_refused": _("refused a change"),
        "event:postponed": _("postponed a protest"),
        "event:resumed": _("said that a postponed protest takes place after all"),
        "event:cancelled": _("cancelled a protest"),
        "event:located": _("looked a place up"),
        "event:time_recomputed": _("worked a time out anew, after new rules for clocks"),
        "event:people-forgotten": _("deleted personal data, because its time was over"),
        "event:fields-forgotten": _("deleted a part of personal data, because its time was over"),
        "help:assigned": _("gave a helper a role"),
        "help:released": _("took a role back from a helper"),
        "help:thanked": _("thanked a helper"),
        "help:withdrawn": _("took an offer of help back"),
        "checkin:walk-in": _("counted somebody at the door"),
        "door-link:made": _("made a link for the door"),
        "door-link:revoked": _("took back a link for the door"),
        "missions:same": _("said which mission a source means"),
        "missions:added": _("added a mission that a source knows"),
        "missions:not-ours": _("left out what a source lists"),
        "missions:closed": _("closed a mission, as a source says"),
        "missions:gone": _("closed a mission that a source lists no more"),
        "missions:moved": _("moved a mission to where a source has it"),
        "missions:kept": _("left a mission as it is, whatever a source says"),
        "missions:verified": _("checked a mission"),
        "announcement:submitted": _("asked to approve a message"),
        "announcement:scheduled": _("sent a message to those who come"),
        "announcement:invited": _("sent a message to their contacts"),
        "announcement:stopped": _("took a message back"),
        "announcement:approved": _("approved a message"),
        "announcement:refused": _("refused a message"),
        "broadcast:scheduled": _("sent a broadcast to organisers"),
        "broadcast:stopped": _("took a broadcast back"),
    }
)
"""What an act is called; acts that are not here are shown by their tag."""

KINDS: Mapping[str, Any] = MappingProxyType(
    {
        "campaign": _("The campaign"),
        "event": _("Protests"),
        "announcement": _("Messages"),
        "broadcast": _("Broadcasts"),
        "door-link": _("Doors"),
    }
)
"""Kinds of objects that can be looked at alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry as a coordinator reads it."""

    at: datetime
    by: str
    text: str
    event_id: str
    """Public id of the event it is about; empty for everything else."""


def lines_of(session: Session, entries: Iterable[AuditEntry], seal: Seal) -> list[Line]:
    """Return entries in words. Names are those of organisers and coordinators, whom coordinators know."""
    rows = list(entries)
    names = _names(session, {row.actor for row in rows}, seal)
    return [
        Line(
            at=row.at,
            by=names.get(row.actor, gettext("somebody")),
            text=str(SENTENCES.get(row.tag, row.tag)),
            event_id=row.subject.removeprefix("event:") if row.subject.startswith("event:") else "",
        )
        for row in rows
    ]


def _names(session: Session, actors: set[str], seal: Seal) -> dict[str, str]:
    names = {
        ANYONE: gettext("somebody without an account"),
        WORKER: gettext("the site itself"),
        COMMAND: gettext("an administrator, by command"),
    }
    found = session.execute(
        select(Account.public_id, Account.display_name_sealed).where(Account.public_id.in_(actors))
    )
    for public_id, sealed in found:
        try:
            names[public_id] = seal.decrypt(sealed)
        except LostKeyError:  # one name that can't be opened must not take the whole page away
            continue
    return names
