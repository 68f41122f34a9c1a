#!/bin/sh
# Runs the tests of the frameworks' adapters with the oldest versions that are supported, and with
# the newest that there are, each in an environment of its own.
set -eu

oldest='Django==4.2.* djangorestframework==3.15.* Flask==2.3.* Werkzeug==2.3.* pyramid==2.0.*
    starlette==0.41.* fastapi==0.115.* tornado==6.4.*'
newest='Django djangorestframework Flask Werkzeug pyramid starlette fastapi tornado'

run() {
    name=$1
    python=$2
    shift 2
    echo "frameworks, $name: $python"
    PYTHON=$python scripts/venv.sh ".venv-$name" dev
    # Not by the constraints: these are the versions that they leave out.
    ".venv-$name/bin/python" -m pip install -q --disable-pip-version-check --upgrade "$@"
    # shellcheck disable=SC2086  # flags are words
    ".venv-$name/bin/python" -m pytest -q -n 2 tests/django tests/pyramid tests/web tests/health \
        ${PYTEST_FLAGS:-}
}

failed=''
# shellcheck disable=SC2086  # one word for each package
run oldest "${OLDEST_PYTHON:-python3.11}" $oldest || failed="$failed oldest"
# shellcheck disable=SC2086
run newest "${NEWEST_PYTHON:-python3}" $newest || failed="$failed newest"
if [ -n "$failed" ]; then
    echo "failed with the$failed frameworks"
    exit 1
fi
