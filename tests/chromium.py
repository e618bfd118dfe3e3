"""``python -m tests.chromium``: see that the browser tests have a Chromium, and install one where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def installed() -> str:
    """The path of a Chromium: the one that ``CHAT33_CHROMIUM`` names, the system's, playwright's; empty if none."""
    for name in (os.environ.get("CHAT33_CHROMIUM", ""), *NAMES):
        if name and (found := shutil.which(name)):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else ""


def install() -> None:
    """Install Debian's where we may, else playwright's own; both say what they do."""
    if os.getuid() == 0 and shutil.which("apt-get"):
        print("No Chromium found for the browser tests: installing Debian's by apt-get …", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (("update",), ("install", "--yes", "--no-install-recommends", "chromium")):
            subprocess.run(["apt-get", "-qq", *command], env=environment, check=False)
        if installed():
            return
    print("No Chromium found for the browser tests: installing playwright's own …", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    """Exit with one line that says what to do if there is still none."""
    if installed():
        return
    install()
    if not installed():
        sys.exit("No Chromium could be installed: install one, or set CHAT33_CHROMIUM to its path, and try again.")


if __name__ == "__main__":
    main()
