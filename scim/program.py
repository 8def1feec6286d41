"""What people type: the server's own program, or that of an application that has it inside."""

import click

OURS = "python manage.py"
PROGRAM = "scim.program"  # of a command's context: what to type in place of OURS
PREFIX = "scim.prefix"  # likewise: where the application has the server


def as_typed(text: str) -> str:
    """Return a text with commands as they are typed where the command was."""
    context = click.get_current_context(silent=True)
    return text.replace(OURS, context.meta.get(PROGRAM, OURS)) if context else text


def prefix() -> str:
    """Return the path below which an application has the server inside; empty without one."""
    return str(click.get_current_context().meta.get(PREFIX, ""))
