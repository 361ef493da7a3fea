"""Python code run in a process of its own in which nothing may be asked of the network and nothing written."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

_GUARD: Final = """
import os, sys, tempfile
touched = []
scratch, home = tempfile.gettempdir(), os.environ["HOME"]
ASKS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"}
def is_ours(path):
    return path == "/dev/null" or (path.startswith(scratch) and not path.startswith(home))
def guard(event, arguments):
    if event in ASKS or (event == "socket.bind" and arguments[1] != ("::1", 0)):  # by which urllib3 learns whether there is IPv6
        touched.append(f"{event} {arguments[1:]!r}")
        raise RuntimeError("the network is denied")
    if event == "open":
        path = str(arguments[0])
        if path.endswith(".guardrailsrc") and path != "/nonexistent/.guardrailsrc":
            touched.append(f"open {path}")
        if (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR) and not is_ours(path):
            touched.append(f"write {path}")
    if event in ("os.mkdir", "os.rename", "os.link") and not is_ours(str(arguments[0])) or event == "subprocess.Popen":
        touched.append(f"{event} {arguments!r}")
sys.addaudithook(guard)
"""
_END: Final = """
for line in touched:
    print("TOUCHED", line)
"""


def offline(code: str, home: Path, **environment: str) -> str:
    """What the code prints, and a line `TOUCHED …` for everything that it should not have done."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", _GUARD + code + _END],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
