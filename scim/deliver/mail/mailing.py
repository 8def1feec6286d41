"""Mail is handed to the server of SCIM_SMTP_URL (RFC 5321), with TLS unless the URL says no."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Any

from scim.mail import MailServer, read_mail_server, read_sender
from scim.printing import printable
from scim.settings import Settings
from scim.storage.outbox import Message

from ..channel import NotDelivered

SECONDS = 10.0  # for each part of an answer of the server
IN_ALL = 60.0  # for a mail; a server that sends a byte in a second would meet all other limits
LONGEST = 200  # characters of an answer
CLOSING = 421  # the server takes no mail at all
REFUSED = 500  # this code and higher ones are for good


def post(settings: Settings, message: Message, mail: Mapping[str, str]) -> None:
    """Send a mail: ``to``, ``subject`` and ``text``.

    :raises NotDelivered: the server did not take it
    """
    built = build(settings, message, mail)
    try:
        with _connected(read_mail_server(settings.smtp_url)) as server:
            server.send_message(built, read_sender(settings.mail_from)[1], mail["to"])
    except (OSError, smtplib.SMTPException) as error:
        raise _reason(error) from error


def build(settings: Settings, message: Message, mail: Mapping[str, str]) -> EmailMessage:
    """Return the mail of a message; it is the same each time, so a reader shows a second one once.

    A server may have taken a mail although it did not say so before the connection was lost.
    """
    name, address = read_sender(settings.mail_from)
    built = EmailMessage(SMTP)
    built["From"] = formataddr((name, address))
    built["To"] = mail["to"]
    built["Subject"] = mail["subject"]
    built["Date"] = format_datetime(datetime.fromisoformat(message.at))
    built["Message-ID"] = f"<{message.id}@{address.rpartition('@')[2]}>"
    built["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody answers that they are away
    built.set_content(mail["text"])
    return built


class _Limited(smtplib.SMTP):
    """A connection that is cut off after a while, whatever comes."""

    def connect(
        self, host: str = "localhost", port: int = 0, source_address: Any = None
    ) -> tuple[int, bytes]:
        self.clock = Timer(IN_ALL, self._cut)
        self.clock.daemon = True
        self.clock.start()
        try:
            return super().connect(host, port, source_address)
        except OSError:  # nobody closes what was never open
            self.clock.cancel()
            raise

    def _cut(self) -> None:
        with suppress(OSError):
            if found := self.sock:  # by the method of a plain one, as another thread reads from TLS
                socket.shutdown(found, SHUT_RDWR)

    def close(self) -> None:
        self.clock.cancel()
        super().close()


class _LimitedTls(_Limited, smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""


@contextmanager
def _connected(place: MailServer) -> Iterator[smtplib.SMTP]:
    trusted = ssl.create_default_context()
    server = (
        _LimitedTls(place.host, place.port, timeout=SECONDS, context=trusted)
        if place.is_tls
        else _Limited(place.host, place.port, timeout=SECONDS)
    )
    try:
        if place.starts_tls:
            server.starttls(context=trusted)
        if place.user:
            server.login(place.user, place.password)
        yield server
        with suppress(OSError, smtplib.SMTPException):  # the mail is with the server already
            server.quit()
    finally:
        server.close()


def _reason(error: Exception) -> NotDelivered:
    """Return why a mail was not sent; what is about this mail holds up no other one."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code, said = next(iter(refused.values()))
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            return NotDelivered(f"the mail server refused the login with {code}")
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            return NotDelivered(f"the mail server answered {error.smtp_code} to the connection")
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=said):
            pass
        case smtplib.SMTPNotSupportedError():
            is_about_mail = "SMTPUTF8" in str(error)
            return NotDelivered(f"the mail server does not do that: {error}", is_about_mail)
        case _:
            return NotDelivered(printable(f"the mail server cannot be reached: {error}"))
    is_of_mail = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    answer = printable(f"the mail server answered {code} {text[:LONGEST]}")
    return NotDelivered(answer, code >= REFUSED, alone=is_of_mail and code != CLOSING)
