from __future__ import annotations

import stat
from dataclasses import FrozenInstanceError, fields
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from coordinator.app import create_app
from coordinator.settings import (
    ROOT,
    SECRETS,
    SECRETS_FILE,
    Mode,
    Settings,
    SettingsError,
    database_url,
    new_secrets,
    own_secrets,
)
from tests.conftest import settings_for

if TYPE_CHECKING:
    from pathlib import Path

KEY, OLDER_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()

PRODUCTION = {
    "SECRET_KEY": "s3cr3t-" * 6,
    "DIGEST_KEY": "d1g3st-" * 6,
    "ENCRYPTION_KEYS": KEY,
    "SITE_URL": "https://action.example",
    "SMTP_URL": "smtp://user:m41lpassword@mail.example:587",
    "CONTACT_EMAIL": "administrator@example.org",
}


def read(**changes: str) -> Settings:
    """Read the settings of a whole production environment, with these changes."""
    return Settings.from_environment(PRODUCTION | changes)


def test_a_whole_environment_is_read() -> None:
    settings = read(ENCRYPTION_KEYS=f"{KEY}, {OLDER_KEY},", TRUSTED_PROXIES="2", SITE_NAME="16 September")

    assert settings.mode is Mode.PRODUCTION
    assert settings.encryption_keys == (KEY, OLDER_KEY)
    assert settings.trusted_proxies == 2
    assert settings.site_name == "16 September"
    assert settings.instance == ROOT / "instance"
    assert settings.is_secure
    assert not settings.shows_mail


@pytest.mark.parametrize("name", [*SECRETS, "SMTP_URL", "CONTACT_EMAIL"])
@pytest.mark.parametrize("value", [None, ""])
def test_production_does_not_start_without(name: str, value: str | None) -> None:
    environment = {key: said for key, said in PRODUCTION.items() if key != name}
    if value is not None:
        environment[name] = value

    with pytest.raises(SettingsError, match=f"^{name} ") as refused:
        Settings.from_environment(environment)

    assert refused.value.name == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("SECRET_KEY", "s" * 31, id="short secret"),
        pytest.param("DIGEST_KEY", "changeme", id="short digest key"),
        pytest.param("ENCRYPTION_KEYS", "k" * 44, id="not a key"),
        pytest.param("ENCRYPTION_KEYS", f"{KEY},nonsense", id="one of two is not a key"),
        pytest.param("ENCRYPTION_KEYS", " , ,", id="only commas"),
        pytest.param("ENCRYPTION_KEYS", "ключ", id="not even ASCII"),
        pytest.param("SITE_URL", "http://action.example", id="no TLS"),
        pytest.param("SITE_URL", "http://localhost.evil.example", id="not this machine"),
        pytest.param("SITE_URL", "action.example", id="no scheme"),
        pytest.param("MODE", "live", id="no such mode"),
        pytest.param("TRUSTED_PROXIES", "-1", id="fewer than none"),
        pytest.param("TRUSTED_PROXIES", "one", id="not a number"),
        pytest.param("DATABASE_URL", "mysql://user:passw0rd@db/x", id="not a database of ours"),
        pytest.param("DATABASE_URL", "coordinator.sqlite", id="not a URL"),
        pytest.param("MAIL_FROM", "Day of Action", id="nobody sends"),
        pytest.param("MAIL_FROM", "a@example.org, b@example.org", id="two send"),
        pytest.param("MAIL_WEBHOOK", "sendmail:0123456789abcdef", id="not a provider that we know"),
        pytest.param("MAIL_WEBHOOK", "mailgun:short", id="a secret that can be guessed"),
        pytest.param("BOUNCE_ADDRESS", "bounces+{id}+x", id="half an address"),
        pytest.param("BOUNCE_ADDRESS", "{name}@example.org", id="not a part that we fill in"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} ") as refused:
        read(**{name: value})

    assert value not in str(refused.value)


def test_a_site_on_this_machine_may_be_plain() -> None:
    assert not read(SITE_URL="http://127.0.0.1:8000").is_secure


def test_nothing_secret_shows_when_settings_are_printed() -> None:
    settings = read(
        DATABASE_URL="postgresql://owner:dbpassw0rd@db.example/x",
        REDIS_URL="redis://:redispassw0rd@cache.example",
        GEOCODER_API_KEY="g30c0d3r",
        BOUNCE_MAILBOX="imaps://bounces:b0uncepassw0rd@mail.example",
        MAIL_WEBHOOK="generic:w3bh00ks3cr3tlong",
    )

    shown = f"{settings!r} {settings}"

    for secret in (
        "s3cr3t",
        "d1g3st",
        KEY,
        "m41lpassword",
        "dbpassw0rd",
        "redispassw0rd",
        "g30c0d3r",
        "b0unce",
        "w3bh00k",
    ):
        assert secret not in shown
    assert "https://action.example" in shown


