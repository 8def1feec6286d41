"""The requests as a Postman collection, format v2.1."""

import json
from typing import Any

from .description import EACH, NO_BODY, VARIABLE, Description, Expectation, Folder, Request

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
ID = "5c1a7e3e-0000-4000-8000-764300007644"
VARIABLES = {"baseUrl": "http://localhost:5000/scim/v2", "token": "123456789", "run": ""}
# A new part of all names for each run; the last request clears it.
NEW_RUN = [
    'if (!pm.collectionVariables.get("run")) {',
    '    pm.collectionVariables.set("run", pm.variables.replaceIn("{{$guid}}"));',
    "}",
]
END_RUN = 'pm.collectionVariables.set("run", "");'


def render(description: Description) -> str:
    """Return the text of the collection."""
    return json.dumps(collection(description), indent=2, ensure_ascii=False) + "\n"


def collection(description: Description) -> dict[str, Any]:
    folders = [_folder(folder) for folder in description.folders]
    folders[-1]["item"][-1]["event"][0]["script"]["exec"].append(END_RUN)
    return {
        "info": {
            "_postman_id": ID,
            "name": description.name,
            "description": description.about,
            "schema": FORMAT,
        },
        "auth": _bearer("{{token}}"),
        "event": [_script("prerequest", NEW_RUN)],
        "variable": [{"key": key, "value": value} for key, value in VARIABLES.items()],
        "item": folders,
    }


def _folder(folder: Folder) -> dict[str, Any]:
    items = [_item(request) for request in folder.requests]
    return {"name": folder.name, "description": folder.about, "item": items}


def _item(request: Request) -> dict[str, Any]:
    content = {
        "mode": "raw",
        "raw": json.dumps(request.body, indent=2, ensure_ascii=False),
        "options": {"raw": {"language": "json"}},
    }
    return {
        "name": request.name,
        "event": [_script("test", [*_tests(request), *_keeping(request)])],
        "request": {
            "description": request.about,
            **({"auth": _bearer(request.token)} if request.token else {}),
            "method": request.method,
            "header": [{"key": key, "value": value} for key, value in request.all_headers.items()],
            **({} if request.body is None else {"body": content}),
            "url": _url(request),
        },
    }


def _url(request: Request) -> dict[str, Any]:
    host, *path = request.url.split("/")
    query = "&".join(f"{key}={value}" for key, value in request.query.items())
    asked = [{"key": key, "value": value} for key, value in request.query.items()]
    return {
        "raw": f"{request.url}?{query}" if query else request.url,
        "host": [host],
        **({"path": path} if path else {}),
        **({"query": asked} if asked else {}),
    }


def _bearer(token: str) -> dict[str, Any]:
    return {"type": "bearer", "bearer": [{"key": "token", "value": token, "type": "string"}]}


def _script(event: str, lines: list[str]) -> dict[str, Any]:
    return {"listen": event, "script": {"type": "text/javascript", "exec": lines}}


def _tests(request: Request) -> list[str]:
    lines = [_test(f"status is {request.status}", f"pm.response.to.have.status({request.status})")]
    lines += [
        _test(f"header {name} is there", f'pm.response.to.have.header("{name}")')
        for name in request.answer_headers
    ]
    if request.status in NO_BODY:
        return [*lines, _test("there is no body", 'pm.expect(pm.response.text()).to.equal("")')]
    media_type = (
        'pm.expect(pm.response.headers.get("Content-Type")).to.include("application/scim+json")'
    )
    return [
        *lines,
        _test("the answer is SCIM", media_type),
        "const answer = pm.response.json();",
        *(_test(str(expectation), _assertion(expectation)) for expectation in request.expectations),
    ]


def _test(name: str, assertion: str) -> str:
    return f"pm.test({json.dumps(name)}, () => {assertion});"


def _assertion(expectation: Expectation) -> str:
    actual = f"pm.expect({_access(expectation.steps)})"
    value = expectation.value
    if value is None:
        return f"{actual}.to.not.exist"
    if value == "*":
        return f"{actual}.to.be.ok"
    if expectation.at_least:
        return f"{actual}.to.be.at.least({value})"
    if isinstance(value, list):
        return f"{actual}.to.have.members([{', '.join(map(_literal, value))}])"
    return f"{actual}.to.equal({_literal(value)})"


def _literal(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return f"pm.variables.replaceIn({text})" if VARIABLE.search(text) else text


def _access(steps: tuple[str | int, ...], origin: str = "answer") -> str:
    """Return the JavaScript for the value at the steps, ``undefined`` if it is not there."""
    for number, step in enumerate(steps):
        if step == EACH:
            return f"{origin}?.map((each) => {_access(steps[number + 1 :], 'each')})"
        is_name = isinstance(step, str) and ":" not in step
        origin += f"?.{step}" if is_name else f"?.[{json.dumps(step)}]"
    return origin


def _keeping(request: Request) -> list[str]:
    return [
        f'pm.collectionVariables.set("{name}", {_origin(source)});'
        for name, source in request.keep.items()
    ]


def _origin(source: str) -> str:
    if source.startswith("$."):
        return _access(Expectation(source.removeprefix("$."), None).steps)
    return f'pm.response.headers.get("{source}")'
