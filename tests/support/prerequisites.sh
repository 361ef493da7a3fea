#!/bin/sh
# Servers the tests start themselves, from the distribution's packages: `command package`, a line each.
# As root on Debian what is missing is installed; elsewhere it is named.
missing=""
while read -r command package; do
    command -v "$command" >/dev/null 2>&1 || missing="$missing $package"
done <<'LIST'
chromium chromium
redis-server redis-server
pg_ctlcluster postgresql
promtool prometheus
LIST
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing for the tests:$missing"
    # shellcheck disable=SC2086
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing; } >/dev/null || {
        echo "could not install:$missing"
        exit 1
    }
else
    echo "the tests need these packages, which are not installed:$missing"
    exit 1
fi
