"""The log: a line for each request, as text or as JSON. Nothing in it acts on a terminal."""

import json
import logging
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from .printing import printable

ARRIVED = "scim.arrived"  # in a WSGI environment: when the request came, by perf_counter
PLAIN_PATH = re.compile(r"[\w/.:-]*", re.ASCII)
PLAIN_VALUE = re.compile(r"[\w.:,@/-]+", re.ASCII)
ISSUED = re.compile(r"(?<![\w-])[\w-]{43,255}(?![\w-])", re.ASCII)  # as tokens look, old and new
# Values in a filter: names, addresses, secrets. Single quotes are about what is no name.
QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"?|(?<!\w)'(?![\w.:$/-]{1,200}')(?:[^'\\]|\\.)*'?""")


class RequestLine(NamedTuple):
    """A request that was answered; an empty text is not known, or there is nothing to say."""

    method: str
    path: str
    status: int
    milliseconds: float
    request_id: str
    client: str
    tenant: str = ""
    token: str = ""  # its name
    applied: str = ""  # a preference
    tolerated: str = ""
    detail: str = ""  # of an error

    def __str__(self) -> str:
        path = self.shown_path()
        path = path if PLAIN_PATH.fullmatch(path) else quote(path, safe="/:…")
        line = f"{self.method} {path} {self.status} {self.milliseconds:.1f}ms"
        line += f" request_id={self.request_id}{_who(self.client, self.tenant, self.token)}"
        line += _said("applied", self.applied) + _said("tolerated", self.tolerated)
        return line + _said("detail", self.shown_detail())

    def known(self) -> dict[str, Any]:
        """Return what is known, by its name."""
        shown = {"path": self.shown_path(), "detail": self.shown_detail()}
        rest = shown | {"milliseconds": round(self.milliseconds, 1)}
        return {name: value for name, value in (self._asdict() | rest).items() if value}

    def shown_path(self) -> str:
        """Return the path without a token, which people put there when they set a provider up."""
        return ISSUED.sub("…", self.path) if self.status >= 400 else self.path

    def shown_detail(self) -> str:
        return QUOTED.sub('"…"', self.detail)


@lru_cache
def _who(client: str, tenant: str, token: str) -> str:
    """Return what lines have in common; cached, as it takes as long as the rest of a line."""
    return _said("client", client) + _said("tenant", tenant) + _said("token", token)


def _said(name: str, value: str) -> str:
    if not value:
        return ""
    is_plain = PLAIN_VALUE.fullmatch(value)
    return f" {name}={value if is_plain else json.dumps(value, ensure_ascii=False)}"


class LogFormatter(logging.Formatter):
    """Writes each record as one line, with a traceback below it where there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        return "\n".join(map(printable, super().formatException(ei).split("\n")))


class JsonFormatter(logging.Formatter):
    """Writes each record as a JSON object in one line of ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        written = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said: dict[str, Any] = {"time": written, "level": record.levelname.lower()}
        if isinstance(record.msg, RequestLine):
            said |= record.msg.known()
        else:
            said["message"] = record.getMessage()
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said)


def formatter(log_format: str) -> logging.Formatter:
    """Return what writes the log as the setting says."""
    return JsonFormatter() if log_format == "json" else LogFormatter("%(asctime)s  %(message)s")
