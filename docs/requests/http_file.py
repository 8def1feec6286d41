"""The requests as an ``.http`` file, in what VS Code's REST Client and JetBrains IDEs share.

They do not share a way to keep a part of an answer: REST Client has ``{{name.response.body...}}``,
JetBrains has scripts that REST Client would send. So the former is used, once for each variable.
"""

import json
import re
import textwrap
from urllib.parse import quote

from .description import VARIABLE, Description, Folder, Request

READABLE = "@:,/.*"  # what a query may contain as it is (RFC 3986 §3.4)
HEAD = """\
# {name}
#
# {about}
# In VS Code (REST Client): click "Send Request", from top to bottom.
# In a JetBrains IDE: likewise; but where a variable below names a response, write its value there
# yourself once you have got that response, an id for example.

@baseUrl = http://localhost:5000/scim/v2
@token = 123456789

# Part of the names. Choose another one if an earlier run was left half-way.
@run = http

{kept}"""


def render(description: Description) -> str:
    """Return the text of the file."""
    kept = [_variable(request, name) for request in description.requests for name in request.keep]
    head = HEAD.format(
        name=description.name, about=_comment(description.about).lstrip("# "), kept="\n".join(kept)
    )
    return "\n\n".join([head, *map(_folder, description.folders)]) + "\n"


def _variable(request: Request, name: str) -> str:
    source = request.keep[name]
    part = f"body.{source}" if source.startswith("$.") else f"headers.{source}"
    return f"@{name} = {{{{{_name(request)}.response.{part}}}}}"


def _name(request: Request) -> str:
    """Return the name of a request as one word."""
    words: list[str] = re.findall(r"\w+", request.name)
    first, *others = words
    return first.lower() + "".join(word.capitalize() for word in others)


def _folder(folder: Folder) -> str:
    first, *others = map(_request, folder.requests)
    title, _, rest = first.partition("\n")
    about = _comment(f"{folder.name}. {folder.about}")
    return "\n\n".join(["\n".join([title, about, "#", rest]), *others])


def _request(request: Request) -> str:
    lines = [f"### {request.name}", _comment(request.about)]
    lines += [f"# {key}: {value}" for key, value in request.query.items() if _quoted(value)]
    lines += [f"# @name {_name(request)}"] if request.keep else []
    lines += [f"{request.method} {request.url}{_query(request)}"]
    lines += [f"Authorization: Bearer {request.token or '{{token}}'}"]
    lines += [f"{key}: {value}" for key, value in request.all_headers.items()]
    if request.body is not None:
        lines += ["", json.dumps(request.body, indent=2, ensure_ascii=False)]
    return "\n".join(lines)


def _query(request: Request) -> str:
    pairs = [f"{key}={_encoded(value)}" for key, value in request.query.items()]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _encoded(value: str) -> str:
    """Return a value as a URL has it, its variables as they are."""
    texts = VARIABLE.split(value)  # every second one is the name of a variable
    for number, text in enumerate(texts):
        texts[number] = f"{{{{{text}}}}}" if number % 2 else quote(text, safe=READABLE)
    return "".join(texts)


def _quoted(value: str) -> bool:
    return _encoded(value) != value


def _comment(text: str) -> str:
    return textwrap.fill(
        text, 98, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )
