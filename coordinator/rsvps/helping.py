"""What help an event still wants, and who offered what: for pages, in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext as _, ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from coordinator.events.cards import role_name
from coordinator.events.helping import Help, codes_of, roles_from
from coordinator.events.rules import CountShown
from coordinator.kit.errors import NotFoundError
from coordinator.rsvps.models import HelpOffer, Rsvp
from coordinator.rsvps.queries import IS_KNOWN
from coordinator.rsvps.rules import EXPECTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event

MOST_OFFERS = 500
"""On one page; the largest protests have fewer helpers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One role that an event asks for, in the reader's words."""

    code: str
    name: str
    note: str
    wanted: int
    assigned: int
    text: str
    """How many are still wanted; only that some are, where the event hides how many come."""

    @property
    def missing(self) -> int:
        """Return how many are still wanted."""
        return max(0, self.wanted - self.assigned)


def help_wanted(session: Session, event: Event) -> list[Wanted]:
    """Return what the organiser asked for, in their order. One that asks for nothing costs no query."""
    if not event.help_wanted:
        return []
    assigned = assigned_counts(session, event)
    return [
        Wanted(
            code=role.code,
            name=role_name(role.code, role.words),
            note=role.note,
            wanted=role.wanted,
            assigned=assigned.get(role.code, 0),
            text=_still_wanted(role.wanted - assigned.get(role.code, 0), event.count_shown),
        )
        for role in roles_from(event.help_wanted)
    ]


def help_choices(wanted: Sequence[Wanted], offered: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return what may be ticked: what is asked for, else the five roles that everybody knows.

    What somebody has `offered` before is among them as long as it has a name.
    """
    choices = [(role.code, f"{role.name} · {role.text}") for role in wanted]
    if not wanted:
        choices = [(kind.value, role_name(kind)) for kind in Help]
    names = {role.code: role.name for role in wanted} | {kind.value: role_name(kind) for kind in Help}
    shown = {code for code, _label in choices}
    return choices + [(code, names[code]) for code in offered if code in names and code not in shown]


def assigned_counts(session: Session, event: Event) -> dict[str, int]:
    """Return how many people were assigned to which role."""
    query = (
        select(HelpOffer.code, func.count())
        .where(HelpOffer.event_id == event.id, HelpOffer.assigned_at.is_not(None))
        .group_by(HelpOffer.code)
    )
    return dict(session.execute(query).all())


def offers_to(session: Session, event: Event) -> Sequence[HelpOffer]:
    """Return what the organiser sees: offers of people who come, and gaps that others left, oldest first."""
    query = _visible(event).options(joinedload(HelpOffer.rsvp)).order_by(HelpOffer.id).limit(MOST_OFFERS)
    return session.scalars(query).all()


def offer_to(session: Session, event: Event, public_id: str) -> HelpOffer:
    """Return one offer that the organiser of `event` sees.

    Raises:
        NotFoundError: there is none, or it was made to another event.
    """
    offer = session.scalar(_visible(event).where(HelpOffer.public_id == public_id))
    if offer is None:
        raise NotFoundError
    return offer


def offers_by(session: Session, rsvp_ids: Iterable[int]) -> dict[int, list[HelpOffer]]:
    """Return what each of these answers offers, by the answer's id."""
    query = select(HelpOffer).where(HelpOffer.rsvp_id.in_(list(rsvp_ids)), HelpOffer.withdrawn_at.is_(None))
    found: dict[int, list[HelpOffer]] = {}
    for offer in session.scalars(query.order_by(HelpOffer.id)):
        found.setdefault(offer.rsvp_id, []).append(offer)
    return found


def offer_names(event: Event, offers: Iterable[HelpOffer]) -> list[str]:
    """Return what offers are called; those without a name any more are left out."""
    own = {role.code: role.words for role in roles_from(event.help_wanted)}
    known = codes_of(event.help_wanted)
    return [role_name(offer.code, own.get(offer.code, "")) for offer in offers if offer.code in known]


def _visible(event: Event) -> Select[HelpOffer]:
    is_there = Rsvp.status.in_(EXPECTED) | HelpOffer.withdrawn_at.is_not(None)
    return select(HelpOffer).join(HelpOffer.rsvp).where(HelpOffer.event_id == event.id, is_there, IS_KNOWN)


def _still_wanted(missing: int, shown: CountShown) -> str:
    if missing < 1:
        return str(_("enough for now"))
    if shown is CountShown.HIDDEN:
        return str(_("still wanted"))
    return str(ngettext("%(num)d still wanted", "%(num)d still wanted", missing))
