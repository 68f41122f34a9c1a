"""Mail goes later by what the framework has for that, and else by an executor."""

from __future__ import annotations

import dataclasses

import pytest

from diagnosed import case_of, waits
from surefoot.toolbox.levers import background_task


@pytest.mark.parametrize(
    ("framework", "interface", "call"),
    [
        ("fastapi", "asgi", "background_tasks.add_task(send_mail, order)"),
        ("starlette", "asgi", "background_tasks.add_task(send_mail, order)"),
        ("django", "asgi", "executor.submit(send_mail, order)"),
        ("tornado", "tornado", "executor.submit(send_mail, order)"),
        ("flask", "wsgi", "executor.submit(send_mail, order)"),
    ],
)
def test_the_edit_names_what_is_there(framework, interface, call):
    case = case_of(
        cpu=0.002,
        outside=0.060,
        interface=interface,
        uses=[waits("smtp.localhost:25", 0.060)],
        lines=[("shop.py:21", "    send_mail(order)")],
    )
    case = dataclasses.replace(
        case, evidence=dataclasses.replace(case.evidence, framework=framework)
    )
    (step,) = background_task.steps(case)
    assert call in str(step.action)
