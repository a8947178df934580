"""What help an event asks for: the five roles that everybody knows, and some in the organiser's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import HiddenField, StringField
from wtforms.validators import Length, NumberRange, Optional

from coordinator.events.forms.choices import HELP_WORDS
from coordinator.events.forms.fields import one_line
from coordinator.events.helping import (
    KINDS,
    LARGEST_WANTED,
    LONGEST_ROLE,
    LONGEST_ROLE_NOTE,
    MOST_OWN_ROLES,
    HelpRole,
    roles_from,
)
from coordinator.kit.forms import HouseForm, WholeNumberField
from coordinator.kit.ids import new_public_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wtforms import Field

OWN = tuple(f"own{number}" for number in range(1, MOST_OWN_ROLES + 1))
ROWS = (*HELP_WORDS, *OWN)


class HelpForm(HouseForm):
    """How many of each. An empty number asks for nobody. Its fields are made below, two or four to a row."""

    def show(self, kept: Iterable[Mapping[str, Any]]) -> None:
        """Open the form with what is asked for."""
        own = iter(OWN)
        for role in roles_from(kept):
            row = role.code if not role.is_own else next(own, None)
            if row is None:
                return
            self[f"{row}_wanted"].data, self[f"{row}_note"].data = role.wanted, role.note
            if role.is_own:
                self[f"{row}_words"].data, self[f"{row}_code"].data = role.words, role.code

    @property
    def rows(self) -> Iterator[tuple[str, list[Field]]]:
        """Return each row's name and the fields in it that are seen."""
        for row in ROWS:
            fields = [self[f"{row}_words"]] if row in OWN else []
            yield (
                "" if row in OWN else str(HELP_WORDS[row]),
                [*fields, self[f"{row}_wanted"], self[f"{row}_note"]],
            )

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Want a number for every name, and a name for every number."""
        is_right = bool(super().validate(extra_validators))
        for row in OWN:
            words, wanted = self[f"{row}_words"], self[f"{row}_wanted"]
            if wanted.errors:
                continue
            if words.data and not wanted.data:
                wanted.errors = [_("How many?")]
                is_right = False
            if wanted.data and not words.data:
                words.errors = [_("Say what they do.")]
                is_right = False
        return is_right

    def roles(self, kept: Iterable[Mapping[str, Any]]) -> list[HelpRole]:
        """Return what is asked for. A role that was there before keeps its code, and those who offered it."""
        known = {role.code for role in roles_from(kept) if role.is_own}
        found: dict[str, HelpRole] = {}
        for row in ROWS:
            wanted, note = self[f"{row}_wanted"].data, self[f"{row}_note"].data or ""
            if not wanted:
                continue
            code, words = row, ""
            if row not in KINDS:
                said, words = self[f"{row}_code"].data, self[f"{row}_words"].data
                code = said if said in known and said not in found else new_public_id()
            found[code] = HelpRole(code=code, words=words, wanted=wanted, note=note)
        return list(found.values())


for _row in ROWS:
    if _row in OWN:
        setattr(HelpForm, f"{_row}_code", HiddenField())
        setattr(
            HelpForm,
            f"{_row}_words",
            StringField(_l("In your own words"), filters=[one_line], validators=[Length(max=LONGEST_ROLE)]),
        )
    setattr(
        HelpForm,
        f"{_row}_wanted",
        WholeNumberField(
            _l("How many"),
            validators=[Optional(), NumberRange(min=0, max=LARGEST_WANTED)],
            render_kw={"inputmode": "numeric"},
        ),
    )
    setattr(
        HelpForm,
        f"{_row}_note",
        StringField(_l("A word about it"), filters=[one_line], validators=[Length(max=LONGEST_ROLE_NOTE)]),
    )
