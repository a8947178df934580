"""Stopping mail: links that belong to one reader and need no table.

A link of a letter must not act when it is only opened, and one click of a mail program must (RFC 8058): so
the same address is looked at by GET and acts by POST. It says what it stops, whose mail that is, and proves
with our key that we made it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import delete, select

from coordinator.accounts.models import Account
from coordinator.accounts.queries import account_by_public_id
from coordinator.audit.service import ANYONE, record
from coordinator.campaigns.models import Campaign
from coordinator.contacts.queries import is_listed
from coordinator.contacts.service.suppressing import suppress_digest
from coordinator.kit.crypto import DIGEST_BYTES
from coordinator.kit.errors import NotFoundError
from coordinator.kit.ids import PUBLIC_ID_LENGTH
from coordinator.messaging.models import Announcement, BroadcastStop
from coordinator.rsvps.models import Rsvp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

RSVP, CONTACT, BROADCAST = "r", "c", "b"
LENGTHS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        RSVP: (PUBLIC_ID_LENGTH,),
        CONTACT: (PUBLIC_ID_LENGTH, 2 * DIGEST_BYTES),
        BROADCAST: (PUBLIC_ID_LENGTH, PUBLIC_ID_LENGTH),
    }
)
"""What stands in a link of each kind before the proof, in characters."""


@dataclass(frozen=True, slots=True)
class AnswerMail:
    """Reminders and news of the event that somebody answered. What people have to know still comes."""

    kind: ClassVar = "answer"
    rsvp: Rsvp

    def title(self, lang: str) -> str:  # noqa: ARG002 in whichever language the organiser gave it
        """Return what it is about."""
        return self.rsvp.event.title

    def is_stopped(self, session: Session) -> bool:  # noqa: ARG002 the answer says it
        """Tell whether it is."""
        return self.rsvp.reminders_off_at is not None and self.rsvp.consent_updates_at is None

    def stop(self, session: Session, *, now: datetime) -> None:
        """Send no more reminders and no more news."""
        if not self.is_stopped(session):
            self.rsvp.reminders_off_at = self.rsvp.reminders_off_at or now
            self.rsvp.consent_updates_at = None
            record(session, "rsvp:unsubscribed", f"rsvp:{self.rsvp.public_id}", by=ANYONE, at=now)

    def resume(self, session: Session, *, now: datetime) -> None:
        """Remind again. News need a consent of their own, on the page of the answer."""
        if self.rsvp.reminders_off_at is not None:
            self.rsvp.reminders_off_at = None
            record(session, "rsvp:reminded-again", f"rsvp:{self.rsvp.public_id}", by=ANYONE, at=now)


@dataclass(frozen=True, slots=True)
class ContactMail:
    """Whatever one organiser writes to an address that they have, known by its digest alone.

    So a link still works when the contact was deleted, or made one with another, or is imported again.
    """

    kind: ClassVar = "contact"
    announcement: Announcement
    digest: str

    def title(self, lang: str) -> str:  # noqa: ARG002 in whichever language the organiser gave it
        """Return what it is about."""
        return self.announcement.subject_event.title

    def is_stopped(self, session: Session) -> bool:
        """Tell whether it is."""
        return is_listed(session, owner_id=self.announcement.author_id, digest=self.digest)

    def stop(self, session: Session, *, now: datetime) -> None:
        """Keep the organiser from ever writing to this address again."""
        if not self.is_stopped(session):
            owner = self.announcement.author
            suppress_digest(session, owner_id=owner.id, digest=self.digest, now=now, because="unsubscribed")
            record(session, "contacts:unsubscribed", f"account:{owner.public_id}", by=ANYONE, at=now)

    def resume(self, session: Session, *, now: datetime) -> None:
        """Do nothing: that needs a new consent, on the form of one of the organiser's events."""


@dataclass(frozen=True, slots=True)
class BroadcastMail:
    """What coordinators of one campaign write to one organiser. Letters about their own events still come."""

    kind: ClassVar = "broadcast"
    campaign: Campaign
    account: Account

    def title(self, lang: str) -> str:
        """Return what it is about."""
        return self.campaign.text_in(lang).title

    def is_stopped(self, session: Session) -> bool:
        """Tell whether it is."""
        return session.scalar(select(BroadcastStop.id).where(*self._which())) is not None

    def stop(self, session: Session, *, now: datetime) -> None:
        """Send no more broadcasts."""
        if not self.is_stopped(session):
            session.add(
                BroadcastStop(campaign_id=self.campaign.id, account_id=self.account.id, stopped_at=now)
            )
            self._record(session, "stopped-by-reader", now)

    def resume(self, session: Session, *, now: datetime) -> None:
        """Send them again."""
        if self.is_stopped(session):
            session.execute(delete(BroadcastStop).where(*self._which()))
            self._record(session, "resumed-by-reader", now)

    def _which(self) -> tuple[ColumnElement[bool], ...]:
        return BroadcastStop.campaign_id == self.campaign.id, BroadcastStop.account_id == self.account.id

    def _record(self, session: Session, act: str, now: datetime) -> None:
        """Write it down without saying who: the log of the campaign is its coordinators' to read."""
        subject = f"campaign:{self.campaign.slug}"
        record(session, f"broadcast:{act}", subject, by=ANYONE, at=now)


def stop_link(token: str, locale: str, site_url: str) -> str:
    """Return the address where mail is stopped."""
    return f"{site_url}/{locale}/unsubscribe/{token}"


def unsubscribe_token(public_id: str, seal: Seal) -> str:
    """Return what stands in the link of one answer."""
    return _token(RSVP, (public_id,), seal)


def contact_token(announcement_id: str, digest: str, seal: Seal) -> str:
    """Return what stands in the link of one address in one invitation; the digest is that of suppressions."""
    return _token(CONTACT, (announcement_id, digest), seal)


def broadcast_token(broadcast_id: str, account_id: str, seal: Seal) -> str:
    """Return what stands in the link of one organiser in one broadcast."""
    return _token(BROADCAST, (broadcast_id, account_id), seal)


def mail_of_link(session: Session, token: str, seal: Seal) -> AnswerMail | ContactMail | BroadcastMail:
    """Return the mail that a link stops.

    Raises:
        NotFoundError: no link of ours, or whose mail it was has been forgotten.
    """
    kind, parts = token[:1], _parts(token)
    if not parts or not hmac.compare_digest(token.encode(), _token(kind, parts, seal).encode()):
        raise NotFoundError
    if kind == RSVP:
        rsvp = session.scalar(select(Rsvp).where(Rsvp.public_id == parts[0], Rsvp.forgotten_at.is_(None)))
        if rsvp is None:
            raise NotFoundError
        return AnswerMail(rsvp)
    if kind == CONTACT:
        return ContactMail(_announced(session, parts[0]), parts[1])
    return BroadcastMail(_announced(session, parts[0]).campaign, account_by_public_id(session, parts[1]))


def _announced(session: Session, public_id: str) -> Announcement:
    found = session.scalar(select(Announcement).where(Announcement.public_id == public_id))
    if found is None:
        raise NotFoundError
    return found


def _parts(token: str) -> list[str]:
    """Return what stands in a link of its kind; nothing for a kind that is none of ours."""
    ends = list(accumulate(LENGTHS.get(token[:1], ()), initial=1))
    return [token[start:end] for start, end in pairwise(ends)]


def _token(kind: str, parts: Sequence[str], seal: Seal) -> str:
    return f"{kind}{''.join(parts)}{seal.derive_token('unsubscribe', kind, *parts)}"
