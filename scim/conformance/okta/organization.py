"""An Okta organization that provisions into the checked server, and its newest user."""

import time
from collections.abc import Callable
from contextlib import suppress
from secrets import token_hex
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

from ..client import Client, Exchange, NoAnswerError, check_token
from ..outcomes import Failure, expect

PATIENCE = 60  # seconds; Okta's own test waits for 20, and once for 40
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 2
FAMILY_NAME = "Check"
Resource = dict[str, Any]
T = TypeVar("T")


def at_once() -> str:
    """Wait for nothing, and tell nothing."""
    return ""


class Organization:
    """An organization, its app, and a newcomer, by way of Okta's management API.

    Okta provisions in the background, which may take ``patience`` seconds. ``settle`` returns when
    Okta is done, and tells what Okta has done since its last call, as far as that can be known.

    :raises ValueError: there can be no such URL, or no such token
    """

    def __init__(
        self,
        url: str,
        api_token: str,
        app_id: str,
        patience: float = PATIENCE,
        settle: Callable[[], str] = at_once,
    ) -> None:
        check_token(api_token)
        self.client = Client(f"{url.rstrip('/')}/api/v1", None)
        self.app = f"/apps/{quote(app_id, safe='')}"
        self.patience, self.settle = patience, settle
        self.password = f"Aa1-{token_hex(8)}"
        self.secrets = [api_token, self.password]
        self.headers = {
            "Authorization": f"SSWS {api_token}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        name = f"okta-{uuid4().hex[:12]}"
        self.address = f"{name}@atko.example"
        self.user = f"/users/{self.address}"  # Okta takes a login for an id
        self.okta_id: str | None = None
        self.scim_id: str | None = None
        self.is_hired = False
        self.is_awaited = False  # the app may get the user at any moment

    def ask(self, method: str, path: str, body: Any = None) -> Exchange:
        """Send one request to the management API, and return its answer."""
        return self.client.request(method, path, body, headers=self.headers)

    def hire(self, given_name: str) -> Exchange:
        """Add the newcomer to Okta, without the app."""
        question = {"question": "Who checks?", "answer": self.password}
        credentials = {"password": {"value": self.password}, "recovery_question": question}
        profile = self._profile(given_name) | {"title": "Tester", "primaryPhone": "555-0100"}
        body = {"profile": profile, "credentials": credentials}
        self.is_hired = True  # also if the answer gets lost
        answer = self.ask("POST", "/users?activate=true", body)
        if answer.status == 200:
            self.okta_id = answer.json["id"]
        return answer

    def assign(self, given_name: str) -> Exchange:
        """Give the newcomer the app."""
        profile = {
            "familyName": FAMILY_NAME,
            "givenName": given_name,
            "emailType": "work",
            "email": self.address,
        }
        credentials = {"userName": self.address}
        body = {"id": self.okta_id, "scope": "USER", "credentials": credentials, "profile": profile}
        self.is_awaited = self.scim_id is None
        return self.ask("POST", f"{self.app}/users", body)

    def unassign(self) -> Exchange:
        return self.ask("DELETE", f"{self.app}/users/{self.okta_id}")

    def rename(self, given_name: str) -> Exchange:
        return self.ask("PUT", self.user, {"profile": self._profile(given_name)})

    def move(self, operation: str) -> Exchange:
        """Carry out one of Okta's lifecycle operations: activate, deactivate, ..."""
        return self.ask("POST", f"{self.user}/lifecycle/{operation}")

    def settled(self, look: Callable[[], T]) -> T:
        """Call ``look`` until it does not fail or Okta's time is over; keep its last requests."""
        begin, pause = time.monotonic(), FIRST_PAUSE
        while True:
            done = self.settle()
            before = len(self.client.exchanges)
            try:
                return look()
            except Failure as failure:
                left = begin + self.patience - time.monotonic()
                if left <= 0:
                    waited = f", {self.patience:g} seconds later" if self.patience else ""
                    told = f"; Okta {done}" if done else ""
                    raise Failure(f"{failure}{waited}{told}") from None
            del self.client.exchanges[before:]
            time.sleep(min(pause, left))
            pause = min(2 * pause, LONGEST_PAUSE)

    def dismiss(self, found: Callable[[], list[Resource]]) -> list[str]:
        """Delete the newcomer in Okta; return the newcomer's URL if Okta does not do it.

        ``found`` returns the users of the server who have the newcomer's userName.
        """
        with suppress(Failure, NoAnswerError):
            if self.is_awaited:
                self.settled(lambda: expect(found(), "nobody has come"))
        try:
            self.move("deactivate")  # Okta's DELETE of an active user only deactivates
            with suppress(Failure):
                self.settled(lambda: expect(not _some_active(found()), "still active"))
            is_gone = self.ask("DELETE", self.user).status in (204, 404)
        except NoAnswerError:
            is_gone = False
        self.is_hired = False
        return [] if is_gone else [f"{self.client.base_url}{self.user}"]

    def _profile(self, given_name: str) -> dict[str, str]:
        return {
            "firstName": given_name,
            "lastName": FAMILY_NAME,
            "email": self.address,
            "login": self.address,
        }


def _some_active(users: list[Resource]) -> bool:
    return any(user.get("active") is True for user in users)
