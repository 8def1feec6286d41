"""The server's public address, kept up to date while the console runs, and told to the terminal."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from time import sleep

from scim.operate.tunnels import AGENT, Tunnel, Use, announcement, ask_ngrok, passed, uses
from scim.printing import printable
from scim.protocol.values import date_time
from scim.settings import Settings
from scim.storage.recordings import Recordings

PAUSE = 3.0  # seconds between two looks
AT_FIRST = 500  # recorded exchanges in which earlier addresses are looked for
THEN = 100


class Tunnels:
    """The tunnel to the server: ``current`` is None while none is known.

    ``stale`` names the providers whose last request came through another one, since they still
    have its address.
    """

    def __init__(self, settings: Settings, recordings: Recordings, agent: str = AGENT) -> None:
        self.current: Tunnel | None = None
        self.stale: Sequence[Use] = ()
        self._settings = settings
        self._recordings = recordings
        self._agent = agent
        self._asked: Tunnel | None = None  # the tunnel of ngrok's agent
        self._seen: Tunnel | None = None  # the one of the newest request since the start
        self._since = date_time(datetime.now(UTC))  # when ``current`` became known
        self._uses: dict[str, Use] = {}
        self._last = -1  # the newest exchange that was looked at

    def watch(self) -> None:
        """Look again and again, and tell the terminal of each change."""
        while True:
            try:
                for line in self.look():
                    self._tell(line)
            except Exception as error:  # the database is away for a while
                logging.getLogger("scim").debug("tunnels: %r", error)
            sleep(PAUSE)

    def look(self) -> list[str]:
        """Find the tunnel; return the lines that tell of a change."""
        before, asked = self.current, ask_ngrok(self._agent, self._settings)
        if self._asked and not asked and self._seen == self._asked:
            self._seen = None  # the agent has ended, and its tunnel with it
        self._asked = asked
        self._read()
        self.current = asked or self._seen
        if self.current != before:
            self._since = date_time(datetime.now(UTC))
        self.stale = [each for each in self._uses.values() if self._is_stale(each)]
        if self.current == before:
            return []
        path = self._settings.base_path
        return list(announcement(self.current, before, self.stale, path))

    def _read(self) -> None:
        """Look at what was recorded since the last look."""
        last = self._recordings.last()
        if last == self._last:
            return
        newest = self._recordings.before(None, AT_FIRST if self._last < 0 else THEN)
        started = self._since if self._last < 0 else ""
        new = [each for each in newest if each.number > self._last and each.at >= started]
        came = next((tunnel for each in new if (tunnel := passed(each))), None)
        self._seen = came or self._seen
        self._uses |= {each.provider: each for each in uses(newest)}
        self._last = last

    def _is_stale(self, use: Use) -> bool:
        current = self.current
        return current is not None and use.origin != current.origin and use.at < self._since

    def _tell(self, line: str) -> None:
        if self._settings.log_format == "json":
            logging.getLogger("scim").info("%s", line)
        else:
            print(printable(line), flush=True)
