"""The organiser's pages about messages: what is planned, what is written, how far it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _

from coordinator.accounts.sign_in import signed_in
from coordinator.events.queries.organising import own_event
from coordinator.events.rules import EventStatus
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import limited
from coordinator.kit.web import seal
from coordinator.messaging.announcing import draft_announcement, may_be_told
from coordinator.messaging.audiences.answers import reach_of
from coordinator.messaging.audiences.contacts import reach_among
from coordinator.messaging.cards import audience_text
from coordinator.messaging.forms.audiences import AnswersForm, ContactsForm
from coordinator.messaging.queries import announcement_of, announcements_of, reminders_of
from coordinator.messaging.rules import AnswerAudience, AudienceKind, ContactAudience
from coordinator.messaging.views.desk import Desk
from coordinator.rsvps.helping import help_wanted

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.messaging.audiences.batch import Reader
    from coordinator.messaging.forms.audiences import AudienceForm
    from coordinator.messaging.models import Announcement
    from coordinator.messaging.rules import Audience

blueprint = Blueprint("messages", __name__, url_prefix="/<lang:lang>/organise/events")


class EventDesk(Desk):
    """Where an organiser writes about one of their events."""

    room = "messages"

    def __init__(self, event: Event) -> None:
        """Sit down at the desk of an event of one's own."""
        self.event = event
        self.kicker = event.title
        self.crumbs = [
            (event.title, url_for("dashboard.event", public_id=event.public_id)),
            (_("Messages"), self.url("messages")),
        ]

    def url(self, name: str, /, **more: Any) -> str:
        """Return the address of a page about this event's messages."""
        return url_for(f"{self.room}.{name}", public_id=self.event.public_id, **more)

    def find(self, session: Session, message_id: str, *, is_locked: bool = False) -> Announcement:
        """Return one announcement about this event."""
        return announcement_of(session, self.event, message_id, is_locked=is_locked)

    def may_send(self, kind: AudienceKind) -> bool:
        """Tell whether anybody may hear of the event."""
        return may_be_told(self.event, kind, now())

    def form_for(self, kind: AudienceKind) -> AudienceForm:
        """Return the form to write to contacts, or one with the roles that this event wants."""
        if kind is AudienceKind.CONTACTS:
            return ContactsForm(self.event.timezone)
        form = AnswersForm(self.event.timezone)
        roles = [(role.code, role.name) for role in help_wanted(db.session(), self.event)]
        form.offer(roles, current_language(), has_begun=self.event.starts_at <= now())
        return form

    def draft(self, session: Session, kind: AudienceKind) -> Announcement:
        """Begin an announcement about this event."""
        return draft_announcement(session, self.event, kind=kind, by=signed_in(), now=now())

    def in_words(self, audience: Audience) -> str:
        """Return in words whom one is for."""
        return audience_text(audience, help_wanted(db.session(), self.event))

    def page_of_reader(self, kind: AudienceKind, reader: Reader) -> str:
        """Return the page of a contact; of those who answered, first names are all there is to see."""
        if kind is not AudienceKind.CONTACTS or not reader.page_id:
            return ""
        return url_for("contacts.contact", public_id=reader.page_id)


@blueprint.get("/<public_id:public_id>/messages")
@requires(May.ORGANISE)
def messages(public_id: str) -> ResponseReturnValue:
    """Show what those who answered get: what goes by itself, and what was written."""
    session = db.session()
    event = own_event(session, signed_in(), public_id)
    desk = EventDesk(event)
    return render_template(
        "messaging/messages.html",
        desk=desk,
        event=event,
        reminders=[one for one in reminders_of(session, event) if event.status is EventStatus.PUBLISHED],
        rows=[desk.row(one) for one in announcements_of(session, event)],
        reach=reach_of(session, event.id, AnswerAudience()),
        contacts=reach_among(session, signed_in(), event, ContactAudience(), seal()),
        may_write=desk.may_send(AudienceKind.ANSWERS),
        may_invite=desk.may_send(AudienceKind.CONTACTS),
    )


@blueprint.route("/<public_id:public_id>/messages/new", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("messages", per_client="60 per hour")
def new(public_id: str) -> ResponseReturnValue:
    """Write to those who answered."""
    return _desk(public_id).new(AudienceKind.ANSWERS, AnswerAudience())


@blueprint.route("/<public_id:public_id>/messages/invite", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("messages", per_client="60 per hour")
def invite(public_id: str) -> ResponseReturnValue:
    """Write to one's contacts who did not answer."""
    return _desk(public_id).new(AudienceKind.CONTACTS, ContactAudience())


@blueprint.route("/<public_id:public_id>/messages/<public_id:message_id>/edit", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("messages", per_client="60 per hour")
def edit(public_id: str, message_id: str) -> ResponseReturnValue:
    """Write it differently, as long as it was not handed in."""
    return _desk(public_id).edit(message_id)


@blueprint.route("/<public_id:public_id>/messages/<public_id:message_id>", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("messages", per_client="120 per hour")
def message(public_id: str, message_id: str) -> ResponseReturnValue:
    """Show one, or do with it what the button says."""
    return _desk(public_id).message(message_id)


@blueprint.get("/<public_id:public_id>/messages/<public_id:message_id>/letter")
@requires(May.ORGANISE)
def letter(public_id: str, message_id: str) -> ResponseReturnValue:
    """Show it as its readers see it."""
    return _desk(public_id).letter(message_id)


@blueprint.get("/<public_id:public_id>/messages/<public_id:message_id>/readers")
@requires(May.ORGANISE)
def readers(public_id: str, message_id: str) -> ResponseReturnValue:
    """Show what became of each letter."""
    return _desk(public_id).readers(message_id)


def _desk(public_id: str) -> EventDesk:
    return EventDesk(own_event(db.session(), signed_in(), public_id))
