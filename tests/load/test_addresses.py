"""What may stand where an address belongs."""

from __future__ import annotations

import pytest

from surefoot.errors import UsageError
from surefoot.toolbox.load.address import split_url


@pytest.mark.parametrize("text", ["http://bob:swordfish@127.0.0.1:8000/", "bob@127.0.0.1:8000"])
def test_a_user_in_an_address_is_refused_and_its_password_not_shown(text):
    with pytest.raises(UsageError, match="names a user") as refused:
        split_url(text)
    assert "swordfish" not in f"{refused.value} {refused.value.do}"
    assert "Authorization" in refused.value.do


@pytest.mark.parametrize("command", [["load"], ["measure", "--url"], ["workload", "--url"]])
def test_no_command_takes_one(surefoot, command):
    run = surefoot(*command, "http://bob:swordfish@127.0.0.1:8000/")
    assert run.code == 2
    assert "names a user" in run.err
    assert "swordfish" not in run.out + run.err
