"""How often tests with random input try: little in ``make test``, more in ``make test-more``."""

import os

TIMES = int(os.environ.get("SCIM_TEST_TRIES", "1"))


def tries(number: int) -> int:
    """Return how many examples a test has that needs ``number`` of them in everyday runs."""
    return number * TIMES
