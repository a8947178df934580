"""What all pages share where announcements are written: kept, looked at, sent, stopped.

A desk belongs to one event, or to the coordinators of one campaign. It knows which announcements lie on it
and where its pages are; the views say who may sit at it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _, ngettext
from sqlalchemy import select

from coordinator.accounts.sign_in import signed_in
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.errors import NotFoundError
from coordinator.kit.headers import letter_document
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import check_limit
from coordinator.kit.paging import page_of
from coordinator.kit.web import form_page, seal
from coordinator.messaging.announcing import (
    describe_announcement,
    discard_announcement,
    hand_in,
    planned_at,
    take_back,
    try_out,
)
from coordinator.messaging.audiences.batch import Reader
from coordinator.messaging.audiences.kept import audience_of
from coordinator.messaging.audiences.kinds import readers_of
from coordinator.messaging.cards import preview_of, subject_of, words_of
from coordinator.messaging.rules import (
    EDITABLE,
    AnnouncementDetails,
    AnnouncementStatus,
    NoReaderError,
    TimeOverError,
    TooManyAnnouncementsError,
)
from coordinator.outbox.models import Message
from coordinator.outbox.queries import count_by_state
from coordinator.outbox.rules import MessageState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.kit.paging import Page
    from coordinator.messaging.forms.audiences import AudienceForm
    from coordinator.messaging.models import Announcement
    from coordinator.messaging.rules import Audience, AudienceKind

PER_TEST = "10 per hour"
NOBODY = Reader("", "")


class Desk(ABC):
    """Where announcements are written about one event, or in one campaign."""

    room: ClassVar[str]
    """Name of the blueprint whose pages these are: `messages`, `message`, `edit`, `letter`, `readers`."""
    kicker: str
    """What it is about, above each heading."""
    crumbs: Sequence[tuple[str, str]]
    """The way to the first page."""

    @abstractmethod
    def url(self, name: str, /, **more: Any) -> str:
        """Return the address of one of its pages."""

    @abstractmethod
    def find(self, session: Session, message_id: str, *, is_locked: bool = False) -> Announcement:
        """Return one announcement that lies here.

        Raises:
            NotFoundError: there is none.
        """

    @abstractmethod
    def may_send(self, kind: AudienceKind) -> bool:
        """Tell whether anything can be sent from here now, to one kind of people."""

    @abstractmethod
    def form_for(self, kind: AudienceKind) -> AudienceForm:
        """Return the form to write to one kind of people."""

    @abstractmethod
    def draft(self, session: Session, kind: AudienceKind) -> Announcement:
        """Begin an announcement."""

    @abstractmethod
    def in_words(self, audience: Audience) -> str:
        """Return in words whom an announcement is for."""

    @abstractmethod
    def page_of_reader(self, kind: AudienceKind, reader: Reader) -> str:
        """Return the address to which the name of somebody who was written to leads; empty for nowhere."""

    def new(self, kind: AudienceKind, audience: Audience) -> ResponseReturnValue:
        """Write one, to `audience` unless somebody else is chosen."""
        if not self.may_send(kind):
            raise NotFoundError
        form = self.form_for(kind)
        if request.method == "GET":
            form.show_audience(audience)
            return self._form_page(form, kind)
        return self._save(form, kind, None) or self._form_page(form, kind)

    def edit(self, message_id: str) -> ResponseReturnValue:
        """Write it differently, as long as it was not handed in."""
        announcement = self.find(db.session(), message_id)
        kind = announcement.kind
        if announcement.status not in EDITABLE:
            return redirect(self.url("message", message_id=message_id), code=303)
        form = self.form_for(kind)
        if request.method == "GET":
            words = words_of(announcement, seal())
            form.show(words, announcement.send_local, announcement.send_fold, announcement.zone)
            form.show_audience(audience_of(announcement, seal()))
            return self._form_page(form, kind, message_id)
        return self._save(form, kind, message_id) or self._form_page(form, kind, message_id)

    def message(self, message_id: str) -> ResponseReturnValue:
        """Show one: how it reads, whom it reaches, how far it is. Do with it what the button says."""
        if request.method == "POST":
            return self._act(message_id)
        return self._page(self.find(db.session(), message_id))

    def letter(self, message_id: str) -> ResponseReturnValue:
        """Show it as its readers see it, in a document that can do nothing."""
        return letter_of(self.find(db.session(), message_id))

    def readers(self, message_id: str) -> ResponseReturnValue:
        """Show what became of each letter."""
        session = db.session()
        announcement = self.find(session, message_id)
        query = select(Message).where(Message.about == announcement.about).order_by(Message.id)
        page = page_of(session, query, number=request.args.get("page", 1, type=int))
        return render_template(
            "messaging/readers.html",
            desk=self,
            announcement=announcement,
            title=subject_of(announcement, seal()),
            rows=self._readers(session, announcement, page.rows),
            **turns_of(page, lambda number: self.url("readers", message_id=message_id, page=number)),
        )

    def row(self, announcement: Announcement) -> SimpleNamespace:
        """Return one announcement as the list on the first page shows it."""
        return SimpleNamespace(
            url=self.url("message", message_id=announcement.public_id),
            title=subject_of(announcement, seal()),
            kind=announcement.kind,
            status=f"message-{announcement.status}",
            at=announcement.started_at or announcement.due_at or announcement.created_at,
            zone=announcement.zone,
            written=announcement.written,
        )

    def _form_page(self, form: AudienceForm, kind: AudienceKind, message_id: str = "") -> ResponseReturnValue:
        return form_page(
            "messaging/write.html",
            form,
            desk=self,
            kind=kind,
            message_id=message_id,
            first=[current_language()],
        )

    def _save(
        self, form: AudienceForm, kind: AudienceKind, message_id: str | None
    ) -> ResponseReturnValue | None:
        """Keep what was typed as a draft and show it; None when something in it has to be mended."""
        when = form.settle() if form.validate_on_submit() else None
        if when is None:
            return None
        with unit_of_work() as session:
            if message_id is None:
                announcement = self.draft(session, kind)
            else:
                announcement = self.find(session, message_id, is_locked=True)
            details = AnnouncementDetails(
                words=form.words(),
                audience=form.audience(),
                send_local=when[0],
                send_fold=when[1],
                timezone=None if announcement.event else form.zone,
            )
            describe_announcement(session, announcement, details, seal=seal())
        return redirect(self.url("message", message_id=announcement.public_id), code=303)

    def _act(self, message_id: str) -> ResponseReturnValue:
        act = request.form.get("act", "")
        here = redirect(self.url("message", message_id=message_id), code=303)
        if act == "test":
            check_limit("messages.test", per_target=PER_TEST, target=signed_in().public_id)
        with unit_of_work() as session:
            announcement = self.find(session, message_id, is_locked=True)
            match act:
                case "test":
                    locale = language_of(announcement)
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
                    here = redirect(self.url("messages"), code=303)
                case _:
                    raise NotFoundError
        return here

    def _page(self, announcement: Announcement) -> ResponseReturnValue:
        session, keys = db.session(), seal()
        locale = language_of(announcement)
        states = count_by_state(session, Message.about == announcement.about)
        may_edit = announcement.status in EDITABLE
        return render_template(
            "messaging/message.html",
            desk=self,
            announcement=announcement,
            title=subject_of(announcement, keys),
            preview=preview_of(announcement, locale, keys, now()) if locale else None,
            locale=locale,
            written_in=sorted(announcement.texts),
            sends_at=planned_at(announcement),
            audience=self.in_words(audience_of(announcement, keys)),
            reach=readers_of(announcement).reach(session, announcement, keys),
            states=states,
            gone=sum(states.values()) - states[MessageState.WAITING],
            refusal=keys.decrypt(announcement.refusal_sealed) or "",
            may_edit=may_edit,
            may_send=may_edit and self.may_send(announcement.kind),
        )

    def _readers(
        self, session: Session, announcement: Announcement, messages: Sequence[Message]
    ) -> list[SimpleNamespace]:
        ids = [message.key.rpartition(":")[2] for message in messages]
        shown = readers_of(announcement).shown(session, announcement, ids, seal())
        people = [shown.get(public_id, NOBODY) for public_id in ids]
        return [
            SimpleNamespace(
                name=person.name,
                url=self.page_of_reader(announcement.kind, person),
                state=f"letter-{message.state}",
                at=message.sent_at,
            )
            for person, message in zip(people, messages, strict=True)
        ]


def letter_of(announcement: Announcement) -> ResponseReturnValue:
    """Return an announcement as its readers see it, in a document that can do nothing.

    Raises:
        NotFoundError: what it said is forgotten.
    """
    locale = language_of(announcement)
    if locale is None:
        raise NotFoundError
    return letter_document(preview_of(announcement, locale, seal(), now()).html)


def language_of(announcement: Announcement) -> str | None:
    """Return the language that was asked for, or the reader's, or any that it is written in."""
    wanted = (request.values.get("in", ""), current_language(), *sorted(announcement.texts))
    return next((code for code in wanted if code in announcement.texts), None)


def turns_of(page: Page[Any], address: Callable[[int], str]) -> dict[str, Any]:
    """Return what a template needs to turn the pages of a list."""
    return {
        "previous_url": address(page.number - 1) if page.number > 1 else "",
        "next_url": address(page.number + 1) if page.has_more else "",
        "page_number": page.number,
    }


def _hand_in(session: Session, announcement: Announcement) -> None:
    try:
        hand_in(session, announcement, by=signed_in(), seal=seal(), now=now())
    except TimeOverError:
        flash(_("The time that you chose is over. Nothing was sent: choose another one."), "warning")
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
