"""Two users and a stranger, 10,000 requests at once: who got a byte of another's page.

    python bench/cache/foreign.py

The applications are those of the tests, with every route configured to be kept; what may not be
kept has to be noticed.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from surefoot.testing.privacy import browse
from surefoot.web.responses.installed import hook

ROOT = Path(__file__).resolve().parents[2]
REQUESTS = 10_000


def main() -> int:
    """Returns the exit code: 1 where anybody saw what is not theirs."""
    hook()
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    path = ROOT / "tests" / "web" / "test_response_cache_privacy.py"
    spec = importlib.util.spec_from_file_location("privacy", path)
    assert spec is not None
    assert spec.loader is not None
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    failed = 0
    print(f"{'framework':<10} {'requests':>8} {'kept':>6} {'foreign':>8}")
    for name, case in (("Flask", tests.TestFlask), ("FastAPI", tests.TestFastApi)):
        made = case()
        found = browse(made.application(), made.interface, made.templates, REQUESTS)
        failed += len(found.wrong)
        print(f"{name:<10} {found.requests:>8} {found.kept:>6} {len(found.wrong):>8}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
