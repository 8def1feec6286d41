"""Mail: the server that takes it, as SCIM_SMTP_URL names it, and addresses that can get it."""

import re
from dataclasses import dataclass, field
from email.utils import parseaddr
from urllib.parse import parse_qsl, unquote, urlsplit

import idna

from .addresses import is_loopback

PORTS = {"smtp": 587, "smtps": 465}
FORM = "smtp://user:password@host:587 or smtps://user:password@host:465"
# A local part without quotes (RFC 5321 §4.1.2, RFC 6531 §3.3); what is not ASCII is looked at apart
LOCAL = re.compile(r"[^\s@<>()\[\]:;,\\\"]{1,64}")
LONGEST = 254  # characters of an address
LONGEST_NAME = 253  # characters of a domain


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes mail; ``is_tls`` from the first byte, ``starts_tls`` by STARTTLS.

    ``user`` is empty if there is no login.
    """

    host: str
    port: int
    is_tls: bool
    starts_tls: bool
    user: str
    password: str = field(repr=False)


def read_mail_server(url: str) -> MailServer:
    """Return the server that a URL as in SCIM_SMTP_URL names.

    :raises ValueError: it names none; the message has no password
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError(f"must look like {FORM}")
    if options not in ({}, {"tls": "off"}):
        raise ValueError("knows no option but ?tls=off")
    is_off = bool(options)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if is_off and (parts.scheme == "smtps" or (user and not is_loopback(parts.hostname))):
        raise ValueError("must not have ?tls=off: it would send the password unencrypted")
    if bool(user) != bool(password):
        raise ValueError("must have a user and a password, or neither")
    is_tls = parts.scheme == "smtps"
    port = parts.port or PORTS[parts.scheme]
    return MailServer(parts.hostname, port, is_tls, not is_tls and not is_off, user, password)


def read_sender(text: str) -> tuple[str, str]:
    """Return the name and the address of a sender: ``Example <scim@example.com>``, or no name.

    :raises ValueError: there is no address in it
    """
    name, spelt = parseaddr(text)
    address = mailable(spelt)
    if not address or not text.isprintable() or (not name and text.strip() != spelt):
        raise ValueError("must be an address, as in scim@example.com or Example <scim@example.com>")
    return name, address


def mailable(text: object) -> str | None:
    """Return an address to which mail can be sent, or None; its domain is in ASCII (RFC 5890).

    Only a bare address is one: a name, a list, a comment or a line break could make it two.
    """
    if not isinstance(text, str) or not text.isprintable():
        return None
    local, _, domain = text.rpartition("@")
    if not LOCAL.fullmatch(local) or ".." in local or "." in (local[0], local[-1]):
        return None
    try:
        name = idna.encode(domain, uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError):
        return None
    address = f"{local}@{name}"
    fits = "." in name and len(name) <= LONGEST_NAME and len(address) <= LONGEST
    return address if fits else None


def check_mail(smtp_url: str, mail_from: str) -> None:
    """Check SCIM_SMTP_URL and SCIM_MAIL_FROM.

    :raises ValueError: one of them cannot be used; the message names it, and shows no password
    """
    if not smtp_url:
        return
    name = "SCIM_SMTP_URL"
    try:
        read_mail_server(smtp_url)
        name = "SCIM_MAIL_FROM"
        read_sender(mail_from)
    except ValueError as error:
        said = str(error) if str(error).startswith(("must", "knows")) else "has no valid port"
        raise ValueError(f"{name} {said}") from None
