"""Replay of recorded traffic: send each step, say where the answer differs.

A file of ``traffic/`` is ``{"provider": ..., "headers": {...}, "steps": [...]}``. A step has

``name``     what the provider does
``request``  ``method``, ``path``, ``headers`` on top of the file's, and ``body``; with ``base``,
             the name of a saved resource, the body is what changes in it
``save``     variables for later: ``{"user_id": "id"}``, ``{"user_id": "Resources.0.id"}``, or
             ``{"user": ""}`` for the whole body
``expect``   ``status`` (200 if not given) and ``body``, read as ``comparison.py`` says
``then``     reads that show the state after it: ``{"path", "status", "body"}``, or a path alone
             that must show the body just expected

``{{user_id}}`` stands for a saved variable, ``{{url}}`` and ``{{token}}`` for the server's.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from .comparison import compare
from .exchange import send


def replay(server: Any, traffic: dict[str, Any]) -> Iterator[str]:
    """Yield a line for every difference, with the step it belongs to."""
    variables = {"url": server.url, "token": server.token}
    headers = fill(traffic["headers"], variables)
    for step in traffic["steps"]:
        request = fill(step["request"], variables)
        where = f"{step['name']} ({request['method']} {step['request']['path']})"
        for problem in _perform(server, step, request, headers, variables):
            yield f"{where}: {problem}"


def _perform(
    server: Any, step: Any, request: Any, headers: dict[str, str], variables: dict[str, Any]
) -> Iterator[str]:
    body = request.get("body")
    if "base" in request:
        body = {**variables.get(request["base"], {}), **body}
    answer = send(
        server, request["method"], request["path"], headers | request.get("headers", {}), body
    )
    for name, path in step.get("save", {}).items():
        yield from _save(name, path, answer.body, variables)
    expected = fill(step["expect"], variables)
    yield from compare(answer, **expected)
    for read in fill(step.get("then", []), variables):
        state = {"path": read, "body": expected["body"]} if isinstance(read, str) else read
        path = state.pop("path")
        for problem in compare(send(server, "GET", path, headers), **state):
            yield f"then GET {path}: {problem}"


def _save(name: str, path: str, value: Any, variables: dict[str, Any]) -> Iterator[str]:
    try:
        for key in filter(None, path.split(".")):
            value = value[int(key) if isinstance(value, list) else key]
    except (LookupError, TypeError):
        yield f"nothing to save as {name} at {path}"
    else:
        variables[name] = value


def fill(template: Any, variables: dict[str, Any]) -> Any:
    """Put in the values of the variables; one that was never saved stays as it is written."""
    known = {name: json.dumps(str(value))[1:-1] for name, value in variables.items()}
    pattern = re.compile(r"\{\{(\w+)}}")
    return json.loads(
        pattern.sub(lambda found: known.get(found[1], found[0]), json.dumps(template))
    )
