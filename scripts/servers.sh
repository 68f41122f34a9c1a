#!/bin/sh
# Sees to the programs that the tests use: PostgreSQL, MariaDB, Redis, Memcached, NGINX, HAProxy,
# ps, openssl.
#
# Missing ones are installed by apt-get when run as root, or by brew; else they are named and the
# tests that need them are skipped. Nothing that is installed here is started or starts at boot.
# In CI, where a skipped test counts as failed, Chromium comes too: tests look at the report with it;
# and so does what mysqlclient is built with, in an environment of its own.
set -eu

has() {
    command -v "$1" >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1
}

missing() {
    while read -r binary apt brew; do
        has "${binary:-sh}" || eval "echo \$$1"
    done <<END
postgres postgresql postgresql@17
haproxy haproxy haproxy
redis-server redis-server redis
memcached memcached memcached
nginx nginx nginx
mariadbd mariadb-server mariadb
ps procps procps
openssl openssl openssl
${CI:+chromium chromium chromium}
${CI:+mariadb_config libmariadb-dev mariadb-connector-c}
${CI:+cc gcc gcc}
${CI:+python3-config python3-dev python}
END
}

by_apt() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        # 101 is "forbidden": the packages' scripts start no service while this file is there.
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        trap 'rm -f "$policy"' EXIT INT TERM
    fi
    apt-get update -q
    # shellcheck disable=SC2086  # one word for each package
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $1
    if [ -d /run/systemd/system ]; then
        for unit in $1; do
            systemctl disable --quiet "$unit" 2>/dev/null || true
        done
    fi
}

packages=$(missing apt | tr '\n' ' ')
if [ -z "${packages% }" ]; then
    exit 0
fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "installing by apt-get, without starting them: $packages"
    by_apt "$packages"
elif command -v brew >/dev/null; then
    packages=$(missing brew | tr '\n' ' ')
    echo "installing by brew: $packages"
    # shellcheck disable=SC2086
    brew install --quiet $packages
else
    echo "not installed: $packages"
    echo "  the tests that need them are skipped; to run them too, install these packages as root"
fi
