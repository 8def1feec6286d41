"""The published compliance tools for Python, against the server as it is deployed."""

from collections import Counter

import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

BAD = (Status.ERROR, Status.CRITICAL, Status.DEVIATION)


@pytest.mark.slow
def test_scim2_tester_finds_no_fault(server):
    results = check_server(SyncSCIMClient(server.session))

    faults = [f"{r.status.name} {r.title}: {r.reason}" for r in results if r.status in BAD]
    assert not faults, "\n".join(faults)
    checked = Counter(result.resource_type for result in results if result.resource_type)
    assert checked["User"] > 20
    assert checked["Group"] > 5
