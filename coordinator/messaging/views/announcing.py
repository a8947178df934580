"""The organiser's pages about messages: what is planned, what is written, how far it went."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _, ngettext
from sqlalchemy import select

from coordinator.accounts.sign_in import signed_in
from coordinator.events.queries.organising import own_event
from coordinator.events.rules import PUBLIC, EventStatus
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.crypto import LostKeyError
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.errors import NotFoundError
from coordinator.kit.headers import letter_document
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import check_limit, limited
from coordinator.kit.paging import page_of
from coordinator.kit.web import form_page, seal
from coordinator.messaging.announcing import (
    describe_announcement,
    discard_announcement,
    draft_announcement,
    hand_in,
    planned_at,
    take_back,
    try_out,
)
from coordinator.messaging.cards import audience_text, preview_of, subject_of, words_of
from coordinator.messaging.forms import AnnouncementForm
from coordinator.messaging.queries import (
    announcement_of,
    announcements_of,
    audience_of,
    reach_of,
    reminders_of,
)
from coordinator.messaging.rules import (
    EDITABLE,
    AnnouncementDetails,
    AnnouncementStatus,
    Audience,
    NoReaderError,
    TooManyAnnouncementsError,
)
from coordinator.outbox.models import Message
from coordinator.outbox.queries import count_by_state
from coordinator.outbox.rules import MessageState
from coordinator.rsvps.helping import help_wanted
from coordinator.rsvps.models import Rsvp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.messaging.models import Announcement

blueprint = Blueprint("messages", __name__, url_prefix="/<lang:lang>/organise/events")

PER_TEST = "10 per hour"


@blueprint.get("/<public_id:public_id>/messages")
@requires(May.ORGANISE)
def messages(public_id: str) -> ResponseReturnValue:
    """Show what those who answered get: what goes by itself, and what was written."""
    session = db.session()
    event = own_event(session, signed_in(), public_id)
    return render_template(
        "messaging/messages.html",
        event=event,
        reminders=[one for one in reminders_of(session, event) if event.status is EventStatus.PUBLISHED],
        rows=[_row(one) for one in announcements_of(session, event)],
        reach=reach_of(session, event.id, Audience()),
        may_write=event.status in PUBLIC,
    )


@blueprint.route("/<public_id:public_id>/messages/new", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("messages", per_client="60 per hour")
def new(public_id: str) -> ResponseReturnValue:
    """Write one."""
    event = own_event(db.session(), signed_in(), public_id)
    if event.status not in PUBLIC:
        raise NotFoundError
    form = _form(event)
    if request.method == "GET":
        form.show(Audience(), {}, None, 0)
        return _form_page(form, event)
    return _save(form, event, None) or _form_page(form, event)


@blueprint.route("/<public_id:public_id>/messages/<public_id:message_id>/edit", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("messages", per_client="60 per hour")
def edit(public_id: str, message_id: str) -> ResponseReturnValue:
    """Write it differently, as long as it was not handed in."""
    event = own_event(db.session(), signed_in(), public_id)
    announcement = announcement_of(db.session(), event, message_id)
    if announcement.status not in EDITABLE:
        return redirect(url_for(".message", public_id=public_id, message_id=message_id), code=303)
    form = _form(event)
    if request.method == "GET":
        audience = audience_of(announcement.audience)
        form.show(audience, words_of(announcement, seal()), announcement.send_local, announcement.send_fold)
        return _form_page(form, event, message_id)
    return _save(form, event, message_id) or _form_page(form, event, message_id)


@blueprint.route("/<public_id:public_id>/messages/<public_id:message_id>", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("messages", per_client="120 per hour")
def message(public_id: str, message_id: str) -> ResponseReturnValue:
    """Show one: how it reads, whom it reaches, how far it is. Do with it what the button says."""
    event = own_event(db.session(), signed_in(), public_id)
    if request.method == "POST":
        return _act(event, message_id)
    return _page(event, announcement_of(db.session(), event, message_id))


@blueprint.get("/<public_id:public_id>/messages/<public_id:message_id>/letter")
@requires(May.ORGANISE)
def letter(public_id: str, message_id: str) -> ResponseReturnValue:
    """Show it as its readers see it, in a document that can do nothing."""
    event = own_event(db.session(), signed_in(), public_id)
    announcement = announcement_of(db.session(), event, message_id)
    locale = _language(announcement)
    if locale is None:
        raise NotFoundError
    return letter_document(preview_of(announcement, locale, seal(), now()).html)


@blueprint.get("/<public_id:public_id>/messages/<public_id:message_id>/readers")
@requires(May.ORGANISE)
def readers(public_id: str, message_id: str) -> ResponseReturnValue:
    """Show what became of each letter: first names only, as at the door."""
    session = db.session()
    event = own_event(session, signed_in(), public_id)
    announcement = announcement_of(session, event, message_id)
    query = select(Message).where(Message.about == announcement.about).order_by(Message.id)
    page = page_of(session, query, number=request.args.get("page", 1, type=int))

    def address(number: int) -> str:
        return url_for(".readers", public_id=public_id, message_id=message_id, page=number)

    return render_template(
        "messaging/readers.html",
        event=event,
        announcement=announcement,
        title=subject_of(announcement, seal()),
        rows=_readers(session, page.rows),
        previous_url=address(page.number - 1) if page.number > 1 else "",
        next_url=address(page.number + 1) if page.has_more else "",
        page_number=page.number,
    )


def _form(event: Event) -> AnnouncementForm:
    form = AnnouncementForm()
    form.offer([(role.code, role.name) for role in help_wanted(db.session(), event)], current_language())
    return form


def _form_page(form: AnnouncementForm, event: Event, message_id: str = "") -> ResponseReturnValue:
    return form_page(
        "messaging/write.html",
        form,
        event=event,
        message_id=message_id,
        has_begun=event.starts_at <= now(),
        first=[current_language()],
    )


def _save(form: AnnouncementForm, event: Event, message_id: str | None) -> ResponseReturnValue | None:
    """Keep what was typed as a draft and show it; None when something in it has to be mended."""
    if not form.validate_on_submit():
        return None
    when = form.settle(event.timezone)
    if when is None:
        return None
    with unit_of_work() as session:
        if message_id is None:
            announcement = draft_announcement(session, event, by=signed_in(), now=now())
        else:
            announcement = announcement_of(session, event, message_id, is_locked=True)
        details = AnnouncementDetails(
            words=form.words(), audience=form.audience(), send_local=when[0], send_fold=when[1]
        )
        describe_announcement(session, announcement, details, seal=seal())
    here = url_for(".message", public_id=event.public_id, message_id=announcement.public_id)
    return redirect(here, code=303)


def _act(event: Event, message_id: str) -> ResponseReturnValue:
    act = request.form.get("act", "")
    here = redirect(url_for(".message", public_id=event.public_id, message_id=message_id), code=303)
    if act == "test":
        check_limit("messages.test", per_target=PER_TEST, target=signed_in().public_id)
    with unit_of_work() as session:
        announcement = announcement_of(session, event, message_id, is_locked=True)
        match act:
            case "test":
                locale = _language(announcement)
                if locale is None:
                    raise NotFoundError
                try_out(session, announcement, locale, to=signed_in(), seal=seal(), now=now())
                flash(_("Sent to your own address."), "success")
            case "send":
                _hand_in(session, announcement)
            case "stop":
                withdrawn = take_back(session, announcement, by=signed_in(), now=now())
                _say_stopped(announcement, withdrawn)
            case "discard":
                discard_announcement(session, announcement)
                flash(_("Deleted."), "success")
                here = redirect(url_for(".messages", public_id=event.public_id), code=303)
            case _:
                raise NotFoundError
    return here


def _hand_in(session: Session, announcement: Announcement) -> None:
    try:
        hand_in(session, announcement, by=signed_in(), now=now())
    except NoReaderError:
        flash(_("Nobody would get it. Nothing was sent."), "warning")
    except TooManyAnnouncementsError:
        flash(_("That would be too many for one day. It is kept as a draft; send it tomorrow."), "warning")
    else:
        if announcement.status is AnnouncementStatus.WAITING:
            flash(_("Handed in. It goes out when a coordinator has read it; you get a mail."), "info")
        elif announcement.send_local is None:
            flash(_("It goes out now."), "success")
        else:
            flash(_("It goes out when its time comes."), "success")


def _say_stopped(announcement: Announcement, withdrawn: int) -> None:
    if announcement.status is AnnouncementStatus.DRAFT:
        flash(_("Taken back. It is a draft again."), "success")
    else:
        flash(
            ngettext(
                "Stopped. %(num)s letter that waited is not sent.",
                "Stopped. %(num)s letters that waited are not sent.",
                withdrawn,
            ),
            "success",
        )


def _page(event: Event, announcement: Announcement) -> ResponseReturnValue:
    session, keys = db.session(), seal()
    locale = _language(announcement)
    audience = audience_of(announcement.audience)
    states = count_by_state(session, Message.about == announcement.about)
    return render_template(
        "messaging/message.html",
        event=event,
        announcement=announcement,
        title=subject_of(announcement, seal()),
        preview=preview_of(announcement, locale, keys, now()) if locale else None,
        locale=locale,
        written_in=sorted(announcement.texts),
        sends_at=planned_at(announcement),
        audience=audience_text(audience, help_wanted(session, event)),
        reach=reach_of(session, event.id, audience),
        states=states,
        gone=sum(states.values()) - states[MessageState.WAITING],
        refusal=keys.decrypt(announcement.refusal_sealed) or "",
        may_edit=announcement.status in EDITABLE,
        may_send=announcement.status in EDITABLE and event.status in PUBLIC,
    )


def _language(announcement: Announcement) -> str | None:
    """Return the language that was asked for, or the reader's, or any that it is written in."""
    wanted = (request.values.get("in", ""), current_language(), *sorted(announcement.texts))
    return next((code for code in wanted if code in announcement.texts), None)


def _row(announcement: Announcement) -> SimpleNamespace:
    return SimpleNamespace(
        public_id=announcement.public_id,
        title=subject_of(announcement, seal()),
        status=f"message-{announcement.status}",
        at=announcement.started_at or announcement.due_at or announcement.created_at,
        written=announcement.written,
    )


def _readers(session: Session, messages: Sequence[Message]) -> list[SimpleNamespace]:
    ids = [message.key.rpartition(":")[2] for message in messages]
    found = session.scalars(select(Rsvp).where(Rsvp.public_id.in_(ids)))
    names = {rsvp.public_id: _first_name(rsvp) for rsvp in found}
    return [
        SimpleNamespace(name=names.get(public_id, ""), state=f"letter-{message.state}", at=message.sent_at)
        for public_id, message in zip(ids, messages, strict=True)
    ]


def _first_name(rsvp: Rsvp) -> str:
    try:
        name = (seal().decrypt(rsvp.name_sealed) or "").split()
    except LostKeyError:  # one that we can't read must not take the page away
        return ""
    return name[0] if name else ""
