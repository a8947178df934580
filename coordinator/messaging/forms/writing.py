"""What somebody says to many: the words, and when they go out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import Length

from coordinator.events.forms.fields import WallTimeField, one_line, tidy
from coordinator.events.forms.times import settled, wall_text
from coordinator.kit.clock import now
from coordinator.kit.forms import HouseForm
from coordinator.kit.i18n import LANGUAGES
from coordinator.messaging.rules import LONGEST_BODY, LONGEST_SUBJECT, Words
from coordinator.places.timezones import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from wtforms import Field


class WordsForm(HouseForm):
    """What it says, in one language or more, and when. Its fields for words are made below."""

    send_at = WallTimeField(_l("When"), description=_l("Leave it empty to send it at once."))
    send_fold = RadioField(_l("Which time do you mean?"), choices=[], validate_choice=False)

    zone: str
    """IANA name of the clocks on which `send_at` is typed."""

    def must_be_ticked(self) -> Field | None:
        """Return the boxes of which one at least has to be ticked, so that somebody reads it."""
        return None

    def show(
        self, words: Mapping[str, Words], send_local: datetime | None, send_fold: int, zone: str
    ) -> None:
        """Open the form with what is kept."""
        self.zone = zone
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
        boxes = self.must_be_ticked()
        if boxes is not None and not boxes.data:
            boxes.errors = [_("Tick those who are to read it.")]
            is_right = False
        return is_right

    def settle(self) -> tuple[datetime | None, int] | None:
        """Return when it goes out on its clocks, or None after asking for a clear time that is not over."""
        if self.send_at.wall_time is None:
            return None, 0
        when = settled(self.send_at, self.send_fold, self.zone)
        if when is not None and resolve(when[0], self.zone, when[1]) <= now():
            self.send_at.errors = [_("This time is over. Leave it empty to send it at once.")]
            return None
        return when

    def words(self) -> dict[str, Words]:
        """Return what it says, by language."""
        return {
            code: Words(subject=subject.data, body=body.data)
            for code, subject, body in self.languages(())
            if subject.data and body.data
        }


for _code in LANGUAGES:
    setattr(
        WordsForm,
        f"subject_{_code}",
        StringField(
            _l("Subject"),
            filters=[one_line],
            validators=[Length(max=LONGEST_SUBJECT)],
            render_kw={"lang": _code},
        ),
    )
    setattr(
        WordsForm,
        f"body_{_code}",
        TextAreaField(
            _l("Text"),
            description=_l("An empty line starts a new paragraph. What, when, where, and what to bring."),
            filters=[tidy],
            validators=[Length(max=LONGEST_BODY)],
            render_kw={"rows": 8, "lang": _code},
        ),
    )
