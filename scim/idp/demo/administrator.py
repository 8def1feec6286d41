"""What an administrator of any identity provider can be asked for."""

from abc import ABC, abstractmethod

from ..company.events import Company, Step
from ..scim_client import Exchange, ScimClient


class UnusableServerError(Exception):
    """The SCIM server cannot be reached, refuses the token or is none."""


class Administrator(ABC):
    """Tells an identity provider of what happens in a company."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.requests = 0
        self.failures: dict[str, None] = {}  # what the server refused, each once

    def watch(self, client: ScimClient) -> None:
        """Count the requests of a client."""
        client.note = self._count

    def _count(self, _: Exchange) -> None:
        self.requests += 1

    @abstractmethod
    def check(self) -> None:
        """Test the connection.

        :raises UnusableServerError: there is none
        """

    @abstractmethod
    def do(self, step: Step) -> None:
        """Tell of one step.

        :raises UnusableServerError: the server is there no longer
        """

    @abstractmethod
    def end_day(self) -> None:
        """See to it that the server knows of all that has happened.

        :raises UnusableServerError: the server is there no longer
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the server."""
