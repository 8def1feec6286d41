"""The names of environment variables: nearly that of a setting, unknown, or of another program."""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

PREFIX = "SCIM_"
NEAR = 0.75  # of 1, which difflib gives to equal names; PROT and PORT have as much
FEW = 2  # letters too few or too many
# Kubernetes describes a service called "scim" or "scim-db" to every pod by such variables.
ADDRESS = re.compile(r"(tcp|udp|sctp)://")
FOREIGN = re.compile(r"(TEST|CLI|SERVICE|PORT)_|\w+_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP|SCTP))")


def is_address(value: str) -> bool:
    """Tell whether Kubernetes made a value: ``tcp://10.0.0.1:80`` in SCIM_PORT."""
    return bool(ADDRESS.match(value))


def unknown(environment: Mapping[str, str], known: Collection[str]) -> Iterator[str]:
    """Yield the names that begin with ``SCIM_``, are not known and belong to no other program."""
    for name, value in environment.items():
        is_ours = name.upper().startswith(PREFIX) and name not in known
        if is_ours and not is_address(value) and not FOREIGN.match(name.upper(), len(PREFIX)):
            yield name


def meant(name: str, known: Collection[str]) -> str | None:
    """Return the known name that an unknown one is nearly, or None.

    A name that is much shorter or longer has whole words too few or too many, and no others.
    """
    rest = name.upper().removeprefix(PREFIX)
    rests = [each.removeprefix(PREFIX) for each in known]
    for near in get_close_matches(rest, rests, cutoff=NEAR):
        words, others = set(rest.split("_")), set(near.split("_"))
        if abs(len(near) - len(rest)) <= FEW or words <= others or others <= words:
            return PREFIX + near
    return None
