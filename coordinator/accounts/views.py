"""Sign-up, verification, sign-in, sign-out, reset, and one's own account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, session as cookie, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from coordinator.accounts.forms import (
    ChangePasswordForm,
    EmptyForm,
    NewPasswordForm,
    ProfileForm,
    ResetForm,
    SignInForm,
    SignUpForm,
    VerifyForm,
)
from coordinator.accounts.passwords import is_password
from coordinator.accounts.queries import living_token
from coordinator.accounts.rules import TokenPurpose, WrongPasswordError
from coordinator.accounts.service import (
    ask_reset,
    bind_kept_form,
    change_password,
    refresh_password_hash,
    reset_password,
    sign_in_account,
    sign_up,
    sign_up_mark,
    update_profile,
    verify_account,
)
from coordinator.accounts.sign_in import signed_in
from coordinator.kit.access import May, public, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import check_limit, limited
from coordinator.kit.web import form_page, safe_next, seal
from coordinator.outbox.service import forget_bounces

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from coordinator.accounts.models import Account

KEPT = "kept_form"
MARK = "sign_up"

blueprint = Blueprint("accounts", __name__, url_prefix="/<lang:lang>/account")


@blueprint.route("/sign-up", methods=["GET", "POST"], endpoint="sign_up")
@public(why="everybody may become an organiser")
@limited("sign-up", per_client="20 per hour")
def sign_up_page() -> ResponseReturnValue:
    """Show the form, or take the wish and say where to look: the same for every address."""
    if current_user.is_authenticated:
        return _onwards()
    form = SignUpForm()
    if not form.validate_on_submit():
        return form_page("accounts/sign_up.html", form, next=_next())
    _limit_address("sign-up", form.email.data, "5 per hour")
    details = form.details(next_path=_next())
    with unit_of_work() as session:
        mark = sign_up(session, details, seal=seal(), now=now(), kept_token=cookie.get(KEPT))
    cookie[MARK] = mark
    return redirect(url_for(".sign_up_sent", next=_next()), code=303)


@blueprint.get("/sign-up/sent")
@public(why="says the same to everybody")
def sign_up_sent() -> ResponseReturnValue:
    """Say that there is mail."""
    return render_template("accounts/sign_up_sent.html", next=_next())


@blueprint.route("/verify/<token>", methods=["GET", "POST"])
@public(why="the link is the key")
@limited("verify", per_client="60 per hour")
def verify(token: str) -> ResponseReturnValue:
    """Show a button: mail scanners follow links, and must change nothing. Pressed, the address is verified.

    The browser that signed up needs no more than that. Another one is asked for the password: whoever owns
    the mailbox may press the button of somebody else's sign-up, and that password would open the account.
    """
    link = living_token(db.session(), token, TokenPurpose.VERIFY, now())
    if link is None:
        return render_template("accounts/dead_link.html", next=_next()), 409
    is_same_browser = cookie.get(MARK) == sign_up_mark(token, seal=seal())
    form = EmptyForm() if is_same_browser else VerifyForm()
    if not form.validate_on_submit():
        return form_page("accounts/verify.html", form)
    if not is_same_browser and not is_password(form.password.data or "", link.password_hash):
        form.form_errors.append(_("This is not the password that was chosen with this link."))
        return form_page("accounts/verify.html", form)
    with unit_of_work() as session:
        account = verify_account(session, token, now=now())
        forget_bounces(session, seal().decrypt(account.email_sealed), seal=seal())
        _bind_kept(account)
    _enter(account)
    flash(_("Your address is confirmed. Welcome!"), "success")
    return _onwards()


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public(why="everybody may try")
@limited("sign-in", per_client="60 per hour")
def sign_in() -> ResponseReturnValue:
    """Show the form, or let somebody in. Everybody else reads the same sentence, for whatever reason."""
    if current_user.is_authenticated:
        return _onwards()
    form = SignInForm()
    if not form.validate_on_submit():
        return form_page("accounts/sign_in.html", form, next=_next())
    _limit_address("sign-in", form.email.data, "60 per hour")
    account = sign_in_account(db.session(), form.email.data or "", form.password.data or "", seal=seal())
    if account is None:
        form.form_errors.append(_("This address and this password do not open an account."))
        return form_page("accounts/sign_in.html", form, next=_next(), failed=True)
    with unit_of_work():
        refresh_password_hash(account, form.password.data or "")
        _bind_kept(account)
    _enter(account)
    return _onwards()


@blueprint.post("/sign-out")
@requires(May.ORGANISE)
def sign_out() -> ResponseReturnValue:
    """Forget who this is."""
    logout_user()
    cookie.clear()
    return redirect(f"/{current_language()}/", code=303)


@blueprint.route("/reset", methods=["GET", "POST"])
@public(why="whoever lost a password can't sign in")
@limited("reset", per_client="20 per hour")
def reset() -> ResponseReturnValue:
    """Ask for the address, and write to it whatever is known about it."""
    form = ResetForm()
    if not form.validate_on_submit():
        return form_page("accounts/reset.html", form)
    _limit_address("reset", form.email.data, "5 per hour")
    with unit_of_work() as session:
        ask_reset(session, form.email.data or "", locale=current_language(), seal=seal(), now=now())
    return redirect(url_for(".reset_sent"), code=303)


@blueprint.get("/reset/sent")
@public(why="says the same to everybody")
def reset_sent() -> ResponseReturnValue:
    """Say that there is mail."""
    return render_template("accounts/reset_sent.html")


@blueprint.route("/reset/<token>", methods=["GET", "POST"], endpoint="reset_password")
@public(why="the link is the key")
@limited("reset-password", per_client="60 per hour")
def reset_password_page(token: str) -> ResponseReturnValue:
    """Show the form for a new password, or set it."""
    if living_token(db.session(), token, TokenPurpose.RESET, now()) is None:
        return render_template("accounts/dead_link.html", next=None, is_reset=True), 409
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return form_page("accounts/reset_password.html", form)
    with unit_of_work() as session:
        account = reset_password(session, token, form.password.data or "", now=now())
        forget_bounces(session, seal().decrypt(account.email_sealed), seal=seal())
    flash(_("Your new password is set, and you are signed out everywhere. Sign in with it now."), "success")
    return redirect(url_for(".sign_in"), code=303)


@blueprint.route("/", methods=["GET", "POST"])
@requires(May.ORGANISE)
def account() -> ResponseReturnValue:
    """Show one's name and language, or change them."""
    me = signed_in()
    form = ProfileForm(display_name=seal().decrypt(me.display_name_sealed), locale=me.locale)
    if not form.validate_on_submit():
        return form_page("accounts/account.html", form, email=seal().decrypt(me.email_sealed))
    name, locale = form.display_name.data or "", form.locale.data
    with unit_of_work() as session:
        update_profile(session, me, display_name=name, locale=locale, seal=seal(), now=now())
    flash(_("Saved."), "success")
    return redirect(url_for(".account"), code=303)


