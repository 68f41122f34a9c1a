"""Bookshops to measure."""

import sys
from pathlib import Path

import pytest

TARGETS = {
    "flask": "flask_bookshop.app:create_app()",
    "fastapi": "fastapi_bookshop.app:create_app()",
    "django": "django_bookshop.wsgi:application",
    "pyramid": "pyramid_bookshop.app:create_app()",
}
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def bookshop(surefoot, services, tmp_path_factory):
    """Measures a bookshop with one fault, briefly."""
    data = tmp_path_factory.getbasetemp() / "bookshop-data"
    data.mkdir(exist_ok=True)

    def measure(example, fault, *words, workload=None):
        surefoot.environ |= services | {"BOOKSHOP_FAULTS": fault, "BOOKSHOP_DATA": str(data)}
        return surefoot(
            "measure",
            TARGETS[example],
            *("--workload", f"workloads/{workload or fault}.toml", "--seconds", "4"),
            *("--python", sys.executable),
            *words,
            cwd=EXAMPLES,
        )

    return measure
