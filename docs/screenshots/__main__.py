"""``python -m docs.screenshots`` takes a screenshot of every page, in light and in dark.

It needs Debian's package ``chromium``, and takes about a minute. With the package ``pngquant`` the
files are half as large.
"""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.console.conftest import CHROMIUM, QUIET, Console, opened
from tests.support.ports import free_port
from tests.support.server import run, running_server

from .pages import PHONE, TALL, THEMES, WHOLE, WIDE, files, paths
from .story import play

HERE = Path(__file__).parent
SETTLED = 700  # milliseconds until a page has drawn what it loads by itself
PAUSE = 2  # seconds between the parts of the story, which a timeline shows
RECORDED = 1.5  # seconds until the last exchanges are recorded


def main() -> None:
    """Play the story on a server of its own, and take the screenshots."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        place = {"SCIM_DATABASE_URL": f"sqlite:///{folder}/scim.db", "SCIM_CONSOLE": "on"}
        run("manage.py", "db", "upgrade", DATABASE_URL=place["SCIM_DATABASE_URL"])
        place |= {"SCIM_PORT": str(port(5000)), "SCIM_CONSOLE_PORT": str(port(5050))}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        with running_server(Path(folder, "log"), **place) as server, opened(server) as console:
            console.post("/exchanges/clear")
            ids = play(server.url, server.token, PAUSE)
            time.sleep(RECORDED)
            found = paths(console, ids)
            for theme in THEMES:
                photograph(browser, console, found, theme, WIDE)
                phone = {f"{name}-phone": found[name] for name in PHONE}
                photograph(browser, console, phone, theme, TALL)
        browser.close()
    if pngquant := shutil.which("pngquant"):
        made = [str(HERE / name) for name in files()]
        subprocess.run(
            [pngquant, "--force", "--ext=.png", "--strip", "--speed=1", *made], check=True
        )


def port(usual: int) -> int:
    """Return the usual port, so that pages say the same each time, or a free one."""
    with socket.socket() as probe:
        return usual if probe.connect_ex(("127.0.0.1", usual)) else free_port()


def photograph(
    browser: Browser, console: Console, found: dict[str, str], theme: Any, size: tuple[int, int]
) -> None:
    """Take a screenshot of each page, by its name."""
    context = browser.new_context(
        base_url=console.url,
        color_scheme=theme,
        timezone_id="UTC",
        viewport={"width": size[0], "height": size[1]},
    )
    page = context.new_page()
    page.goto(console.link.replace(console.url_shown, console.url))
    for name, path in found.items():
        answer = page.goto(path)
        if not answer or not answer.ok:
            raise SystemExit(f"{path} does not answer")
        page.wait_for_timeout(SETTLED)
        place = HERE / f"{name}-{theme}.png"
        page.screenshot(path=place, animations="disabled", full_page=name in WHOLE)
    context.close()


if __name__ == "__main__":
    main()
