"""Drawings of our own: who talks to whom, and the forms of Okta and Entra ID with every field.

They adapt to light and dark pages.
"""

from collections.abc import Iterator
from html import escape

WIDTH = 640  # pixels
ROW = 58
STYLE = """<style>
text { font: 14px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 12px; fill: #59636e }
.bold { font-weight: 600 }
.page { fill: #ffffff; stroke: #d1d9e0 }
.head, .plain { fill: #f6f8fa; stroke: #d1d9e0 }
.field { fill: #ffffff; stroke: #818b98 }
.ours { fill: #ddf4ff; stroke: #0969da }
.on { fill: #0969da; stroke: #0969da }
.line { fill: none; stroke: #59636e; stroke-width: 1.5 }
.tick { fill: none; stroke: #ffffff; stroke-width: 2 }
.tip { fill: #59636e }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .small { fill: #9198a1 }
.page { fill: #0d1117; stroke: #3d444d }
.head, .plain { fill: #151b23; stroke: #3d444d }
.field { fill: #0d1117; stroke: #656c76 }
.ours { fill: #121d2f; stroke: #4493f8 }
.line { stroke: #9198a1 } .tip { fill: #9198a1 }
}
</style>"""

Form = tuple[str, list[tuple[str, str]]]  # the title, and the label and the value of each field
CHECKED, UNCHECKED, BUTTON, CHOICE = "checked", "unchecked", "button", "choice: "
PUBLIC = "https://abcd.ngrok-free.app/scim/v2"
FORMS: dict[str, Form] = {
    "okta-template": (
        "Okta: Provisioning > Configure API Integration",
        [
            ("Enable API integration", CHECKED),
            ("Base URL", PUBLIC),
            ("API Token", "Bearer 123456789"),
            ("Import Groups", CHECKED),
            ("Test API Credentials", BUTTON),
            ("Save", BUTTON),
        ],
    ),
    "okta-wizard": (
        "Okta: Provisioning > Integration",
        [
            ("SCIM connector base URL", PUBLIC),
            ("Unique identifier field for users", "userName"),
            ("Import New Users and Profile Updates", CHECKED),
            ("Push New Users", CHECKED),
            ("Push Profile Updates", CHECKED),
            ("Push Groups", CHECKED),
            ("Import Groups", CHECKED),
            ("Authentication Mode", f"{CHOICE}HTTP Header"),
            ("Authorization", "123456789"),
            ("Test Connector Configuration", BUTTON),
            ("Save", BUTTON),
        ],
    ),
    "okta-to-app": (
        "Okta: Provisioning > To App",
        [
            ("Create Users", CHECKED),
            ("Update User Attributes", CHECKED),
            ("Deactivate Users", CHECKED),
            ("Sync Password", UNCHECKED),
            ("Save", BUTTON),
        ],
    ),
    "entra": (
        "Entra ID: Provisioning > New configuration",
        [
            ("Authentication method", f"{CHOICE}Bearer authentication"),
            ("Tenant URL", f"{PUBLIC}?aadOptscim062020"),
            ("Secret Token", "123456789"),
            ("Test Connection", BUTTON),
            ("Create", BUTTON),
        ],
    ),
}


def drawings() -> dict[str, str]:
    """Return the SVG of each drawing by its name."""
    return {"overview": draw_overview()} | {name: draw(*form) for name, form in FORMS.items()}


def draw(title: str, fields: list[tuple[str, str]]) -> str:
    """Return an SVG of a form."""
    rows = [each for each in fields if each[1] != BUTTON]
    heights = [30 if value in (CHECKED, UNCHECKED) else ROW for _, value in rows]
    parts: list[str] = []
    top = 56
    for (label, value), height in zip(rows, heights, strict=True):
        parts += _field(label, value, top)
        top += height
    left = 20
    for label, value in fields:
        if value == BUTTON:
            width = 24 + 8 * len(label)
            parts += [_box(left, top, width, 30, "plain"), _text(left + 12, top + 20, label)]
            left += width + 12
    return _svg(
        title,
        top + 46,
        [_box(0.5, 0.5, WIDTH - 1, 40, "head"), _text(20, 26, title, "bold"), *parts],
    )


def _field(label: str, value: str, top: int) -> Iterator[str]:
    if value in (CHECKED, UNCHECKED):
        yield _box(20, top, 16, 16, "on" if value == CHECKED else "field")
        if value == CHECKED:
            yield f'<path class="tick" d="M24 {top + 8} l3 4 l6 -8"/>'
        yield _text(46, top + 13, label)
        return
    yield _text(20, top + 10, label, "small")
    yield _box(20, top + 16, WIDTH - 40, 30, "field")
    yield _text(30, top + 36, value.removeprefix(CHOICE))
    if value.startswith(CHOICE):
        yield f'<path class="line" d="M{WIDTH - 44} {top + 28} l6 6 l6 -6"/>'


def draw_overview() -> str:
    """Return an SVG of who talks to whom."""
    boxes = [
        (20, "Administrator", "hires, moves, leavers", "plain"),
        (240, "Identity provider", "Okta, Entra ID, ...", "plain"),
        (460, "This server", "users and groups", "ours"),
    ]
    parts = []
    for left, name, about, kind in boxes:
        parts += [_box(left, 30, 160, 60, kind), _text(left + 80, 56, name, "bold", "middle")]
        parts.append(_text(left + 80, 76, about, "small", "middle"))
    parts += [_box(460, 150, 160, 60, "plain"), _text(540, 176, "Database", "bold", "middle")]
    parts.append(_text(540, 196, "SQLite or PostgreSQL", "small", "middle"))
    parts += [
        _box(240, 150, 160, 60, "plain"),
        _text(320, 176, "Your application", "bold", "middle"),
    ]
    parts.append(_text(320, 196, "knows who may sign in", "small", "middle"))
    arrows = [(180, 60, 240, 60), (400, 60, 460, 60), (540, 90, 540, 150), (400, 180, 460, 180)]
    parts += [_arrow(*each) for each in arrows]
    parts += [_text(430, 50, "SCIM", "small", "middle"), _text(430, 170, "SQL", "small", "middle")]
    return _svg("Who talks to whom", 240, parts)


def _svg(title: str, height: int, parts: list[str]) -> str:
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    start = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    page = _box(0.5, 0.5, WIDTH - 1, height - 1, "page")
    return "\n".join([start, f"<title>{escape(title)}</title>", STYLE, page, *parts, "</svg>\n"])


def _box(left: float, top: float, width: float, height: float, kind: str) -> str:
    place = f'x="{left}" y="{top}" width="{width}" height="{height}"'
    return f'<rect class="{kind}" {place} rx="{min(6, height / 4):g}"/>'


def _text(left: float, top: float, text: str, kind: str = "", anchor: str = "start") -> str:
    place = f'x="{left}" y="{top}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(text)}</text>'


def _arrow(left: int, top: int, right: int, bottom: int) -> str:
    """Return an arrow to the right or downwards."""
    across = right > left
    tip = "l-8 -5 v10 z" if across else "l-5 -8 h10 z"
    line = (
        f'<path class="line" d="M{left} {top} L{right - 4 * across} {bottom - 4 * (not across)}"/>'
    )
    return f'{line}<path class="tip" d="M{right} {bottom} {tip}"/>'
