"""Make sure that the browser tests have a Chromium: Debian's, installed when this user may."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """The path of a Chromium on this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> None:
    """Install Chromium with apt when it is missing and we are root; else say what to install."""
    if find():
        return
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser tests …")
        quiet = {
            "stdout": subprocess.DEVNULL,
            "check": True,
            "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        }
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], **quiet)
    if not find():
        sys.exit("The browser tests need Chromium. On Debian or Ubuntu: sudo apt install chromium")


if __name__ == "__main__":
    main()
