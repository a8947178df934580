"""What an organiser says about a sheet of people."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from flask_babel import gettext, lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from coordinator.contacts.rules import (
    LONGEST_CONSENT,
    MOST_COLUMNS,
    SHORTEST_CONSENT,
    Column,
    ColumnsFault,
    Purpose,
    Unreadable,
    fault_of,
    is_day_of_consent,
    shown_filename,
)
from coordinator.contacts.sheets.reading import ENCODINGS, SEPARATORS, Format
from coordinator.kit.clock import now
from coordinator.kit.forms import HouseForm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coordinator.contacts.models import ContactImport

LONGEST_EXAMPLE = 40
MOST_EXAMPLES = 3

WHY_UNREADABLE = {
    Unreadable.EMPTY: _("The file is empty."),
    Unreadable.WORKBOOK: _(
        "This is no text. In Excel or LibreOffice, save the table as CSV and choose that file."
    ),
    Unreadable.NOT_CSV: _("The rows can't be told apart: a quotation mark may be missing."),
    Unreadable.TOO_MANY_ROWS: _("The file has too many rows. Divide it."),
}
COLUMN_WORDS = (
    (Column.IGNORED, _("Leave it out")),
    (Column.NAME, _("Name")),
    (Column.FIRST_NAME, _("First name")),
    (Column.LAST_NAME, _("Last name")),
    (Column.EMAIL, _("E-mail")),
    (Column.PHONE, _("Phone")),
    (Column.TAGS, _("Tags")),
    (Column.ROLES, _("Roles")),
    (Column.NOTE, _("Note")),
)


def _tidy(text: str | None) -> str:
    return unicodedata.normalize("NFC", text or "").replace("\0", "").strip()


class SheetForm(HouseForm):
    """A file, and what its people are kept for."""

    campaign = SelectField(
        _("Campaign"), description=_("They are kept as long as the people of this campaign, and no longer.")
    )
    file = FileField(
        _("File"),
        description=_("A table saved as CSV or TSV, up to 20 MB."),
        validators=[FileRequired(_("Choose a file."))],
        render_kw={"accept": ".csv,.tsv,.txt"},
    )

    def refuse(self, why: Unreadable) -> None:
        """Say that the file is no sheet."""
        self.file.errors = [*self.file.errors, WHY_UNREADABLE[why]]

    def filename(self) -> str:
        """Return what the file is called, as it may be shown."""
        return shown_filename(self.file.data.filename or "")


class ColumnsForm(HouseForm):
    """How a sheet is to be read, and what its columns are about."""

    encoding = SelectField(
        _("Character encoding"),
        description=_("If names look broken below, choose another one."),
        choices=[SelectChoice(*words) for words in ENCODINGS.items()],
    )
    separator = SelectField(_("Between columns"))
    is_headed = BooleanField(_("The first row names the columns"))
    columns = FieldList(
        SelectField(choices=[SelectChoice(kind.value, words) for kind, words in COLUMN_WORDS]),
        max_entries=MOST_COLUMNS,
    )

    @classmethod
    def of(cls, sheet: ContactImport) -> ColumnsForm:
        """Return the form with what is known of a sheet."""
        form = cls(
            data={
                "encoding": sheet.encoding,
                "separator": SEPARATORS[sheet.separator],
                "is_headed": sheet.is_headed,
                "columns": sheet.columns,
            }
        )
        form.separator.choices = [
            SelectChoice("comma", gettext("Comma")),
            SelectChoice("semicolon", gettext("Semicolon")),
            SelectChoice("tab", gettext("Tab")),
            SelectChoice("bar", gettext("Vertical bar")),
        ]
        return form

    def validate_columns(self, field: FieldList) -> None:
        """Ask for a way to reach them, and for one column of a kind."""
        fault = fault_of([Column(code) for code in field.data if code in set(Column)])  # others are refused
        if fault is ColumnsFault.NO_WAY_TO_REACH:
            raise ValidationError(_("Say which column holds the e-mail address or the phone number."))
        if fault is ColumnsFault.TWICE:
            raise ValidationError(_("Two columns can't both be the name, the address or the phone number."))

    def name_columns(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Call each column what the file calls it, with what stands in it."""
        for place, field in enumerate(self.columns):
            name = names[place] if place < len(names) else ""
            field.label.text = name[:LONGEST_EXAMPLE] or gettext("Column %(number)s", number=place + 1)
            cells = [row[place] for row in rows if place < len(row) and row[place]]
            field.description = " · ".join(
                cell[:LONGEST_EXAMPLE] for cell in dict.fromkeys(cells[:MOST_EXAMPLES])
            )

    def how(self) -> Format:
        """Return how to read the file."""
        return Format(self.encoding.data, _NAMED[self.separator.data])

    def meant(self) -> list[Column]:
        """Return what the columns are about."""
        return [Column(code) for code in self.columns.data]


class CheckForm(HouseForm):
    """What to do with those who are contacts already, and what all of them agreed to."""

    known = RadioField(
        _("Who is a contact already"),
        choices=[
            SelectChoice("skip", _("stays as they are")),
            SelectChoice("update", _("gets what they lack: phone, tags, roles, note, consent")),
        ],
    )
    purposes = SelectMultipleField(
        _("All of them agreed to"),
        description=_("Without consent they are kept, and never written to."),
        choices=[
            SelectChoice(Purpose.CONTACT.value, _("be contacted by me")),
            SelectChoice(Purpose.NEWS.value, _("be sent news")),
        ],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[Optional()],
    )
    consent = TextAreaField(
        _("Where, when and to what they agreed"),
        description=_("For example: a list on paper at the rally in Riga, headed “Tell me of protests”."),
        filters=[_tidy],
        validators=[Length(max=LONGEST_CONSENT)],
        render_kw={"rows": 3, "maxlength": LONGEST_CONSENT},
    )
    agreed_on = DateField(_("Day on which they agreed"), validators=[Optional()])

    def validate_consent(self, field: TextAreaField) -> None:
        """Ask for words where there is consent."""
        if self.purposes.data and len(field.data or "") < SHORTEST_CONSENT:
            raise ValidationError(_("Say where and to what they agreed."))

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Ask for a day that has been, where there is consent."""
        is_right: bool = super().validate(extra_validators)
        if self.purposes.data and not is_day_of_consent(self.agreed_on.data, today=now().date()):
            self.agreed_on.errors = [*self.agreed_on.errors, _("Say on which day. It can't be to come.")]
            return False
        return is_right

    def refuse(self, why: Unreadable | None) -> None:
        """Say that it can't start: the file can't be read, or its rows are still being looked at."""
        waits = _("The rows are still being looked at. Try again in a moment.")
        self.form_errors = [WHY_UNREADABLE[why] if why else waits]

    def agreed(self) -> list[Purpose]:
        """Return what they agreed to."""
        return [Purpose(code) for code in self.purposes.data or ()]


_NAMED: dict[Any, str] = {name: separator for separator, name in SEPARATORS.items()}
