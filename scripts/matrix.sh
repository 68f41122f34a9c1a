#!/bin/sh
# Runs the tests under every Python from 3.11 to 3.13 that is found, each in its own environment.
set -eu

find_python() {
    for candidate in "python$1" "$HOME"/.pyenv/versions/"$1".*/bin/python; do
        if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}

failed=''
for version in 3.11 3.12 3.13; do
    python=$(find_python "$version")
    if [ -z "$python" ]; then
        echo "Python $version: not found, left out"
        continue
    fi
    echo "Python $version: $python"
    PYTHON=$python scripts/venv.sh ".venv-$version" dev
    # shellcheck disable=SC2086  # flags are words
    ".venv-$version/bin/python" -m pytest -q ${PYTEST_FLAGS:-} || failed="$failed $version"
done
if [ -n "$failed" ]; then
    echo "failed under Python$failed"
    exit 1
fi
