"""A process that has imported all that commands need, and forks for each; ``run`` asks it.

``python -m tests.support.commands`` takes a command a line, as JSON: its arguments, its environment
and the files for its output. It answers with the exit status. A command starts so within 10 ms of a
processor instead of a second.
"""

import gc
import json
import os
import runpy
import signal
import sys
from typing import NoReturn

SECONDS = 60  # until a command is ended


def become(arguments: list[str], environment: dict[str, str], files: list[str]) -> None:
    """Set up a forked process as a shell would, without input."""
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate([os.devnull, *files]):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    sys.argv = arguments
    signal.alarm(SECONDS)


def perform() -> NoReturn:
    """Run the command; end at once, as Python would take longer to tidy up than most commands."""
    status = None
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        status = ended.code
    if isinstance(status, str):
        print(status, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if isinstance(status, str) else status or 0)


def main() -> None:
    import manage  # noqa: F401, PLC0415 - and with it Flask and SQLAlchemy

    gc.freeze()  # a collection would copy the memory that both processes share
    while order := sys.stdin.readline():
        if child := os.fork():
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        else:
            become(*json.loads(order))
            perform()


if __name__ == "__main__":
    main()
