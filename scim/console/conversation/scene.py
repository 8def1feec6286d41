"""The choice of the exchanges that are drawn, with their conversations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scim.explain.exchange import Exchange
from scim.explain.sentences.conversations import Conversation, conversations
from scim.explain.words import counted


@dataclass(frozen=True, slots=True)
class Scene:
    """The exchanges to draw, in the order of time, and the conversation of each."""

    exchanges: Sequence[Exchange]
    talks: Mapping[int, Conversation]
    names: Mapping[str, str]

    @property
    def title(self) -> str:
        """The title of the picture."""
        many = counted(len(self.exchanges), "exchange")
        numbers = {self.talks[each.number].number for each in self.exchanges}
        if len(numbers) == 1:
            return f"{self.talks[self.exchanges[0].number].sentence} {many.capitalize()}."
        return f"The conversation of {many}"


def newest(window: Sequence[Exchange], most: int, names: Mapping[str, str]) -> Scene:
    """Return the newest of the exchanges, with what those before them tell of them."""
    found = sorted(window, key=lambda each: (each.at, each.number))
    return Scene(found[-most:], _talks(found, names), names)


def conversation_of(window: Sequence[Exchange], number: int, names: Mapping[str, str]) -> Scene:
    """Return the conversation of the exchange with a number, with what the others tell of it."""
    talks = _talks(window, names)
    return Scene(talks[number].exchanges, talks, names)


def _talks(window: Sequence[Exchange], names: Mapping[str, str]) -> dict[int, Conversation]:
    return {one.number: each for each in conversations(window, names) for one in each.exchanges}
