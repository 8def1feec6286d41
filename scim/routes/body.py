"""Bodies of requests: their media type, their limits, and JSON from their bytes (RFC 7644 §3.1)."""

import json
from typing import Any

from scim.protocol.errors import (
    InvalidSyntaxError,
    PayloadTooLargeError,
    UnsupportedCodingError,
    UnsupportedMediaTypeError,
)
from scim.protocol.headers import MEDIA_TYPE

ACCEPTED = {MEDIA_TYPE, "application/json", ""}


def check_media_type(media_type: str) -> None:
    """Raise unless a body may be JSON.

    :raises UnsupportedMediaTypeError: the Content-Type header names another media type
    """
    if media_type not in ACCEPTED:
        raise UnsupportedMediaTypeError(f"the body is {media_type}; send it as {MEDIA_TYPE}")


def check_coding(coding: str) -> None:
    """Raise unless a body is JSON as it stands, neither compressed nor otherwise coded.

    :raises UnsupportedCodingError: the Content-Encoding header names a coding (RFC 9110 §8.4)
    """
    if coding and coding.strip().lower() not in ("", "identity"):
        raise UnsupportedCodingError(
            f"the body is coded as {coding[:40]}; this server takes it as it is (identity) only"
        )


def too_large(most: int) -> PayloadTooLargeError:
    """Return the error for a body of more than ``most`` bytes."""
    return PayloadTooLargeError(
        f"the body has more than {most} bytes (maxPayloadSize); send it in several requests"
    )


def parse(data: bytes, most: int) -> Any:
    """Return the JSON in a body of at most ``most`` bytes.

    :raises PayloadTooLargeError: the body is larger
    :raises InvalidSyntaxError: it is not JSON in UTF-8, or an object has a name twice
    """
    if len(data) > most:  # Werkzeug has cut a body without a Content-Length after one byte more
        raise too_large(most)
    try:
        text = data.decode("utf-8-sig")
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
        if "\\ud" in text.lower():  # half of a surrogate pair is not text
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeError:
        raise InvalidSyntaxError("the body is not valid UTF-8; encode it as UTF-8") from None
    except RecursionError:
        raise InvalidSyntaxError("the body is nested too deeply; send fewer levels") from None
    except ValueError as error:
        raise InvalidSyntaxError(f"the body is not JSON: {error}") from None
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(set(map(str.lower, found))) != len(pairs):
        raise ValueError("an object has the same name twice, if only in different case")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")
