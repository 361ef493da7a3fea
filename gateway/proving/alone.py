"""A program of its own: imports one detector and makes it, denied every connection and every other program. Tells who was asked for.

Nothing is imported above the denial that a plugin could have wanted to import.
"""

import json
import sys
from importlib import import_module
from typing import Any

_DENIED = (
    "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo", "socket.sendto",
    "socket.sendmsg", "urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect", "subprocess.Popen", "os.system",
    "os.exec", "os.posix_spawn", "os.fork", "os.forkpty",
)  # fmt: skip


def main() -> None:
    asked: dict[str, Any] = json.load(sys.stdin)
    sys.path[:] = asked["path"]
    tried: list[str] = []

    def deny(event: str, _args: object) -> None:
        if event in _DENIED:
            tried.append(event)
            raise PermissionError(event)

    sys.addaudithook(deny)
    told: dict[str, list[str]] = {}
    try:
        struct: Any = import_module(asked["module"])
        for name in asked["name"].split("."):
            struct = getattr(struct, name)
    except PermissionError:
        struct = None
    told["import"] = sorted(set(tried))
    tried.clear()
    if struct is not None:
        _make(struct, asked["fields"])
    told["making"] = sorted(set(tried))
    sys.stdout.write(f"\n{json.dumps(told)}\n")
    sys.stdout.flush()


def _make(struct: Any, fields: Any) -> None:
    reading = import_module("gateway.config.reading")
    try:
        detector = reading.converted(fields, struct)
        for name in ("patterns", "check"):
            if hasattr(detector, name):
                getattr(detector, name)()
    except Exception:  # noqa: BLE001, S110 - what is denied fails, however that is wrapped; other promises tell what else does
        pass


if __name__ == "__main__":
    main()
