"""Sheets of people, step by step: the file, what its columns mean, what would happen, and what happened."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, BinaryIO, cast

from flask import Blueprint, redirect, url_for
from wtforms import SelectChoice

from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import open_campaigns
from coordinator.contacts.forms.importing import WHY_UNREADABLE, CheckForm, ColumnsForm, SheetForm
from coordinator.contacts.queries import first_rows, imports_of, own_import
from coordinator.contacts.rules import (
    LARGEST_SHEET_BYTES,
    Column,
    ImportStatus,
    UnreadableSheetError,
    draft_of,
)
from coordinator.contacts.service.checking import ask_for_check, is_long, kept_outlook, outlook
from coordinator.contacts.service.importing import (
    describe_sheet,
    drop_sheet,
    start_import,
    stop_import,
    take_sheet,
)
from coordinator.contacts.service.undoing import may_be_undone, undo_import
from coordinator.contacts.sheets.meaning import meaning_of
from coordinator.contacts.sheets.reading import Format
from coordinator.events.cards import role_names
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import limited
from coordinator.kit.web import form_page, seal, takes_upload

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from coordinator.contacts.models import ContactImport
    from coordinator.contacts.service.checking import Outlook

PREVIEWED = 20
LARGEST_UPLOAD_BYTES = LARGEST_SHEET_BYTES + 10_000  # the form around it

blueprint = Blueprint("imports", __name__, url_prefix="/<lang:lang>/organise/contacts/import")


@blueprint.route("", methods=["GET", "POST"])
@takes_upload(LARGEST_UPLOAD_BYTES)
@requires(May.ORGANISE)
@limited("contacts-import", per_client="30 per hour")
def new() -> ResponseReturnValue:
    """Take a file for one of the open campaigns. Nothing is imported by that."""
    campaigns = {one.slug: one for one in open_campaigns(db.session())}
    form = SheetForm()
    form.campaign.choices = [
        SelectChoice(slug, one.text_in(current_language()).title) for slug, one in campaigns.items()
    ]
    if form.validate_on_submit():
        upload = form.file.data
        try:
            with unit_of_work() as session:
                sheet = take_sheet(
                    session,
                    signed_in(),
                    campaigns[form.campaign.data],
                    cast("BinaryIO", upload.stream),
                    filename=form.filename(),
                    seal=seal(),
                    now=now(),
                )
                public_id = sheet.public_id
        except UnreadableSheetError as fault:
            form.refuse(fault.why)
        else:
            return redirect(url_for(".columns", public_id=public_id), code=303)
    return form_page("contacts/import_new.html", form, sheets=imports_of(db.session(), signed_in()))


@blueprint.route("/<public_id:public_id>/columns", methods=["GET", "POST"])
@requires(May.ORGANISE)
def columns(public_id: str) -> ResponseReturnValue:
    """Ask what the columns mean, beside the first rows as they are understood."""
    sheet = own_import(db.session(), signed_in(), public_id)
    if sheet.status is not ImportStatus.DRAFT:
        return _elsewhere(public_id)
    form = ColumnsForm.of(sheet)
    if form.validate_on_submit():
        how, is_headed, meant = form.how(), bool(form.is_headed.data), form.meant()
        is_same = (how, is_headed) == (Format(sheet.encoding, sheet.separator), sheet.is_headed)
        with unit_of_work() as session:
            sheet = own_import(session, signed_in(), public_id)
            describe_sheet(sheet, how, is_headed=is_headed, columns=meant)
            if not is_same:  # read otherwise, its columns are others: look at them first
                sheet.columns = [one.value for one in _guessed(sheet)]
            else:
                ask_for_check(session, sheet, seal=seal(), now=now())
        return redirect(url_for(".check" if is_same else ".columns", public_id=public_id), code=303)
    rows = _first_rows(sheet)
    body = rows[sheet.is_headed :]
    form.name_columns(rows[0] if sheet.is_headed and rows else [], body)
    kinds = [Column(code) for code in sheet.columns]
    return form_page(
        "contacts/import_columns.html",
        form,
        sheet=sheet,
        filename=seal().decrypt(sheet.filename_sealed),
        drafts=[draft_of(cells, kinds) for cells in body[:PREVIEWED]],
        role_names=role_names,
    )


@blueprint.route("/<public_id:public_id>/check", methods=["GET", "POST"])
@requires(May.ORGANISE)
def check(public_id: str) -> ResponseReturnValue:
    """Show what would happen to every row, ask what these people agreed to, and start.

    A long sheet is looked at by the worker. Until that is done the page shows how far it is.
    """
    sheet = own_import(db.session(), signed_in(), public_id)
    if sheet.status is not ImportStatus.DRAFT:
        return _elsewhere(public_id)
    if sheet.check_asked_at is None and is_long(db.session(), sheet, seal=seal()):
        return redirect(url_for(".columns", public_id=public_id), code=303)  # there they ask for it
    found = _outlook(sheet)
    form = CheckForm(data={"known": "skip"})
    if form.validate_on_submit():
        if found is None or found.unreadable:
            form.refuse(found.unreadable if found else None)
        else:
            _start(public_id, form, found.rows)
            return _elsewhere(public_id)
    page = "contacts/import_check.html" if found or form.errors else "contacts/import_counting.html"
    return form_page(
        page, form, sheet=sheet, outlook=found, why=WHY_UNREADABLE,
        campaign=sheet.campaign.text_in(current_language()).title,
    )  # fmt: skip


@blueprint.get("/<public_id:public_id>")
@requires(May.ORGANISE)
def sheet(public_id: str) -> ResponseReturnValue:
    """Show how far an import is, or what became of it."""
    found = own_import(db.session(), signed_in(), public_id)
    return form_page(
        "contacts/import.html",
        SheetForm(),
        sheet=found,
        filename=seal().decrypt(found.filename_sealed),
        may_be_undone=may_be_undone(found, now()),
    )


@blueprint.post("/<public_id:public_id>/drop")
@requires(May.ORGANISE)
def drop(public_id: str) -> ResponseReturnValue:
    """Forget a file that is not to be imported."""
    with unit_of_work() as session:
        drop_sheet(session, own_import(session, signed_in(), public_id))
    return redirect(url_for(".new"), code=303)


@blueprint.post("/<public_id:public_id>/stop")
@requires(May.ORGANISE)
def stop(public_id: str) -> ResponseReturnValue:
    """End an import before its last row."""
    with unit_of_work() as session:
        account = signed_in()
        stop_import(session, own_import(session, account, public_id), by=account.public_id, now=now())
    return _elsewhere(public_id)


@blueprint.post("/<public_id:public_id>/undo")
@requires(May.ORGANISE)
def undo(public_id: str) -> ResponseReturnValue:
    """Take an import back."""
    with unit_of_work() as session:
        account = signed_in()
        undo_import(session, own_import(session, account, public_id), by=account.public_id, now=now())
    return _elsewhere(public_id)


def _elsewhere(public_id: str) -> ResponseReturnValue:
    return redirect(url_for(".sheet", public_id=public_id), code=303)


def _first_rows(sheet: ContactImport) -> list[list[str]]:
    try:
        return first_rows(db.session(), sheet, seal=seal())
    except UnreadableSheetError:  # read as somebody said, it is no sheet: they may say otherwise
        return []


def _outlook(sheet: ContactImport) -> Outlook | None:
    """Return what importing a sheet would do; None while the worker counts."""
    if sheet.check_asked_at is not None:
        return kept_outlook(sheet, seal=seal())
    return outlook(db.session(), sheet, seal=seal())


def _start(public_id: str, form: CheckForm, rows: int) -> None:
    account = signed_in()
    with unit_of_work() as session:
        start_import(
            session,
            own_import(session, account, public_id),
            rows=rows,
            is_updating=form.known.data == "update",
            purposes=form.agreed(),
            consent=form.consent.data or "",
            agreed_at=_start_of(form),
            by=account.public_id,
            seal=seal(),
            now=now(),
        )


def _guessed(sheet: ContactImport) -> list[Column]:
    return meaning_of(_first_rows(sheet), is_headed=sheet.is_headed)


def _start_of(form: CheckForm) -> datetime | None:
    day = form.agreed_on.data
    return datetime.combine(day, time(), UTC) if day else None
