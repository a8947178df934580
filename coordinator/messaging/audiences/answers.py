"""Those who answered an event: whoever confirmed an address and agreed to get news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select

from coordinator.checkin.models import Attendance
from coordinator.contacts.queries import suppressed_among
from coordinator.kit.crypto import LostKeyError
from coordinator.messaging.audiences.batch import Addressed, Batch, Reach, Reader
from coordinator.messaging.audiences.kept import answer_audience
from coordinator.messaging.mail import address_of, announcement_facts, language_for
from coordinator.messaging.rules import Came
from coordinator.messaging.unsubscribing import stop_link, unsubscribe_token
from coordinator.rsvps.mail import facts_for
from coordinator.rsvps.models import HelpOffer, Rsvp
from coordinator.rsvps.queries import IS_KNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from coordinator.messaging.models import Announcement
    from coordinator.messaging.rules import AnswerAudience

MAY_BE_WRITTEN_TO = and_(
    Rsvp.email_sealed.is_not(None), Rsvp.confirmed_at.is_not(None), Rsvp.consent_updates_at.is_not(None)
)
"""They left an address, showed that it is theirs, and agreed to get news."""


def answers_for(event_id: int, audience: AnswerAudience) -> Select[Rsvp]:
    """Select the answers that an announcement is for, whether or not it reaches them."""
    query = select(Rsvp).where(
        Rsvp.event_id == event_id,
        Rsvp.status.in_(audience.statuses),
        Rsvp.forgotten_at.is_(None),
        IS_KNOWN,
    )
    if audience.locale:
        query = query.where(Rsvp.locale == audience.locale)
    if audience.role:
        query = query.where(
            select(HelpOffer.id)
            .where(
                HelpOffer.rsvp_id == Rsvp.id,
                HelpOffer.code == audience.role,
                HelpOffer.assigned_at.is_not(None),
            )
            .exists()
        )
    if audience.came is not Came.ALL:
        query = query.where(_is_here() if audience.came is Came.CAME else ~_is_here())
    return query


def reach_of(session: Session, event_id: int, audience: AnswerAudience) -> Reach:
    """Count whom an announcement about an event is for, and whom it reaches."""
    has_address = Rsvp.email_sealed.is_not(None)
    counts = answers_for(event_id, audience).with_only_columns(
        func.count(Rsvp.id),
        func.count(Rsvp.id).filter(MAY_BE_WRITTEN_TO),
        func.count(Rsvp.id).filter(~has_address),
        func.count(Rsvp.id).filter(has_address, ~MAY_BE_WRITTEN_TO),
    )
    return Reach(*session.execute(counts).one())


class Answers:
    """`Readers` among those who answered."""

    def reach(self, session: Session, announcement: Announcement, seal: Seal) -> Reach:  # noqa: ARG002 nothing to open
        """Count whom it is for, and whom it reaches."""
        return reach_of(session, announcement.subject_event.id, answer_audience(announcement))

    def batch(
        self, session: Session, announcement: Announcement, most: int, *, seal: Seal, site_url: str
    ) -> Batch:
        """Return letters to the next of them who left an address, confirmed it, and agreed to get news."""
        event = announcement.subject_event
        people = session.scalars(
            answers_for(event.id, answer_audience(announcement))
            .where(
                MAY_BE_WRITTEN_TO,
                Rsvp.id > announcement.last_id,
                Rsvp.submitted_at <= announcement.started_at,  # as many as were counted, and no more
            )
            .order_by(Rsvp.id)
            .limit(most)
        ).all()
        found = [(rsvp, address_of(rsvp, seal)) for rsvp in people]
        emails = [address[0] for _rsvp, address in found if address]
        blocked = suppressed_among(session, owner_id=event.organiser_id, emails=emails, seal=seal)
        letters = [
            None
            if address is None or address[0] in blocked
            else _letter(rsvp, announcement, *address, seal=seal, site_url=site_url)
            for rsvp, address in found
        ]
        last_id = people[-1].id if people else announcement.last_id
        return Batch(letters=letters, last_id=last_id, is_last=len(people) < most)

    def shown(
        self,
        session: Session,
        announcement: Announcement,  # noqa: ARG002 the ids say it
        public_ids: Sequence[str],
        seal: Seal,
    ) -> Mapping[str, Reader]:
        """Return first names only, as at the door."""
        found = session.scalars(select(Rsvp).where(Rsvp.public_id.in_(public_ids)))
        return {rsvp.public_id: Reader(_first_name(rsvp, seal), "") for rsvp in found}


def _letter(
    rsvp: Rsvp, announcement: Announcement, email: str, token: str, *, seal: Seal, site_url: str
) -> Addressed:
    locale = language_for(announcement, rsvp.locale)
    facts = announcement_facts(announcement, locale, seal=seal)
    facts |= facts_for(rsvp, announcement.subject_event, token, locale=locale)
    facts["unsubscribe_url"] = stop_link(unsubscribe_token(rsvp.public_id, seal), locale, site_url)
    return Addressed(reader=f"rsvp:{rsvp.public_id}", email=email, locale=locale, context=facts)


def _first_name(rsvp: Rsvp, seal: Seal) -> str:
    try:
        name = (seal.decrypt(rsvp.name_sealed) or "").split()
    except LostKeyError:  # one that we can't read must not take the page away
        return ""
    return name[0] if name else ""


def _is_here() -> ColumnElement[bool]:
    return (
        select(Attendance.rsvp_id)
        .where(Attendance.rsvp_id == Rsvp.id, Attendance.arrived_at.is_not(None))
        .exists()
    )
