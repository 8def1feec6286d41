"""The interface of an administrator of any identity provider."""

from abc import ABC, abstractmethod

from ..company.events import Company, Step
from ..scim_client import Exchange, ScimClient
from ..waiting import Waiting


class UnusableServerError(Exception):
    """The server cannot be reached, refuses the token, or is not a SCIM server."""


class Administrator(ABC):
    """Tells an identity provider of the events in a company."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.waiting = Waiting(lambda _: None)
        self.requests = 0
        self.failures: dict[str, None] = {}  # a set that keeps its order: each refusal once

    def watch(self, client: ScimClient) -> None:
        """Count the requests of a client, and let ``waiting`` know when it waits."""
        client.note = self._count
        client.waiting = self.waiting
        self.client = client

    def take_failures(self) -> list[str]:
        """Return the refusals, and forget them."""
        taken = list(self.failures)
        self.failures.clear()
        return taken

    def _count(self, _: Exchange) -> None:
        self.requests += 1

    @abstractmethod
    def check(self) -> None:
        """Test the connection.

        :raises UnusableServerError: the server cannot be used
        """

    @abstractmethod
    def do(self, step: Step) -> None:
        """Tell the identity provider of one step.

        :raises UnusableServerError: the server cannot be used any more
        """

    @abstractmethod
    def end_day(self) -> None:
        """Provision everything that has happened today.

        :raises UnusableServerError: the server cannot be used any more
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connection to the server."""
