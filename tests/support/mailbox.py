"""A mail server that keeps what it gets, for tests of mail."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from .ports import free_port

USER, PASSWORD = "scim@example.com", "p@ss/word:1"
ENCODED = "scim%40example.com:p%40ss%2Fword%3A1"


class Mailbox:
    """What arrived; ``answers`` are what the server says to the next mails for an address.

    It refuses the recipient with the answer, but for ``lost``: it takes that mail, and hangs up.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.logins: list[str] = []
        self.answers: dict[str, list[str]] = {}
        self.url = ""

    async def handle_RCPT(
        self, _: SMTP, __: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if (answers := self.answers.get(address)) and answers[0] != "lost":
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert [mail["To"].addresses[0].addr_spec] == envelope.rcpt_tos
        self.mails.append(mail)
        if (answers := self.answers.get(envelope.rcpt_tos[0])) and answers.pop(0):
            assert server.transport
            server.transport.abort()
        return "250 OK"

    def authenticate(self, _: Any, __: Any, ___: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(mechanism)
        given = data.login.decode(), data.password.decode()
        return AuthResult(success=given == (USER, PASSWORD), handled=False)

    def texts(self) -> list[str]:
        """Return the texts, in order."""
        return [mail.get_content().replace("\r\n", "\n") for mail in self.mails]

    def to(self) -> list[str]:
        """Return who got mail, in order."""
        return [mail["To"].addresses[0].addr_spec for mail in self.mails]


@contextmanager
def mail_server(context: ssl.SSLContext | None = None, **options: Any) -> Iterator[Mailbox]:
    """Take mail at ``url``; with a context only by STARTTLS, and after a login."""
    box = Mailbox()
    secured = {"tls_context": context, "require_starttls": True, "auth_required": True}
    options |= secured | {"authenticator": box.authenticate} if context else {}
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    where, query = f"127.0.0.1:{port}", "" if context else "?tls=off"
    box.url = f"smtp://{ENCODED}@{where}" if context else f"smtp://{where}{query}"
    try:
        yield box
    finally:
        controller.stop()
