"""The administrator's room: is the installation well, does mail go out, and what to do if not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _, ngettext

from coordinator.accounts.rules import UnverifiedError
from coordinator.accounts.sign_in import signed_in
from coordinator.audit.service import record
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.ids import new_public_id
from coordinator.kit.kept import Kept, five_minutes
from coordinator.kit.limits import check_limit, limited
from coordinator.kit.personal import Holds
from coordinator.kit.web import absolute_url, seal
from coordinator.ops.health import OLDEST_BEAT, checks
from coordinator.ops.journey import Around, clock_text, is_under_way, journey_of, trouble_with
from coordinator.ops.office import LOOK_BACK, office_of
from coordinator.ops.remarks import How, Remark, ago_text, health_remarks
from coordinator.ops.reputation import Domains, records_for, remarks_about
from coordinator.ops.returns import remarks_about_returns
from coordinator.ops.troubles import trouble_words
from coordinator.outbox.leases import BOUNCES, OUTGOING
from coordinator.outbox.queries import last_beat_at, last_talk
from coordinator.outbox.rendering import Letter, message_host, render_letter, site_host
from coordinator.outbox.rules import SmtpUrlError
from coordinator.outbox.self_test import (
    TEMPLATE,
    own_self_test,
    own_self_tests,
    post_self_test,
    self_test_context,
)
from coordinator.outbox.service import retry_given_up
from coordinator.outbox.transports import smtp_server
from coordinator.outbox.troubles import trouble_of
from coordinator.places.geocoding import gazetteer_path
from coordinator.privacy.queries import leftovers
from coordinator.settings import current_settings

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import EmailMessage

    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.privacy.queries import Leftover

blueprint = Blueprint("administering", __name__, url_prefix="/<lang:lang>/administer")

TESTS_PER_ACCOUNT = "20 per hour"
"""Enough to try settings for an evening, and no way to fill a mailbox."""

_counted: Kept[tuple[datetime, list[Leftover]]] = Kept(most=1)


@blueprint.get("/")
@requires(May.ADMINISTER)
def health() -> ResponseReturnValue:
    """Show what `/readyz` looks at, in words, and what to do about it."""
    settings = current_settings()
    found = health_remarks(
        checks(
            db.session(),
            instance=settings.instance,
            gazetteer=gazetteer_path(settings),
            seal=seal(),
            now=now(),
        )
    )
    return render_template(
        "ops/health.html", remarks=found, wrong=sum(1 for one in found if one.how is How.BAD)
    )


@blueprint.get("/personal-data")
@requires(May.ADMINISTER)
def personal_data() -> ResponseReturnValue:
    """Show how much is kept of people, by where it lies and until when. Counted every few minutes at most."""
    moment = now()

    def count() -> tuple[datetime, list[Leftover]]:
        kept = (one for one in leftovers(db.session()) if one.rows)
        return moment, sorted(
            kept, key=lambda one: (list(Holds).index(one.what.holds), one.table, one.column)
        )

    counted_at, kept = _counted.get("all", five_minutes(moment), count)
    return render_template("ops/personal.html", kept=kept, counted_at=counted_at)


@blueprint.get("/mail")
@requires(May.ADMINISTER)
def mail() -> ResponseReturnValue:
    """Show the post office in numbers, who carries letters, and what filters make of them."""
    session, settings, moment = db.session(), current_settings(), now()
    domains = _domains()
    office = office_of(session, moment)
    return render_template(
        "ops/post.html",
        office=office,
        oldest=ago_text(office.oldest_due_seconds) if office.oldest_due_seconds else "",
        days=LOOK_BACK.days,
        trouble=_trouble_with_server(session),
        own_address=_own_address() if signed_in().is_verified else "",
        tests=[
            {"public_id": one.public_id, "at": clock_text(one.created_at), "state": f"letter-{one.state}"}
            for one in own_self_tests(session, signed_in().public_id)
        ],
        filters=remarks_about(settings, domains, _any_letter(moment)),
        records=records_for(settings, domains),
        hears_of_bounces=bool(settings.bounce_mailbox or settings.mail_webhook),
        returns=remarks_about_returns(settings, last_talk(session, BOUNCES), _webhook_url()),
    )


@blueprint.post("/mail/test")
@requires(May.ADMINISTER)
@limited("self-test", per_client="20 per hour")
def test() -> ResponseReturnValue:
    """Write a letter to the administrator's own address, for the worker to send like any other.

    Raises:
        UnverifiedError: nobody has shown that the address is theirs.
    """
    account = signed_in()
    if not account.is_verified:
        raise UnverifiedError
    check_limit("self-test", target=account.public_id, per_target=TESTS_PER_ACCOUNT)
    with unit_of_work() as session:
        account = signed_in()
        public_id = post_self_test(
            session,
            by=account.public_id,
            recipient=_own_address(),
            locale=account.locale,
            seal=seal(),
            now=now(),
        )
        record(session, "mail:tested", f"message:{public_id}", by=account.public_id, at=now())
    return redirect(url_for(".letter", public_id=public_id), code=303)


@blueprint.get("/mail/<public_id:public_id>")
@requires(May.ADMINISTER)
def letter(public_id: str) -> ResponseReturnValue:
    """Show how far a letter to oneself has come."""
    session, moment = db.session(), now()
    message = own_self_test(session, signed_in().public_id, public_id)
    beat_at = last_beat_at(session, "mail")
    around = Around(
        server=last_talk(session, OUTGOING),
        worker_is_alive=beat_at is not None and moment - beat_at <= OLDEST_BEAT["mail"],
        goes_into_files=not current_settings().smtp_url,
        now=moment,
    )
    return render_template(
        "ops/journey.html",
        message=message,
        steps=journey_of(message, around),
        is_under_way=is_under_way(message, moment),
        at=clock_text(message.created_at),
    )


@blueprint.post("/mail/retry")
@requires(May.ADMINISTER)
@limited("mail-retry", per_client="20 per hour")
def retry() -> ResponseReturnValue:
    """Send again what was given up."""
    with unit_of_work() as session:
        number = retry_given_up(session, now=now())
        if number:
            record(session, "mail:retried", "outbox:all", by=signed_in().public_id, at=now(), messages=number)
    flash(ngettext("%(num)s message goes again.", "%(num)s messages go again.", number), "success")
    return redirect(url_for(".mail"), code=303)


def _own_address() -> str:
    return seal().decrypt(signed_in().email_sealed)


def _trouble_with_server(session: Session) -> Remark | None:
    """Return what keeps all letters from going at this moment."""
    talk = last_talk(session, OUTGOING)
    kind = trouble_with(talk)
    if not kind or talk is None or talk.trouble_at is None:
        return None
    says, remedy = trouble_words(trouble_of(kind))
    return Remark(
        how=How.BAD, title=_("No mail goes out"), says=says, remedy=remedy, when=clock_text(talk.trouble_at)
    )


def _domains() -> Domains:
    settings = current_settings()
    try:
        server = smtp_server(settings.smtp_url).host
    except SmtpUrlError:
        server = ""
    return Domains(
        sender=message_host(),
        envelope=settings.bounce_address.rpartition("@")[2] or message_host(),
        site=site_host(),
        server=server,
    )


def _any_letter(moment: datetime) -> EmailMessage:
    """Write a letter as the worker would, to look at it."""
    return render_letter(
        Letter(
            public_id=new_public_id(),
            template=TEMPLATE,
            locale=current_language(),
            recipient="reader@example.org",
            context=self_test_context(moment),
        ),
        moment,
    )


def _webhook_url() -> str:
    provider = current_settings().mail_webhook.partition(":")[0]
    return absolute_url("webhooks.mail", provider=provider) if provider else ""
