"""How much tests try: little in ``make test``, more in ``make test-more``."""

import os
from typing import TypeVar

T = TypeVar("T")
TIMES = int(os.environ.get("SCIM_TEST_TRIES", "1"))


def tries(number: int) -> int:
    """Return how many examples a test has that needs ``number`` of them in everyday runs."""
    return number * TIMES


def cases(everyday: list[T], more: list[T]) -> list[T]:
    """Return the parameters of a test, in everyday runs without ``more``, which take long."""
    return everyday if TIMES == 1 else everyday + more