@blueprint.route("/password", methods=["GET", "POST"], endpoint="change_password")
@requires(May.ORGANISE)
@limited("change-password", per_client="20 per hour")
def change_password_page() -> ResponseReturnValue:
    """Show the form for a new password, or set it; other devices are signed out."""
    form = ChangePasswordForm()
    if not form.validate_on_submit():
        return form_page("accounts/change_password.html", form)
    me = signed_in()
    try:
        with unit_of_work() as session:
            change_password(session, me, form.old_password.data or "", form.password.data or "", now=now())
    except WrongPasswordError:
        form.old_password.errors = [_("This is not your present password.")]
        return form_page("accounts/change_password.html", form)
    _enter(me)
    flash(_("Your new password is set. Everywhere else you are signed out."), "success")
    return redirect(url_for(".account"), code=303)


def _enter(account: Account) -> None:
    """Sign in with a fresh session: nothing of the one before counts any more, but what was typed."""
    kept = cookie.get(KEPT)
    cookie.clear()
    if kept:
        cookie[KEPT] = kept
    login_user(account)
    cookie.pop("_id", None)  # Flask-Login's digest of address and browser: of no use to us


def _bind_kept(account: Account) -> None:
    if token := cookie.get(KEPT):
        bind_kept_form(db.session(), token, account, now())


def _limit_address(name: str, email: str | None, rate: str) -> None:
    check_limit(name, target=seal().digest(email or "", purpose="limit"), per_target=rate)


def _next() -> str | None:
    return safe_next(request.args.get("next"))


def _onwards() -> ResponseReturnValue:
    return redirect(_next() or f"/{current_language()}/organise/", code=303)
