"""The text of bearer tokens: a prefix that scanners look for, chance, and a checksum."""

import re
import secrets
import string
from zlib import crc32

PREFIX = "scim_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM, CHECKSUM = 43, 6  # characters; the first hold 256 bits
FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM + CHECKSUM}}}", re.ASCII)
LONGEST = 255
TAKEN = re.compile(rf"[\w-]{{1,{LONGEST}}}", re.ASCII)  # the characters that maskers look for
DIFFERENT = 10  # characters that a random text has at least


def new_token() -> str:
    """Return a new token."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return f"{PREFIX}{random}{checksum(random)}"


def checksum(text: str) -> str:
    """Return the last characters of a token, which tell scanners that it is no other text."""
    number, digits = crc32(text.encode()), ""
    for _ in range(CHECKSUM):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def is_whole(token: str) -> bool:
    """Tell whether a text was made by ``new_token``, here or on another server."""
    text = token[len(PREFIX) : -CHECKSUM]
    return bool(FORM.fullmatch(token)) and checksum(text) == token[-CHECKSUM:]


def weakness(token: str) -> str | None:
    """Return why a token that somebody else has made is not taken, or None."""
    if not TAKEN.fullmatch(token):
        return f"it must have at most {LONGEST} letters, digits and characters of _-"
    if len(token) < RANDOM:
        return f"it must have at least {RANDOM} characters, or else it could be guessed"
    if len(set(token)) < DIFFERENT or token in (2 * token)[1:-1]:
        return "it repeats itself; take a random text"
    return None
