"""``export`` and ``import``: tenants as JSON Lines, from one database to another."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import click
from flask.cli import with_appcontext

from scim.operate.moving.exporting import Export, UnfinishedError
from scim.operate.moving.importing import Import, ImportRefusedError
from scim.operate.moving.lines import Header, LineError, read_header, read_lines
from scim.printing import printable
from scim.storage.moving.snapshot import Snapshot
from scim.storage.tokens import Tenant, list_tenants

from .common import find, say, service

NEW, MODE = os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
BUFFER = 2**16
STOPPED = (
    "Stopped behind line {}. Give the same export again to go on there; "
    "until then the tenant is paused."
)
AT_ONCE = 1000  # lines, until the progress bar moves


@click.command("export")
@click.option("--tenant", "names", multiple=True, help="a tenant, or several  [default: all]")
@click.option("--history", is_flag=True, help="with all changes and their audit")
@click.option(
    "--output", type=click.Path(dir_okay=False), help="a new file  [default: standard output]"
)
@with_appcontext
def export_tenants(names: Sequence[str], history: bool, output: str | None) -> None:
    """Write tenants as JSON Lines, which `import` reads.

    The lines have everything: users, groups, members, trash, choices, and the digests of passwords
    and tokens. Keep them as secret as the database. They show one moment; the server may run.
    """
    opened = service()
    tenants: Sequence[Tenant] = [find(name) for name in set(names)]
    tenants = tenants or opened.database.read(list_tenants)
    with _destination(output) as file, opened.database.snapshot() as connection:
        try:
            export = Export(Snapshot(connection), opened.definitions, tenants, history)
        except UnfinishedError as error:
            raise click.ClickException(printable(str(error))) from None
        with _progress("Exporting", export.header, not _is_pipe(file)) as advance:
            for line in export.lines():
                file.write(line)
                advance(1)
        file.flush()
    click.echo(f"Exported {export.header.lines} lines.", err=True)


@contextmanager
def _destination(output: str | None) -> Iterator[BinaryIO]:
    """Yield standard output, or a new file for its owner alone; a failure removes it."""
    try:
        number = 1 if output is None else os.open(output, NEW, MODE)
    except OSError as error:
        reason = f"{output!r}: {error.strerror}"
        raise click.BadParameter(reason, param_hint="--output") from None
    try:
        with open(number, "wb", BUFFER, closefd=output is not None) as file:
            yield file
    except BaseException as error:
        if output is not None:
            os.unlink(output)
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            said = f"the export cannot be written: {error.strerror}"
            raise click.ClickException(said) from None
        raise


def _is_pipe(file: BinaryIO) -> bool:
    """Tell whether another command reads: that one shows the progress of both."""
    return stat.S_ISFIFO(os.fstat(file.fileno()).st_mode)


@contextmanager
def _progress(label: str, header: Header, is_shown: bool = True) -> Iterator[Callable[[int], None]]:
    """Show the progress on a terminal; yield a function that is told of lines."""
    is_hidden = not (is_shown and sys.stderr.isatty())
    with click.progressbar(
        length=header.lines,
        label=label,
        file=sys.stderr,
        hidden=is_hidden,
        update_min_steps=AT_ONCE,
    ) as bar:
        yield bar.update


@click.command("import")
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--as", "name", help="the name that the tenant gets; if the export has one only")
@with_appcontext
def import_tenants(file: BinaryIO, name: str | None) -> None:
    """Read tenants from FILE, or from standard input.

    Each of them must be empty here, or new. If an import is ended, give it again: it goes on where
    it stopped. Import only what you trust: it decides who has which password and token.
    """
    try:
        if file.seekable():
            _check(file)
        _import(file, name)
    except (LineError, ImportRefusedError) as error:
        raise click.ClickException(printable(str(error))) from None


def _check(file: BinaryIO) -> None:
    """Read a file to its end, so that nothing of one that is not whole is stored."""
    lines = read_lines(file)
    with _progress("Checking", read_header(next(lines))) as advance:
        for _ in lines:
            advance(1)
    file.seek(0)


def _import(file: BinaryIO, name: str | None) -> None:
    opened = service()
    lines = read_lines(file)
    header = read_header(next(lines))
    if name is not None and len(header.tenants) != 1:
        raise click.UsageError(f"--as is for one tenant; the export has {len(header.tenants)}")
    with _progress("Importing", header) as advance:
        names = header.tenants if name is None else [name]
        arriving = Import(opened.database, header, lines, names, advance)
        arriving.check(opened.definitions)
        try:
            for sentence in arriving.run():
                say(sentence)
        except BaseException:
            if arriving.reached:
                click.echo(STOPPED.format(arriving.reached), err=True)
            raise
