"""Exchanges for tests: made by hand, or from the recorded traffic of identity providers."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scim.explain.exchange import Exchange, Message

RECORDINGS = sorted((Path(__file__).parents[1] / "traffic" / "recordings").glob("*.json"))
PROVIDERS = {
    "authentik": "authentik",
    "entra": "Entra ID",
    "google": "Google",
    "jumpcloud": "JumpCloud",
    "okta": "Okta",
    "onelogin": "OneLogin",
}
VARIABLE = re.compile(r"\{\{(\w+)}}")


def exchange(
    method: str,
    path: str,
    sent: Any = None,
    status: int = 200,
    answered: Any = None,
    **others: Any,
) -> Exchange:
    """Return an exchange of Okta's; a path has its query, a body is JSON or a text."""
    path, _, query = path.partition("?")
    told = answered if isinstance(answered, Mapping) else {}
    made = Exchange(
        id="7f3c",
        at="2026-11-29T10:42:07.000000Z",
        milliseconds=3.0,
        method=method,
        base="/scim/v2",
        path=path,
        query=query,
        status=status,
        request=message(sent, [("Authorization", "Bearer 1234…")]),
        answer=message(answered),
        provider="Okta",
        tenant="acme",
        token="okta",
        detail=str(told.get("detail", "")) if status >= 400 else "",
    )
    return replace(made, **others)


def message(body: Any, headers: Any = ()) -> Message:
    text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    return Message(headers=headers, body=text, size=len(text.encode(errors="replace")))


def recorded(recording: Path) -> Iterator[tuple[str, Exchange]]:
    """Yield the steps of a recording as exchanges, a second apart, each with its name."""
    traffic = json.loads(VARIABLE.sub(r"id-of-\1", recording.read_text(encoding="utf-8")))
    saved: dict[str, Any] = {}
    provider = PROVIDERS[recording.stem.partition("_")[0]]
    for number, step in enumerate(traffic["steps"], start=1):
        request, expect = step["request"], step["expect"]
        body = request.get("body")
        if "base" in request:
            body = saved[request["base"]] | body
        answered = expect.get("body")
        if "save" in step:
            saved[step["save"]] = answered
        yield (
            step["name"],
            exchange(
                request["method"],
                request["path"],
                body,
                expect.get("status", 200),
                answered,
                number=number,
                at=f"2026-11-29T10:{number // 60:02}:{number % 60:02}.000000Z",
                provider=provider,
                token=provider.lower(),
                tolerated=("created_value_path",) if "where there is none" in step["name"] else (),
            ),
        )
