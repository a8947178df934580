"""The whole house, in reading order."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Flask, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from coordinator.accounts.sign_in import set_up_sign_in
from coordinator.accounts.views import blueprint as accounts
from coordinator.campaigns.queries import revisions
from coordinator.campaigns.views import blueprint as campaigns
from coordinator.checkin.views.checkin import blueprint as checkin
from coordinator.checkin.views.door import blueprint as door
from coordinator.contacts.views.contacts import blueprint as contacts
from coordinator.contacts.views.importing import blueprint as imports
from coordinator.contacts.views.merging import blueprint as merging
from coordinator.dashboard.directory import blueprint as directory
from coordinator.dashboard.events import blueprint as everything
from coordinator.dashboard.views import blueprint as dashboard
from coordinator.events.views.organising import blueprint as organising
from coordinator.events.views.review import blueprint as review
from coordinator.feeds.views import blueprint as feeds
from coordinator.kit.access import refuse_undeclared
from coordinator.kit.crypto import Seal
from coordinator.kit.db import db
from coordinator.kit.error_pages import set_up_error_pages
from coordinator.kit.front import Front
from coordinator.kit.headers import add_security_headers
from coordinator.kit.i18n import (
    country_name,
    current_language,
    date_text,
    days_until,
    direction,
    language_links,
    language_name,
    moment_text,
    set_up_languages,
    span_text,
    zone_text,
)
from coordinator.kit.ids import PublicIdConverter
from coordinator.kit.limits import Limiter
from coordinator.kit.markdown import markdown
from coordinator.kit.static import House
from coordinator.kit.web import HouseRequest, absolute_url, allow_upload, asset, has_page, refuse_unstorable
from coordinator.maps.views.data import blueprint as map_data
from coordinator.maps.views.pages import blueprint as maps
from coordinator.maps.views.sharing import blueprint as sharing, oembed_url
from coordinator.maps.views.streets import blueprint as street_maps
from coordinator.messaging.views.announcing import blueprint as messages
from coordinator.messaging.views.approving import blueprint as approvals
from coordinator.messaging.views.broadcasting import blueprint as broadcasts
from coordinator.messaging.views.history import blueprint as history
from coordinator.messaging.views.unsubscribing import blueprint as unsubscribing
from coordinator.ops.views.administering import blueprint as administering
from coordinator.ops.views.health import blueprint as ops
from coordinator.ops.views.webhooks import blueprint as webhooks
from coordinator.places.geocoding import set_up_places
from coordinator.places.streets import set_up_streets
from coordinator.privacy.views.account import blueprint as leaving
from coordinator.privacy.views.my_data import blueprint as my_data
from coordinator.rsvps.views.attendees import blueprint as attendees
from coordinator.rsvps.views.deciding import blueprint as decisions
from coordinator.rsvps.views.helping import blueprint as helping
from coordinator.rsvps.views.submitting import blueprint as rsvps
from coordinator.settings import ROOT, Mode, Settings
from coordinator.site.views import blueprint as site

ROOMS = (
    accounts,
    organising,
    review,
    rsvps,
    decisions,
    attendees,
    helping,
    checkin,
    door,
    contacts,
    imports,
    merging,
    campaigns,
    messages,
    approvals,
    history,
    broadcasts,
    unsubscribing,
    leaving,
    my_data,
    dashboard,
    directory,
    everything,
    administering,
    ops,
    webhooks,
    feeds,
    map_data,
    maps,
    sharing,
    street_maps,
    site,
)
"""`site` last: its `/<lang>/<campaign>` would take what others are called."""

LARGEST_FORM_BYTES = 256 * 1024
LARGEST_FORM_PARTS = 500


def create_app(settings: Settings, *, has_commands: bool = True) -> Flask:
    """Build the app. Everything it needs from outside is in `settings`; a web process needs no commands."""
    app = House(
        __name__,
        root_path=str(ROOT),
        template_folder="templates",
        static_folder="static",
        instance_path=str(settings.instance),
    )
    settings.instance.mkdir(parents=True, exist_ok=True)
    _configure(app, settings)
    app.extensions["settings"] = settings
    app.extensions["seal"] = Seal(settings.encryption_keys, settings.digest_key)
    app.extensions["limiter"] = Limiter(settings.redis_url or "memory://")
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    db.init_app(app)
    if settings.mode is not Mode.TESTING:  # tests look at what they have just written
        app.wsgi_app = Front(app.wsgi_app, partial(_revisions, app))  # type: ignore[method-assign]
    app.request_class = HouseRequest
    app.before_request(allow_upload)  # before anybody reads the form
    CSRFProtect(app)
    set_up_languages(app)
    set_up_places(app, settings)
    set_up_streets(app, settings)
    set_up_sign_in(app)
    _set_up_templates(app, settings)
    set_up_error_pages(app)
    app.url_map.converters["public_id"] = PublicIdConverter
    app.before_request(refuse_undeclared)
    app.before_request(refuse_unstorable)
    app.after_request(add_security_headers)
    for room in ROOMS:
        app.register_blueprint(room)
    if has_commands:
        from coordinator.cli.all import add_commands  # noqa: PLC0415 alembic and the rest take 0.2 s and 15 MB

        add_commands(app)
    return app


def _revisions(app: Flask) -> dict[int, int]:
    with app.app_context(), db.engine.connect() as connection:
        return revisions(connection)


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        ROOT=ROOT,
        TESTING=settings.mode is Mode.TESTING,
        SECRET_KEY=settings.secret_key,
        SITE_URL=settings.site_url,
        LIMITS_ENABLED=settings.mode is not Mode.TESTING,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        MAX_CONTENT_LENGTH=LARGEST_FORM_BYTES,
        MAX_FORM_PARTS=LARGEST_FORM_PARTS,
        SESSION_COOKIE_NAME="session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_secure,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: an evening's typing must not expire
        WTF_CSRF_SSL_STRICT=False,  # it wants a Referer, and we tell browsers to send none
    )


def _set_up_templates(app: Flask, settings: Settings) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=asset,
        absolute_url=absolute_url,
        days_until=days_until,
        has_page=has_page,
        oembed_url=oembed_url,
        site_name=settings.site_name,
        tiles_host=source.host if (source := app.extensions["streets"]) else "",
    )
    app.jinja_env.filters.update(
        combine=lambda one, other: {**one, **other},
        markdown=markdown,
        pair=lambda text: (text, text),
        moment=lambda instant, zone: moment_text(instant, zone, current_language()),
        span=lambda starts_at, ends_at, zone: span_text(starts_at, ends_at, zone, current_language()),
        zone=lambda instant, zone: zone_text(instant, zone, current_language()),
        day=lambda day: date_text(day, current_language()),
        country=lambda code: country_name(code, current_language()),
        language=lambda code: language_name(code, current_language()),
    )

    @app.context_processor
    def languages() -> dict[str, Any]:
        lang = current_language()
        # A letter is written outside any request, and has no address of its own to switch.
        return {
            "lang": lang,
            "direction": direction(lang),
            "languages": language_links() if request else [],
            "site_url": settings.site_url,
        }
