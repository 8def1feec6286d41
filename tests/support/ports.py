"""Free TCP ports for the servers that the tests start."""

import random
import socket
from contextlib import suppress
from itertools import count

# Below the ports that Linux gives to connections: one of those would be taken in between.
FIRST, LAST = 12_000, 32_000
_tried = count(random.Random().randrange(FIRST, LAST))  # other processes begin elsewhere


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on, another one each time."""
    for number in _tried:
        port = FIRST + number % (LAST - FIRST)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("numbers do not end")
