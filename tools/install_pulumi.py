"""`make pulumi`: Pulumi's own installer, into a folder of this project."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

INSTALLER = "https://get.pulumi.com"
FOLDER = Path(__file__).resolve().parent.parent / ".pulumi-cli"
SCRIPT_SECONDS = 15
DOWNLOAD_SECONDS = 300
"""The archive has some 150 MB: five minutes are enough at 4 Mbit/s."""


def main() -> None:
    """Install, or say why not; exits with 1 then."""
    parser = argparse.ArgumentParser(description="Install the Pulumi CLI into this project's folder.")
    parser.add_argument("--installer", default=INSTALLER, help=f"where the installer is (default: {INSTALLER})")
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder (default: .pulumi-cli in this project)")
    parser.add_argument("--seconds", type=float, default=DOWNLOAD_SECONDS, help="how long to wait (default: 300)")
    arguments = parser.parse_args()
    script = _fetched(arguments.installer)
    _run(script, arguments.into, arguments.seconds)
    print(f"{arguments.into / 'bin' / 'pulumi'} is installed; `make demo` and `make test` use it.")


def _fetched(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=SCRIPT_SECONDS) as answer:  # noqa: S310 - the URL is the caller's own
            content: bytes = answer.read()
            return content
    except (urllib.error.URLError, OSError) as error:
        _give_up(f"{url} cannot be reached: {getattr(error, 'reason', error)}")


def _run(script: bytes, folder: Path, seconds: float) -> None:
    """Run the installer in a group of its own, so that a time-out ends its downloads too."""
    # The CLI that belongs to the SDK in use.
    options = ["--install-root", str(folder), "--no-edit-path", "--version", version("pulumi")]
    process = subprocess.Popen(["/bin/sh", "-s", "--", *options], stdin=subprocess.PIPE, start_new_session=True)
    try:
        process.communicate(script, timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _give_up(f"the installer did not end within {seconds:g} s")
    if process.returncode or not (folder / "bin" / "pulumi").exists():
        _give_up(f"the installer ended with exit code {process.returncode} and no pulumi in {folder / 'bin'}")


def _give_up(why: str) -> NoReturn:
    sys.exit(
        f"The Pulumi CLI was not installed: {why}.\n"
        "Everything but the real engine works without it: `make demo` rehearses, `make test` skips its tests.\n"
        "Put a `pulumi` on PATH by other means, or try `make pulumi` again where the network allows it."
    )


if __name__ == "__main__":
    main()
