"""nginx twice: as the upstream that answers from memory, and as the contender that only passes on."""

import os
import shutil
from pathlib import Path

from tests.bench.payloads import unary_answer

SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
SHARED = """\
{user}daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections {connections}; multi_accept on; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 600s;
  keepalive_requests 100000000;
  client_max_body_size 64m;
  {bodies}
  client_body_temp_path {folder}/client;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{rest}
}}
"""

# The mirror makes nginx read the whole request before it answers, as a model server does; a POST on a file gives 405, which becomes the answer.
UPSTREAM = """\
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    root {folder}/root;
    location / {{ mirror /dropped; error_page 405 =200 @answer; }}
    location = /dropped {{ internal; return 204; }}
    location @answer {{ default_type application/json; return 200 '{answer}'; }}
  }}"""

PROXY = """\
  upstream unary {{ server 127.0.0.1:{unary}; keepalive 512; keepalive_requests 100000000; }}
  upstream stream {{ server 127.0.0.1:{stream}; keepalive 512; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_read_timeout 600s;
    location /unary/ {{ proxy_pass http://unary/; }}
    location /stream/ {{ proxy_pass http://stream/; proxy_buffering off; }}
  }}"""


IN_MEMORY = "client_body_buffer_size 1m;"
BY_DEFAULT = ""


def command() -> str | None:
    """Where nginx is, or None."""
    return shutil.which("nginx", path=SEARCH)


def upstream_argv(folder: Path, port: int, files: int) -> list[str]:
    """Writes the upstream's configuration below `folder`."""
    answered = folder / "root/v1/chat/completions"
    answered.parent.mkdir(parents=True)
    answered.touch()
    answer = unary_answer().decode()
    assert not {"'", "$", "\\"} & set(answer)
    return _argv(folder, files, UPSTREAM.format(port=port, folder=folder, answer=answer), IN_MEMORY)


def proxy_argv(folder: Path, port: int, upstreams: tuple[int, int], files: int, bodies: str = IN_MEMORY) -> list[str]:
    """Writes the proxy's configuration below `folder`; `upstreams` are the ports for unary and for streamed requests.

    `BY_DEFAULT`, nginx keeps 16 KB of a request's body in memory and writes a longer one to a file first.
    """
    return _argv(folder, files, PROXY.format(port=port, unary=upstreams[0], stream=upstreams[1]), bodies)


def _argv(folder: Path, files: int, rest: str, bodies: str) -> list[str]:
    user = "user root;\n" if os.geteuid() == 0 else ""
    text = SHARED.format(user=user, files=files, connections=files - 100, folder=folder, rest=rest, bodies=bodies)
    (folder / "nginx.conf").write_text(text)
    return [command() or "nginx", "-c", str(folder / "nginx.conf"), "-e", "stderr"]
