"""Settings: read once from the environment, checked once, never changed."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from email.utils import getaddresses
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from flask import current_app

from coordinator.kit.crypto import new_encryption_key

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 32  # characters; 32 hex digits carry 128 bits
SECRETS = ("SECRET_KEY", "DIGEST_KEY", "ENCRYPTION_KEYS")
SECRETS_FILE = "secrets.env"
WEBHOOKS = ("mailgun", "postmark", "generic")
SHORTEST_WEBHOOK_SECRET = 16
DATABASES = ("sqlite:///", "postgresql+psycopg://")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


class Mode(StrEnum):
    """How much the installation may take for granted."""

    PRODUCTION = "production"
    DEMONSTRATION = "demonstration"
    """`make run`: secrets of its own, mail into files, a page to read it."""
    TESTING = "testing"


class SettingsError(ValueError):
    """A setting is missing or can't be right. The text names it."""

    def __init__(self, name: str, problem: str) -> None:
        """Name the setting first: that is what an administrator looks for."""
        super().__init__(f"{name} {problem}")
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that may differ between two installations; in the environment, in capitals."""

    mode: Mode = Mode.PRODUCTION
    instance: Path = Path("instance")
    """Folder for the database, mail files, indexes and secrets of this installation."""
    secret_key: str = field(repr=False)
    """Signs sessions."""
    digest_key: str = field(repr=False)
    """Behind the digests that find people. Changing it makes everybody a stranger."""
    encryption_keys: tuple[str, ...] = field(repr=False)
    """Fernet keys, the newest first; older ones stay until everything was sealed again."""
    database_url: str = field(repr=False)
    site_url: str = "http://127.0.0.1:8000"
    site_name: str = "Day of Action"
    source_url: str = ""
    """Where this installation's source code can be had, as the AGPL asks."""
    contact_email: str = ""
    """The administrator's address: on the privacy page and in the geocoder's User-Agent."""
    backup_days: int = 90
    """How long backups are kept at most. Whoever was erased is remembered so long, to be erased again."""
    redis_url: str = field(default="", repr=False)
    trusted_proxies: int = 0
    """Proxies in front of us whose X-Forwarded-* we believe."""
    smtp_url: str = field(default="", repr=False)
    """smtp://user:password@host:587 (STARTTLS), smtps://…:465, smtp+plain://… without TLS, for loopback."""
    mail_from: str = "Day of Action <noreply@localhost>"
    bounce_address: str = ""
    """Where letters come back to: the envelope's sender, MAIL_FROM's address when empty. `{id}` in it becomes
    the message's public id: bounces+{id}@example.org."""
    bounce_mailbox: str = field(default="", repr=False)
    """imaps://user:password@host/INBOX: where reports about letters that came back are read and deleted."""
    mail_webhook: str = field(default="", repr=False)
    """"mailgun:KEY", "postmark:PASSWORD" or "generic:SECRET": who tells us what came back, and its proof."""
    geocoder: str = "nominatim"
    """A geopy geocoder by name, or "none"."""
    geocoder_domain: str = ""
    """Host of a Nominatim or Photon of one's own."""
    geocoder_scheme: str = "https"
    geocoder_api_key: str = field(default="", repr=False)
    embed_ancestors: str = "*"
    """Who may frame /embed/…, in the words of CSP's frame-ancestors."""
    tiles_url: str = ""
    """A provider of street tiles: its name in xyzservices ("OpenStreetMap.Mapnik") or its address, as Leaflet
    writes it. Visitors get its tiles through us. Empty: our own world map only."""
    tiles_api_key: str = field(default="", repr=False)
    tiles_attribution: str = ""
    """Who made them, where the provider does not say it itself."""
    tiles_file: str = ""
    """A PMTiles file instead of a provider: of pictures, or of vector tiles, which are drawn here."""
    tiles_cache_mb: int = 500
    """How much of the disk tiles may take."""

    def __post_init__(self) -> None:
        """Refuse by name what can't be right."""
        for name, secret in (("SECRET_KEY", self.secret_key), ("DIGEST_KEY", self.digest_key)):
            if len(secret) < SHORTEST_SECRET:
                raise SettingsError(name, f"needs {SHORTEST_SECRET} characters or more")
        if not self.encryption_keys:
            raise SettingsError("ENCRYPTION_KEYS", "needs at least one key")
        for key in self.encryption_keys:
            try:
                Fernet(key)
            except ValueError as wrong:
                raise SettingsError("ENCRYPTION_KEYS", "holds something that is not a key") from wrong
        if not self.site_url.startswith(("http://", "https://")):
            raise SettingsError("SITE_URL", "needs to start with https:// or http://")
        if not self.database_url.startswith(DATABASES):
            raise SettingsError("DATABASE_URL", "needs to start with sqlite:/// or postgresql://")
        self._check_mail()
        if self.mode is Mode.PRODUCTION:
            self._check_production()

    def _check_mail(self) -> None:
        if self.mail_sender is None:
            raise SettingsError(
                "MAIL_FROM", "needs to be one address, with a name before it: Vigil <noreply@example.org>"
            )
        plain = self.bounce_address.replace("{id}", "x", 1)
        if plain and ("{" in plain or not _ADDRESS.fullmatch(plain)):
            raise SettingsError(
                "BOUNCE_ADDRESS",
                "needs to be an address; its only blank is {id}, for the number of the message",
            )

        provider, _, secret = self.mail_webhook.partition(":")
        if self.mail_webhook and (provider not in WEBHOOKS or len(secret) < SHORTEST_WEBHOOK_SECRET):
            raise SettingsError("MAIL_WEBHOOK", f"needs one of {', '.join(WEBHOOKS)}, a colon and the secret")

    def _check_production(self) -> None:
        if not self.smtp_url:
            raise SettingsError("SMTP_URL", "is missing: without mail nobody can verify or confirm anything")
        if not self.contact_email:
            raise SettingsError("CONTACT_EMAIL", "is missing: people need to know who keeps their data")
        is_local = urlsplit(self.site_url).hostname in {"127.0.0.1", "localhost"}
        if not (self.is_secure or is_local):
            raise SettingsError("SITE_URL", "needs to start with https:// in production")

    @property
    def mail_sender(self) -> tuple[str, str] | None:
        """Return name and address of MAIL_FROM, or None when it is not exactly one."""
        return _one_address(self.mail_from)

    @property
    def is_secure(self) -> bool:
        """Tell whether the site is reached by HTTPS, so that cookies may insist on it."""
        return self.site_url.startswith("https://")

    @property
    def shows_mail(self) -> bool:
        """Tell whether mail goes into files and can be read on a page."""
        return self.mode is Mode.DEMONSTRATION and not self.smtp_url

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings. In demonstration mode missing secrets come from the instance folder.

        Raises:
            SettingsError: one is missing or wrong; its text starts with the name.
        """
        mode = _mode(environment.get("MODE", Mode.PRODUCTION))
        instance = Path(environment.get("INSTANCE") or ROOT / "instance").resolve()
        known = dict(environment)
        if mode is Mode.DEMONSTRATION:
            here = {"SITE_URL": f"http://127.0.0.1:{environment.get('PORT') or 8000}"}
            known = here | own_secrets(instance) | {name: value for name, value in known.items() if value}
        for name in SECRETS:
            if not known.get(name):
                raise SettingsError(name, "is missing; `python -m coordinator.cli.secrets` makes one")
        texts = {
            name: known[name.upper()]
            for name in (
                "site_url", "site_name", "source_url", "contact_email", "redis_url", "smtp_url",
                "mail_from", "bounce_address", "bounce_mailbox", "mail_webhook",
                "geocoder", "geocoder_domain", "geocoder_scheme", "geocoder_api_key",
                "embed_ancestors", "tiles_url", "tiles_attribution", "tiles_api_key", "tiles_file",
            )
            if known.get(name.upper())
        }  # fmt: skip
        return cls(
            mode=mode,
            instance=instance,
            secret_key=known["SECRET_KEY"],
            digest_key=known["DIGEST_KEY"],
            encryption_keys=tuple(key.strip() for key in known["ENCRYPTION_KEYS"].split(",") if key.strip()),
            database_url=database_url(known.get("DATABASE_URL", ""), instance),
            tiles_cache_mb=_whole_number("TILES_CACHE_MB", known.get("TILES_CACHE_MB") or "500"),
            backup_days=_whole_number("BACKUP_DAYS", known.get("BACKUP_DAYS") or "90"),
            trusted_proxies=_whole_number("TRUSTED_PROXIES", known.get("TRUSTED_PROXIES") or "0"),
            **texts,
        )


def database_url(url: str, instance: Path) -> str:
    """Return what SQLAlchemy understands: our driver for PostgreSQL, a file of our own by default."""
    if not url:
        return f"sqlite:///{instance / 'coordinator.sqlite'}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def new_secrets() -> dict[str, str]:
    """Return fresh values for everything in `SECRETS`."""
    return {
        "SECRET_KEY": secrets.token_hex(32),
        "DIGEST_KEY": secrets.token_hex(32),
        "ENCRYPTION_KEYS": new_encryption_key(),
    }


def own_secrets(instance: Path) -> dict[str, str]:
    """Return the secrets kept in the instance folder: made on the first call, for their owner only."""
    file = instance / SECRETS_FILE
    if not file.exists():
        instance.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(
            "".join(f"{name}={value}\n" for name, value in new_secrets().items()), encoding="utf-8"
        )
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def current_settings() -> Settings:
    """Return the settings of the app that runs now."""
    return cast("Settings", current_app.extensions["settings"])


@lru_cache(maxsize=16)  # asked for by every letter
def _one_address(text: str) -> tuple[str, str] | None:
    found = getaddresses([text])
    return found[0] if len(found) == 1 and _ADDRESS.fullmatch(found[0][1]) else None


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError as wrong:
        raise SettingsError("MODE", f"is one of {', '.join(Mode)}") from wrong


def _whole_number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise SettingsError(name, "needs to be a whole number")
    return int(text)
