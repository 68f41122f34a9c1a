#!/bin/sh
# Makes a virtual environment with this project and what a purpose needs: scripts/venv.sh DIR GROUP
# GROUP is a dependency group of pyproject.toml. Says what it installs; never asks for sudo.
set -eu

directory=$1
group=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$here"

fits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if fits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer was not found; name one: make PYTHON=/path/to/python3.12" >&2
    exit 1
}

need_venv() {
    if "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        return
    fi
    package=$("$1" -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")')
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "installing $package by apt-get: this Python cannot make virtual environments without it"
        apt-get update -q
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$package"
        return
    fi
    echo "this Python cannot make virtual environments; install the package $package first" >&2
    echo "  on Debian and Ubuntu: apt-get install $package   (as root)" >&2
    exit 1
}

if [ ! -x "$directory/bin/python" ] || ! fits "$directory/bin/python"; then
    python=$(find_python)
    need_venv "$python"
    echo "making the virtual environment $directory with $python"
    "$python" -m venv --clear "$directory"
fi

echo "installing this project and its dependency group '$group' into $directory"
# Dependency groups need pip 25.1 and --build-constraint 25.3: Debian 12 makes environments with 23.
"$directory/bin/python" -m pip install -q --disable-pip-version-check -c constraints.txt 'pip>=25.3'
"$directory/bin/python" -m pip install -q --disable-pip-version-check -c constraints.txt \
    --build-constraint constraints.txt \
    -e '.[tools]' --group "$group"
