"""Proves that the half which runs in every worker loads nothing but the standard library.

Each module of it is imported in a fresh interpreter, but for those that a framework imports itself;
whatever is loaded then and belongs neither to the standard library nor to Surefoot is named, and
the exit code is 1.
"""

from __future__ import annotations

import subprocess
import sys

IN_APP = ("errors", "units", "core", "config", "ports", "telemetry", "stores", "health", "web")
# Named in the settings of a framework, or imported for an application of its kind: it is there.
BY_ITS_FRAMEWORK = (
    "surefoot.web.django.",
    "surefoot.web.pyramid.include",
    "surefoot.web.tornado.",
    "surefoot.web.compression.tornado",
    "surefoot.web.health.tornado",
)

PROGRAM = """
import sys
by_its_framework = tuple(sys.argv.pop(1).split())
before = set(sys.modules)
import importlib, pkgutil
import surefoot
for name in sys.argv[1:]:
    module = importlib.import_module(f"surefoot.{name}")
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"surefoot.{name}."):
        if not found.name.startswith(by_its_framework):
            importlib.import_module(found.name)
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(len([name for name in sys.modules if name.startswith("surefoot.")]))
# The standard library's own, under another name on each platform; zoneinfo reads it.
own = {"surefoot"} | {name for name in roots if name.startswith("_sysconfigdata_")}
print(*sorted(roots - sys.stdlib_module_names - own))
"""


def main() -> int:
    """Returns the exit code."""
    command = [sys.executable, "-c", PROGRAM, " ".join(BY_ITS_FRAMEWORK), *IN_APP]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if result.returncode:
        print(result.stderr.strip())
        return 1
    count, foreign = result.stdout.split("\n")[:2]
    if foreign:
        print(f"the in-app half loads packages that are not the standard library's: {foreign}")
        return 1
    print(f"the in-app half ({count} modules) loads the standard library only")
    return 0


if __name__ == "__main__":
    sys.exit(main())
