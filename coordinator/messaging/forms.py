"""What an organiser says to those who answered, and what a coordinator says to that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from coordinator.events.forms.fields import TicksField, WallTimeField, one_line, tidy
from coordinator.events.forms.times import settled, wall_text
from coordinator.kit.forms import HouseForm
from coordinator.kit.i18n import LANGUAGES, language_name
from coordinator.messaging.rules import LONGEST_BODY, LONGEST_REFUSAL, LONGEST_SUBJECT, Audience, Came, Words
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from wtforms import Field


class AnnouncementForm(HouseForm):
    """What it says, in one language or more; to whom; when. Its fields for words are made below."""

    statuses = TicksField(
        _l("To those who"),
        choices=[
            SelectChoice(RsvpStatus.ACCEPTED.value, _l("come")),
            SelectChoice(RsvpStatus.TENTATIVE.value, _l("may come")),
            SelectChoice(RsvpStatus.WAITLISTED.value, _l("are on the waiting list")),
        ],
    )
    role = SelectField(_l("And do this"), choices=[])
    came = SelectField(
        _l("And were seen at the door"),
        choices=[
            SelectChoice(Came.ALL.value, _l("All of them")),
            SelectChoice(Came.CAME.value, _l("Those who came")),
            SelectChoice(Came.MISSED.value, _l("Those who did not come")),
        ],
    )
    locale = SelectField(_l("And read"), choices=[])
    send_at = WallTimeField(
        _l("When"),
        description=_l("On the clocks of the protest. Leave it empty to send it at once."),
    )
    send_fold = RadioField(_l("Which time do you mean?"), choices=[], validate_choice=False)

    def offer(self, roles: Iterable[tuple[str, str]], lang: str) -> None:
        """Give the choices that depend on the event and on the reader of the form."""
        self.role.choices = [
            SelectChoice("", _("Everybody")),
            *(SelectChoice(code, name) for code, name in roles),
        ]
        self.locale.choices = [
            SelectChoice("", _("Any language")),
            *(SelectChoice(code, language_name(code, lang)) for code in LANGUAGES),
        ]

    def show(
        self, audience: Audience, words: Mapping[str, Words], send_local: datetime | None, send_fold: int
    ) -> None:
        """Open the form with what is kept."""
        self.statuses.data = [status.value for status in audience.statuses]
        self.role.data, self.came.data, self.locale.data = audience.role, audience.came.value, audience.locale
        self.send_at.data = wall_text(send_local) if send_local else ""
        self.send_fold.data = str(send_fold)
        for code, said in words.items():
            self[f"subject_{code}"].data, self[f"body_{code}"].data = said.subject, said.body

    def languages(self, first: Sequence[str]) -> Iterator[tuple[str, Field, Field]]:
        """Return code, subject and text of each language; `first` come first."""
        for code in sorted(LANGUAGES, key=lambda one: (one not in first, LANGUAGES.index(one))):
            yield code, self[f"subject_{code}"], self[f"body_{code}"]

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Want words in one language at least, a text for each subject, and somebody to read them."""
        is_right = bool(super().validate(extra_validators))
        for _code, subject, body in self.languages(()):
            if bool(subject.data) == bool(body.data):
                continue
            lacking, said = body, _("Write the text, too.")
            if body.data:
                lacking, said = subject, _("Give it a subject.")
            lacking.errors = [*lacking.errors, said]
            is_right = False
        if not self.words() and not any(self[f"body_{code}"].data for code in LANGUAGES):
            self[f"subject_{LANGUAGES[0]}"].errors = [_("Write it in one language at least.")]
            is_right = False
        if not self.statuses.data:
            self.statuses.errors = [_("Tick those who are to read it.")]
            is_right = False
        return is_right

    def settle(self, zone: str) -> tuple[datetime | None, int] | None:
        """Return when it goes out on the clocks of `zone`, or None after asking which time is meant."""
        if self.send_at.wall_time is None:
            return None, 0
        return settled(self.send_at, self.send_fold, zone)

    def words(self) -> dict[str, Words]:
        """Return what it says, by language."""
        return {
            code: Words(subject=subject.data, body=body.data)
            for code, subject, body in self.languages(())
            if subject.data and body.data
        }

    def audience(self) -> Audience:
        """Return whom it is for."""
        return Audience(
            statuses=tuple(RsvpStatus(status) for status in self.statuses.data),
            role=self.role.data or "",
            came=Came(self.came.data),
            locale=self.locale.data or "",
        )


for _code in LANGUAGES:
    setattr(
        AnnouncementForm,
        f"subject_{_code}",
        StringField(
            _l("Subject"),
            filters=[one_line],
            validators=[Length(max=LONGEST_SUBJECT)],
            render_kw={"lang": _code},
        ),
    )
    setattr(
        AnnouncementForm,
        f"body_{_code}",
        TextAreaField(
            _l("Text"),
            description=_l("An empty line starts a new paragraph. What, when, where, and what to bring."),
            filters=[tidy],
            validators=[Length(max=LONGEST_BODY)],
            render_kw={"rows": 8, "lang": _code},
        ),
    )


class DecisionForm(HouseForm):
    """Let it go out, or say why not."""

    reason = TextAreaField(
        _l("Reason"),
        description=_l("The organiser reads it. Needed when you refuse."),
        filters=[tidy],
        validators=[Length(max=LONGEST_REFUSAL)],
        render_kw={"rows": 3},
    )
