"""Text for terminals and logs, where what a client sent must not act: escape sequences, new lines.

A user may be called ``\\x1b[2J`` or have a line break in a name, which would clear the screen or
forge a line.
"""


def printable(text: str) -> str:
    """Return a line with each character that is not visible as an escape: ``\\n``, ``\\u200b``."""
    if text.isprintable():
        return text
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]
