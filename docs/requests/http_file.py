"""The requests as an ``.http`` file, in the syntax that REST Client and JetBrains IDEs share.

They differ in keeping a part of an answer. REST Client has ``{{name.response.body...}}``. JetBrains
has scripts, which REST Client would send as text. So the file uses the former for each variable.
"""

import json
import re
import textwrap
from urllib.parse import quote

from .description import VARIABLE, Description, Folder, Request

READABLE = "@:,/.*"  # characters that a query need not encode (RFC 3986 §3.4)
HEAD = """\
# {name}
#
# {about}
# In VS Code (REST Client): click "Send Request", from top to bottom.
# In a JetBrains IDE: likewise. Where a variable below names a response, write the value of that
# response there yourself, for example an id.

@baseUrl = http://localhost:5000/scim/v2
@token = 123456789

# A part of all names. Choose another text if an earlier run stopped half-way.
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
    """Return a value encoded for a URL; variables stay."""
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
