"""A userName has no invisible characters, so "ad<U+200B>min" cannot pass for "admin".

Joiners are allowed where they shape a Persian or Indic word (RFC 8265 §3.1, RFC 5892 Appendix A).
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from idna.core import valid_contextj

from scim.protocol.errors import InvalidValueError
from scim.protocol.schema import ResourceType
from scim.protocol.values import Record

NAME = "userName"
UNSEEN = ("Cc", "Cf", "Zl", "Zp")  # controls, formats such as overrides of direction, separators
JOINERS = "\u200c\u200d"
# Letters and marks without ink: fillers of Hangul, selectors of variants and the like.
FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)


def check_user_name(
    resource_type: ResourceType, document: Mapping[str, Any], before: Record
) -> None:
    """Raise if a user gets a userName with an invisible character; one from ``before`` may stay.

    :raises InvalidValueError: naming the character
    """
    if not resource_type.is_account:
        return
    name = document.get(NAME, "")
    if (name.isascii() and name.isprintable()) or name == before.get(NAME):
        return
    for place, character in enumerate(name):
        if _is_unseen(character) and not (character in JOINERS and _joins(name, place)):
            raise InvalidValueError(
                f"{NAME} has the invisible character U+{ord(character):04X}; remove it"
            )


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in UNSEEN or bool(FILLERS.match(character))


def _joins(name: str, place: int) -> bool:
    try:
        return valid_contextj(name, place)
    except ValueError:  # beside a character without a name, or in a very long text
        return False
