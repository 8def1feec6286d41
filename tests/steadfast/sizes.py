"""How large the attacks are: small in ``make test``, full in ``make steadfast``."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Numbers of one form of the attacks; ``rest`` is how long an undisturbed run lasts."""

    rest: float  # seconds
    users: int
    members: int  # of the large group
    requests: int  # hostile ones
    kills: int
    stops: int
    crashes: int  # kills while clients write
    moments: tuple[float, float]  # seconds from the first write to a kill
    tenants: int
    disks: int  # databases on a full disk: SQLite, or PostgreSQL, too
    refusals: int  # writes that a full disk refuses
    connections: int  # half-open ones
    hold: float  # seconds that clients keep others waiting
    operations: int  # of a PATCH
    elements: int  # of one attribute, and operations with value filters on them
    passwords: int
    depth: int  # of groups in groups
    reports: int  # users with one manager
    examples: int  # of requests to an operation, by its description


SMALL = Size(
    rest=0.4,
    users=2_000,
    members=2_000,
    requests=600,
    kills=3,
    stops=10,
    crashes=2,
    moments=(0.2, 0.4),
    tenants=120,
    disks=1,
    refusals=3,
    connections=300,
    hold=1,
    operations=2_000,
    elements=300,
    passwords=10,
    depth=60,
    reports=300,
    examples=2,
)
FULL = Size(
    rest=5,
    users=100_000,
    members=20_000,
    requests=100_000,
    kills=50,
    stops=200,
    crashes=50,
    moments=(0.1, 2),
    tenants=10_000,
    disks=2,
    refusals=50,
    connections=1_200,
    hold=20,
    operations=10_000,
    elements=1_000,
    passwords=1_000,
    depth=1_000,
    reports=5_000,
    examples=100,
)
IS_FULL = os.environ.get("SCIM_TEST_STEADFAST") == "full"
SIZE = FULL if IS_FULL else SMALL
