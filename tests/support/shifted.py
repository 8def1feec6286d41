"""A machine whose clock is wrong: creates users on a database, told their names line by line.

``python -m tests.support.shifted URL TENANT SECONDS`` prints the id of each user.
"""

import sys
import time

import sqlalchemy as sa

from scim import provider
from scim.protocol.schema import USER
from scim.protocol.tolerance import Tolerance, Tolerated
from scim.storage import Database, Directory, Store

from .scim import user


def main(url: str, tenant: str, seconds: str) -> None:
    real, wrong = time.time_ns, int(float(seconds) * 1_000_000_000)
    time.time_ns = lambda: real() + wrong
    store = Store(Database(sa.create_engine(url)), Directory(int(tenant)))
    request = provider.Request(Tolerated(Tolerance()))
    for line in sys.stdin:
        created = provider.create(store, USER, user(line.strip()), request)
        print(created.location.rpartition("/")[2], flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
