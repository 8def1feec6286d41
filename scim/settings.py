"""The settings: each with its default, its limits and the line that the documentation shows."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from .addresses import check_addresses, is_loopback
from .database_urls import check_urls, complete
from .folders import check_folders
from .mail import check_mail
from .places import PROJECT
from .rate import Rate, check_limits, read_rate

PUBLIC_URL = re.compile(r"https?://[^/?#\s]+(/[A-Za-z0-9._~-]+)*", re.ASCII)
BASE_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+", re.ASCII)
TOKEN = re.compile(r"[!-~]{1,255}", re.ASCII)
DEFAULT_TOKEN = "123456789"
NO_TOKEN = "none"  # as SCIM_TOKEN: issued tokens only
LOCAL = ("127.0.0.1", "0.0.0.0", "::", "localhost")  # as hosts, "localhost" leads to them
LAST_PORT = 65535
USUAL_RATE = Rate(500, 10)  # of a tenant in production
# The console gives a token to a command in this variable: other users of the machine can read a
# command line.
TARGET_TOKEN = "TARGET_TOKEN"
DEEPEST_FILTER = 10  # the parser of SQLite refuses SQL that is nested much deeper
VERSION = "unreleased"  # the newest heading of CHANGELOG.md
SHORTEST_KEY = 32  # of the audit, in characters; as many hexadecimal digits have 128 bits
# Sourcegraph has these by the same names, without a prefix.
OF_SOURCEGRAPH = ("DISABLE_EMAIL_INVITES", "DEBUG_EMAIL_INVITES_MOCK")


class SettingError(ValueError):
    """A setting cannot be used; the message names it and the values that it takes."""


def _setting(
    default: Any,
    about: str,
    least: int = 1,
    choices: Sequence[str] = (),
    *,
    is_secret: bool = False,
) -> Any:
    metadata = {"about": about, "least": least, "choices": choices}
    return field(default=default, repr=not is_secret, metadata=metadata)


def _check(name: str, value: Any, limits: Mapping[str, Any]) -> None:
    if type(value) is int and value < limits["least"]:
        raise SettingError(f"SCIM_{name} must be {limits['least']} or more")
    if name.endswith("PORT") and value > LAST_PORT:
        raise SettingError(f"SCIM_{name} must be {LAST_PORT} or less")
    if (choices := limits["choices"]) and value not in choices:
        listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        raise SettingError(f"SCIM_{name} must be {listed}, not {value!r}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default; ``about`` is the line that the documentation shows."""

    database_url: str = _setting(
        f"sqlite:///{PROJECT / 'scim.db'}",
        "`sqlite:///file.db` or `postgresql://user@host/name`",
        is_secret=True,
    )
    replica_url: str = _setting(
        "", "a PostgreSQL standby that answers queries; empty for none", is_secret=True
    )
    query_timeout: int = _setting(
        10, "seconds after which the database stops a query; 0 for never", least=0
    )
    host: str = _setting("127.0.0.1", "the address to listen on")
    port: int = _setting(5000, "the port to listen on")
    workers: int = _setting(os.cpu_count() or 1, "worker processes; one for each core is best")
    client_timeout: int = _setting(
        30, "seconds that a client has to send a body, and may read nothing of an answer"
    )
    tls_certificate: str = _setting(
        "", "a file with the certificate (PEM) for HTTPS; empty for plain HTTP"
    )
    tls_key: str = _setting(
        "", "the file with its private key (PEM), without a password", is_secret=True
    )
    log_format: str = _setting(
        "text", "`text`, or `json` for one JSON object a line", choices=("text", "json")
    )
    token: str = _setting(
        DEFAULT_TOKEN,
        "the bearer token that clients send; `none` accepts issued tokens only",
        is_secret=True,
    )
    trusted_proxies: str = _setting(
        "127.0.0.0/8,::1", "addresses and networks of proxies whose X-Forwarded headers count"
    )
    rate_limit: str = _setting(
        "auto",
        "the requests that a tenant may send, as in `25/second`; `off` for no limits; `auto` is "
        "`500/10 seconds` with `SCIM_ENV=production`, and otherwise `off`",
    )
    limits_url: str = _setting(
        "",
        "`redis://host:6379/0`, a Redis or Valkey that counts for all workers; empty for none",
        is_secret=True,
    )
    base_path: str = _setting("/scim/v2", "the path of the SCIM base URL")
    public_url: str = _setting(
        "",
        "the URL of the server for OAuth clients and in security events, without the base path; "
        "empty for that of each request; with `SCIM_ENV=production`, signed assertions need it",
    )
    default_page_size: int = _setting(100, "resources on a page without `count`")
    max_page_size: int = _setting(1000, "maximum of resources on a page")
    cursor_timeout: int = _setting(3600, "seconds until a cursor expires")
    max_bulk_operations: int = _setting(1000, "maximum of operations in a bulk request")
    announce_delta_query: bool = _setting(
        False,
        "announce delta queries in the ServiceProviderConfig; some client libraries refuse one "
        "with a member that RFC 7643 does not have",
    )
    max_async_requests: int = _setting(
        1000, "asynchronous requests of a tenant that wait; 0 for none", least=0
    )
    async_result_hours: int = _setting(24, "hours until their results are deleted")
    max_patch_operations: int = _setting(10_000, "maximum of operations in a PATCH")
    max_elements: int = _setting(
        5000, "maximum of values of one attribute; members of a group do not count"
    )
    max_nesting_depth: int = _setting(300, "maximum of groups nested in each other")
    max_nesting_pairs: int = _setting(
        100_000, "maximum of pairs (a group, and one within it at any depth) that one change makes"
    )
    max_body_size: int = _setting(10 * 1024 * 1024, "maximum of bytes in a request body")
    max_resource_size: int = _setting(
        1024 * 1024, "maximum of characters in one resource as JSON; members do not count"
    )
    max_filter_length: int = _setting(8192, "maximum of characters in a filter or PATCH path")
    max_filter_depth: int = _setting(10, "maximum of nested parentheses in a filter; at most 10")
    unique_group_names: bool = _setting(True, "refuse a second group with the same `displayName`")
    skip_unknown_members: bool = _setting(
        False, "skip members that do not exist, instead of refusing the request"
    )
    schema_folder: str = _setting(
        "",
        "a folder of JSON documents with your own attributes and resource types, or several with "
        "colons between them; empty for none",
    )
    hooks: str = _setting(
        "",
        "modules of Python, separated by commas, with functions that are called before and after "
        "each change; empty for none",
    )
    trash_days: int = _setting(30, "days until `trash purge` deletes for good")
    history_days: int = _setting(
        365, "days until `history --purge` deletes changes; 0 keeps no history", least=0
    )
    audit_key: str = _setting(
        "",
        "the key of the audit, a secret of 32 characters or more; empty for no audit",
        is_secret=True,
    )
    webhook_allow_private: bool = _setting(
        False, "let webhooks call addresses of this machine and of private networks, too"
    )
    deliver: bool = _setting(
        True,
        "let `python app.py` tell receivers of changes; false leaves it to `manage.py deliver`",
    )
    event_days: int = _setting(
        30, "days until security events are forgotten that their receiver does not fetch"
    )
    env: str = _setting(
        "development", "`development` or `production`", choices=("development", "production")
    )
    console: str = _setting(
        "auto",
        "`on` serves the console and records exchanges, `off` does neither; `auto` is `on` while "
        "`SCIM_HOST` is a loopback address and `SCIM_ENV` is not `production`",
        choices=("auto", "on", "off"),
    )
    console_port: int = _setting(5050, "the port of the console; if it is taken, the next free one")
    metrics_port: int = _setting(0, "the port of `/metrics` for Prometheus; 0 for none", least=0)
    metrics_host: str = _setting("127.0.0.1", "the address to listen on with that port")
    metrics_tenants: int = _setting(
        100, "tenants that `/metrics` names, the oldest ones; the others are counted together"
    )
    recordings: int = _setting(
        10_000, "maximum of recorded exchanges, the newest; 0 records none", least=0
    )
    recording_days: int = _setting(7, "days until a recorded exchange is deleted")
    smtp_url: str = _setting(
        "",
        "`smtp://user:password@host:587`, or `smtps://` with port 465, a server that takes mail; "
        "empty for no invitations",
        is_secret=True,
    )
    mail_from: str = _setting("", "the sender of mail: `Example <scim@example.com>`")
    invitation_template: str = _setting("", "a file with the text of invitations; empty for ours")
    disable_email_invites: bool = _setting(False, "send no invitations, although there is a server")
    debug_email_invites_mock: bool = _setting(False, "log invitations instead of sending them")

    def __post_init__(self) -> None:
        for setting in fields(self):
            _check(setting.name.upper(), getattr(self, setting.name), setting.metadata)
        try:
            check_urls(self.database_url, self.replica_url)
            check_limits(self.rate_limit, self.limits_url)
            check_mail(self.smtp_url, self.mail_from)
            check_folders(self.schema_folder, PROJECT)
            check_addresses(self.host, self.trusted_proxies)
        except ValueError as error:
            raise SettingError(str(error)) from None
        object.__setattr__(self, "database_url", complete(self.database_url, PROJECT))
        object.__setattr__(self, "replica_url", complete(self.replica_url, PROJECT))
        if not BASE_PATH.fullmatch(self.base_path):
            raise SettingError("SCIM_BASE_PATH must look like /scim/v2, without a slash at the end")
        if self.public_url and not PUBLIC_URL.fullmatch(self.public_url):
            raise SettingError("SCIM_PUBLIC_URL must look like https://scim.example.com")
        if not TOKEN.fullmatch(self.token):
            raise SettingError("SCIM_TOKEN must be 1 to 255 printable characters without spaces")
        if self.max_filter_depth > DEEPEST_FILTER:
            raise SettingError(f"SCIM_MAX_FILTER_DEPTH must be {DEEPEST_FILTER} or less")
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise SettingError("SCIM_TLS_CERTIFICATE and SCIM_TLS_KEY go together: set both")
        if 0 < len(self.audit_key) < SHORTEST_KEY:
            raise SettingError(f"SCIM_AUDIT_KEY must have {SHORTEST_KEY} characters or more")
        if self.default_page_size > self.max_page_size:
            raise SettingError("SCIM_DEFAULT_PAGE_SIZE must not exceed SCIM_MAX_PAGE_SIZE")

    @property
    def scheme(self) -> str:
        """The scheme that the server speaks: ``https`` with a certificate, or ``http``."""
        return "https" if self.tls_certificate else "http"

    @property
    def origin(self) -> str:
        """The scheme, host and port of the server, for clients on this machine."""
        return self.origin_at(self.port, self.scheme)

    def origin_at(self, port: int, scheme: str = "http") -> str:
        """Return a scheme, the host and a port, for clients on this machine."""
        host = "localhost" if self.host in LOCAL else self.host
        host = f"[{host}]" if ":" in host else host
        return f"{scheme}://{host}:{port}"

    @property
    def is_production(self) -> bool:
        """Whether the data is that of real people."""
        return self.env == "production"

    @property
    def base_url(self) -> str:
        """The SCIM base URL, for clients on this machine."""
        return f"{self.origin}{self.base_path}"

    @property
    def own_token(self) -> str:
        """The token in SCIM_TOKEN; empty if only issued tokens are accepted."""
        return "" if self.token.lower() == NO_TOKEN else self.token

    @property
    def has_demo_token(self) -> bool:
        """Whether SCIM_TOKEN is the default, which everybody knows."""
        return self.token == DEFAULT_TOKEN

    @property
    def secret_token(self) -> str:
        """The token in SCIM_TOKEN, if it is a secret, or else an empty text."""
        return "" if self.has_demo_token else self.own_token

    @property
    def has_console(self) -> bool:
        """Whether the server has a console; by default only where others cannot reach either."""
        if self.console != "auto":
            return self.console == "on"
        return not self.is_production and is_loopback(self.host)

    @property
    def records(self) -> bool:
        """Whether exchanges are recorded for the console."""
        return self.has_console and self.recordings > 0

    @property
    def rate(self) -> Rate | None:
        """The limit for the requests of a tenant; None if there are no limits."""
        usual = USUAL_RATE if self.is_production else None
        if self.rate_limit in ("auto", "off"):
            return usual if self.rate_limit == "auto" else None
        return read_rate(self.rate_limit)


def variable(name: str) -> str:
    """Return the environment variable for a setting whose name has upper case."""
    return name if name in OF_SOURCEGRAPH else f"SCIM_{name}"


NAMES = tuple(variable(setting.name.upper()) for setting in fields(Settings))
