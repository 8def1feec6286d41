"""References in what changed: the names of those whom ids mean."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from .differences import Difference

REFERENCE = re.compile(r"(?P<owner>.*[^\]])\.value", re.DOTALL)
ID = re.compile(r'"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')


def referred(found: Sequence[Difference]) -> set[str]:
    """Return the ids that singular references, such as ``manager.value``, had and have."""
    return {each for one in found if REFERENCE.fullmatch(one.path) for each in _ids(one)}


def with_names(found: Sequence[Difference], names: Mapping[str, str]) -> list[Difference]:
    """Return differences in which ``manager`` has names; what has no name keeps its id."""
    return [_named(each, names) for each in found]


def _ids(found: Difference) -> Iterator[str]:
    for text in (found.before, found.after):
        if match := ID.fullmatch(text or ""):
            yield match["id"]


def _named(found: Difference, names: Mapping[str, str]) -> Difference:
    owner = REFERENCE.fullmatch(found.path)
    ids = [*_ids(found)]
    if not owner or not any(names.get(each) for each in ids):
        return found
    return Difference(owner["owner"], _name(found.before, names), _name(found.after, names))


def _name(text: str | None, names: Mapping[str, str]) -> str | None:
    match = ID.fullmatch(text or "")
    name = names.get(match["id"], "") if match else ""
    return json.dumps(name, ensure_ascii=False) if name else text
