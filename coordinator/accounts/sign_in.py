"""Who is signed in: Flask-Login, told about our accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask_login import LoginManager, current_user
from sqlalchemy import select

from coordinator.accounts.models import Account
from coordinator.kit.db import db

if TYPE_CHECKING:
    from flask import Flask


def signed_in() -> Account:
    """Return the account of whoever asks. Call it in views behind `requires`, where there is one."""
    return cast("Account", current_user._get_current_object())  # noqa: SLF001 the documented way to the object


def set_up_sign_in(app: Flask) -> None:
    """Let Flask-Login find our accounts. A session made before the last reset finds nobody."""
    manager = LoginManager(app, add_context_processor=False)  # it would look up who is there for every page
    manager.session_protection = None  # it would keep a digest of the address and the browser
    # We set no remember-me cookie, and this hook would open the session of every answer: `Vary: Cookie`.
    app.after_request_funcs[None].remove(manager._update_remember_cookie)  # noqa: SLF001

    @manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login ships no types
    def load(identity: str) -> Account | None:
        public_id, _, epoch = identity.partition(":")
        account: Account | None = db.session.scalar(select(Account).where(Account.public_id == public_id))
        if account is None or str(account.session_epoch) != epoch or account.is_disabled:
            return None
        return account
