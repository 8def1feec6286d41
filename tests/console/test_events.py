"""Events of Live are made once for all who watch the same."""

from concurrent.futures import ThreadPoolExecutor

from scim.console.exchanges import live


def test_event_is_made_once_for_all_who_watch(monkeypatch):
    monkeypatch.setattr(live, "_events_made", {})
    made = []

    def payload():
        made.append("event")
        return {"rows": [], "count": 1}

    with ThreadPoolExecutor(10) as watching:
        found = list(watching.map(lambda _: live._once(("all", 1, 2), payload), range(20)))

    assert made == ["event"]
    assert set(found) == {'{"rows": [], "count": 1}'}
