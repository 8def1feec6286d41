"""Invitations: a mail to each new user, while SCIM_SMTP_URL names a server that takes it.

Every tenant has such a receiver then, which its first change stores.
"""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from scim.mail import mailable
from scim.places import PROJECT
from scim.printing import printable
from scim.protocol.schema import USER
from scim.service import Service
from scim.settings import SettingError, Settings
from scim.storage import Change, Connection, Operation
from scim.storage.contents import Content
from scim.storage.invited import Invited, find_invited
from scim.storage.outbox import Message
from scim.storage.receivers import Receiver

from ..channel import NotDelivered
from ..happenings import is_active
from .mailing import post

KIND = "mail"
NAME = "invitations"
ID = "6d61696c-0000-8000-8000-{:012d}"  # with the number of the tenant
DEFAULT = Path(__file__).with_name("templates") / "invitation.txt"
LONGEST = 200  # characters of a value in a mail
# Controls, ends of lines, halves of characters, and what turns the direction of the text around it.
UNSEEN = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
EXAMPLE: Mapping[str, Any] = {
    "user": {"userName": "amy@example.com", "active": True},
    "name": "Amy",
    "address": "amy@example.com",
    "tenant": "default",
}

logger = logging.getLogger("scim")


def are_sent(settings: Settings) -> bool:
    """Tell whether new users are invited, or the log is to say that they would be."""
    wanted = bool(settings.smtp_url) or settings.debug_email_invites_mock
    return wanted and not settings.disable_email_invites


def receiver(tenant_id: int) -> Receiver:
    """Return the receiver of a tenant."""
    return Receiver(ID.format(tenant_id), tenant_id, NAME, KIND, "", {}, {}, "")


class Invitations:
    """The channel: a message becomes a mail to the user whom it is about."""

    fetches = False

    def wants(self, _: Receiver, change: Change) -> bool:
        """Tell whether a user is new: one who comes back was invited before."""
        return change.resource_type == USER.name and change.operation is Operation.CREATE

    def keeps(self, _: Receiver) -> bool:
        """Return false: a mail writes nothing to the database."""
        return False

    def contents(
        self,
        service: Service,
        connection: Connection,
        _: Receiver,
        message: Message,
        __: Change | None,
    ) -> Sequence[Content]:
        """Return the mail as JSON: ``to``, ``subject`` and ``text``.

        There is none for a user who is inactive by now, has gone, or has no address.

        :raises NotDelivered: the template cannot be filled in, or there is no mail server
        """
        found = _find(connection, message) if _may_send(service.settings) else None
        if not found:
            return []
        user = json.loads(found.body, strict=False)
        address = address_of(user)
        if not address:
            logger.info("User %s has no address, so there is no invitation", message.resource_id)
            return []
        values = {"user": user, "name": _name(user), "address": address, "tenant": found.tenant}
        subject, text = fill_in(service.settings, values)
        mail = {"to": address, "subject": subject, "text": text}
        return [Content(json.dumps(mail, ensure_ascii=False))]

    def send(self, service: Service, _: Receiver, message: Message) -> None:
        """Send the mail, unless the user is inactive by now.

        :raises NotDelivered: the server did not take it
        """
        if not _may_send(service.settings):
            return
        if not service.database.read(lambda known: _find(known, message)):
            return
        mail = json.loads(message.content or "")
        if service.settings.debug_email_invites_mock:
            shown = printable(f"{mail['to']}: {mail['subject']}")
            logger.info("DEBUG_EMAIL_INVITES_MOCK: no invitation was sent to %s", shown)
            return
        post(service.settings, message, mail)


def _may_send(settings: Settings) -> bool:
    """Tell whether mails are sent; false if they are to be dropped.

    :raises NotDelivered: another deliverer may have a mail server
    """
    if not (are_sent(settings) or settings.disable_email_invites):
        raise NotDelivered("the deliverer that tried has no SCIM_SMTP_URL")
    return are_sent(settings)


def _find(connection: Connection, message: Message) -> Invited | None:
    found = find_invited(connection, message.tenant_id, message.resource_id)
    return found if found and is_active(found.body) else None


def address_of(user: Mapping[str, Any]) -> str | None:
    """Return where a user gets mail: the primary address, another one, or a ``userName`` like one.

    An address that can get no mail is passed over.
    """
    emails = [each for each in user.get("emails") or () if isinstance(each, Mapping)]
    emails.sort(key=lambda each: each.get("primary") is not True)
    given = [*(each.get("value") for each in emails), user.get("userName")]
    return next(filter(None, map(mailable, given)), None)


def _name(user: Mapping[str, Any]) -> Any:
    name = user.get("name") or {}
    whole = " ".join(filter(None, (name.get("givenName"), name.get("familyName"))))
    return user.get("displayName") or name.get("formatted") or whole or user.get("userName")


def fill_in(settings: Settings, values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the subject and the text of a mail.

    :raises NotDelivered: the template does not know what to do with these values
    """
    found = template(settings.invitation_template)
    try:
        filled = found.render(values)
    except Exception as error:  # a template can do whatever an expression can
        reason = f"SCIM_INVITATION_TEMPLATE: {type(error).__name__}: {error}"
        raise NotDelivered(printable(reason), for_good=True) from error
    subject, _, text = filled.strip().partition("\n")
    return subject.strip(), f"{text.strip()}\n"


@lru_cache(maxsize=8)
def template(path: str) -> Template:
    """Return the template of the mails: the first line is the subject.

    A value fills no more than a part of a line, so a name cannot end the subject. The text is
    plain, so nothing is escaped.

    :raises SettingError: the file cannot be read, or is no template
    """
    environment = ImmutableSandboxedEnvironment(
        autoescape=False, undefined=ChainableUndefined, finalize=one_line
    )
    try:
        source = (PROJECT / path if path else DEFAULT).read_text(encoding="utf-8-sig")
        return environment.from_string(source)
    except (OSError, UnicodeError, TemplateError) as error:
        raise SettingError(f"SCIM_INVITATION_TEMPLATE cannot be used: {error}") from None


def one_line(value: object) -> str:
    """Return a value as a part of a line, without what would act in a mail; a long one is cut."""
    text = " ".join(UNSEEN.sub(" ", str(value)).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def check(settings: Settings) -> None:
    """Try the template out, if invitations are sent.

    :raises SettingError: it cannot be used
    """
    if not are_sent(settings):
        return
    try:
        fill_in(settings, EXAMPLE)
    except NotDelivered as error:
        raise SettingError(str(error)) from None
