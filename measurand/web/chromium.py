"""The machine's Chromium: finding it, how it is started, counting and ending what is left of it."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

from measurand.doctor import BROWSERS
from measurand.errors import CapabilityError
from measurand.web.server import HOST

MARK = "--measurand-browser="
"""Argument that marks our browsers among the processes of a machine."""
FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--font-render-hinting=none",
    "--disable-lcd-text",
    # What a browser asks for by itself goes to the server of the site too, and finds nothing.
    f"--gaia-url=http://{HOST}",
    f"--component-updater=url-source=http://{HOST}/none",
    # The last list counts: Playwright's own, and the one that would send every form away.
    "--disable-features=AutofillServerCommunication,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,"
    "MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch",
)
"""How every browser is started."""
_MAKER = ("google.com", "googleapis.com", "gvt1.com", "gvt2.com", "gstatic.com")


def executable() -> Path:
    """The machine's Chromium.

    Raises:
        CapabilityError: code ``missing_browser``: there is none, or Playwright is not installed.
    """
    import importlib.util

    if importlib.util.find_spec("playwright") is None:
        raise CapabilityError(
            "web episodes need the package playwright",
            hint="pip install 'measurand[web]'",
            code="missing_browser",
        )
    for name in BROWSERS:
        if found := shutil.which(name):
            return Path(found)
    raise CapabilityError(
        "web episodes need a Chromium, and none is on the search path",
        hint="apt-get install chromium fonts-dejavu-core",
        code="missing_browser",
    )


def own_business(refused: str) -> bool:
    """Whether a refused request is one that a browser makes by itself, to its maker."""
    host = (urlsplit(refused.split(" ", 1)[1]).hostname or refused.split(" ", 1)[1]).split(":")[0]
    return any(host == name or host.endswith(f".{name}") for name in _MAKER)


def processes(token: str = "") -> list[int]:
    """Ids of running browsers whose mark begins so: of an owner, of a run, or of all."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(f"{MARK}{token}".encode()) for word in words):
            found.append(int(folder.name))
    return sorted(found)


def left_over(token: str, seconds: float = 5.0) -> int:
    """How many browsers of an owner or a run still run after waiting for them; they are ended."""
    end = time.monotonic() + seconds
    while (left := processes(token)) and time.monotonic() < end:
        time.sleep(0.1)
    for pid in left:
        _end(pid)
    return len(left)


def kill(token: str) -> None:
    """End browsers whose mark begins so, without asking them."""
    for pid in processes(token):
        _end(pid)


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