def test_settings_never_change() -> None:
    settings: Any = read()

    with pytest.raises((FrozenInstanceError, AttributeError)):
        settings.site_url = "https://evil.example"
    with pytest.raises((AttributeError, TypeError)):
        settings.another = "thing"


def test_every_setting_is_read_from_the_environment_by_its_name() -> None:
    said = {
        "source_url": "https://source.example",
        "redis_url": "redis://cache.example",
        "mail_from": "Action <noreply@action.example>",
        "bounce_address": "bounces+{id}@action.example",
        "bounce_mailbox": "imaps://bounces:passw0rd@action.example",
        "mail_webhook": "mailgun:0123456789abcdef",
        "geocoder": "photon",
        "geocoder_domain": "photon.example",
        "geocoder_scheme": "http",
        "geocoder_api_key": "key",
        "embed_ancestors": "https://partner.example",
        "tiles_url": "https://tiles.example/{z}/{x}/{y}.png",
        "tiles_attribution": "© Tiles",
        "tiles_api_key": "key",
        "tiles_file": "world.pmtiles",
        "site_name": "Action",
    }
    settings = read(**{name.upper(): value for name, value in said.items()})

    assert {name: getattr(settings, name) for name in said} == said
    others = {
        "mode", "instance", "secret_key", "digest_key", "encryption_keys", "database_url", "site_url",
        "contact_email", "backup_days", "trusted_proxies", "smtp_url", "tiles_cache_mb",
    }  # fmt: skip
    assert {field.name for field in fields(Settings)} == said.keys() | others


# Demonstration


def test_a_demonstration_makes_its_own_secrets_once(tmp_path: Path) -> None:
    environment = {"MODE": "demonstration", "INSTANCE": str(tmp_path / "new" / "instance")}

    first, second = (Settings.from_environment(environment) for _ in range(2))

    assert first == second
    assert first.shows_mail
    assert len(first.secret_key) == 64
    assert first.secret_key != first.digest_key


def test_only_their_owner_reads_the_secrets(tmp_path: Path) -> None:
    own_secrets(tmp_path)

    assert stat.S_IMODE((tmp_path / SECRETS_FILE).stat().st_mode) == 0o600


def test_two_installations_have_different_secrets(tmp_path: Path) -> None:
    one, other = own_secrets(tmp_path / "one"), own_secrets(tmp_path / "other")

    assert one.keys() == other.keys() == set(SECRETS)
    assert all(one[name] != other[name] for name in SECRETS)


def test_a_secret_from_the_environment_goes_before_our_own(tmp_path: Path) -> None:
    environment = {
        "MODE": "demonstration",
        "INSTANCE": str(tmp_path),
        "SECRET_KEY": "e" * 40,
        "DIGEST_KEY": "",
    }

    settings = Settings.from_environment(environment)

    assert settings.secret_key == "e" * 40
    assert settings.digest_key == own_secrets(tmp_path)["DIGEST_KEY"]


def test_a_demonstration_with_a_mail_server_shows_no_mail(tmp_path: Path) -> None:
    environment = {
        "MODE": "demonstration",
        "INSTANCE": str(tmp_path),
        "SMTP_URL": "smtp+plain://127.0.0.1:25",
    }

    assert not Settings.from_environment(environment).shows_mail


def test_production_makes_no_secrets(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        Settings.from_environment({"INSTANCE": str(tmp_path)})

    assert list(tmp_path.iterdir()) == []


def test_new_secrets_are_good_enough() -> None:
    secrets = new_secrets()

    assert read(**secrets).secret_key == secrets["SECRET_KEY"]


# The database


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h/d?sslmode=require", "postgresql+psycopg://u:p@h/d?sslmode=require"),
        ("sqlite:////var/data/x.sqlite", "sqlite:////var/data/x.sqlite"),
    ],
)
def test_a_database_may_be_called_as_hosts_call_it(said: str, meant: str, tmp_path: Path) -> None:
    assert database_url(said, tmp_path) == meant
    assert read(DATABASE_URL=said).database_url == meant


def test_without_a_database_there_is_a_file_in_the_instance_folder(tmp_path: Path) -> None:
    assert read(INSTANCE=str(tmp_path)).database_url == f"sqlite:///{tmp_path}/coordinator.sqlite"


def test_the_privacy_page_names_whoever_sends_street_tiles(tmp_path: Path) -> None:
    with_tiles = create_app(settings_for(tmp_path, tiles_url="https://tiles.example.org/{z}/{x}/{y}.png"))
    without = create_app(settings_for(tmp_path))

    told = with_tiles.test_client().get("/en/privacy").text
    assert "are made by tiles.example.org and come to you through this site" in told
    assert "tiles.example.org" not in without.test_client().get("/en/privacy").text
    assert "loads nothing from other companies" in told
