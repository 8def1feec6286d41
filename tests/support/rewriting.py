"""The workers of pytest-xdist share the work that pytest has with the assertions of the tests.

pytest rewrites each file of tests that has no rewritten copy yet, and keeps the copy. The workers
all read the same files in the same order: at the first run, each would rewrite them all, for eight
seconds. pytest has no public way to rewrite a file without importing it.
"""

from pathlib import Path

import pytest
from _pytest.assertion import rewrite

TESTS = Path(__file__).parents[1]


def rewrite_share(config: pytest.Config) -> None:
    """Rewrite the part of the tests that falls to this worker; the others do the rest."""
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return
    number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for path in sorted(TESTS.rglob("test_*.py"))[number::count]:
        folder = rewrite.get_cache_dir(path)
        kept = folder / f"{path.stem}{rewrite.PYC_TAIL}"
        if rewrite.try_makedirs(folder) and not rewrite._read_pyc(path, kept):
            source, code = rewrite._rewrite_test(path, config)
            rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source, kept)
