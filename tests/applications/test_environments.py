"""Applications of other people are installed beside each other, with nothing of ours."""

import subprocess

import pytest

from applications import APPLICATIONS


@pytest.mark.timeout(500)
@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_is_there_and_nothing_of_ours(environment, name):
    python = environment(name, *APPLICATIONS[name])

    def imports(module):
        command = [python, "-c", f"import {module}"]
        return not subprocess.run(command, capture_output=True, check=False, cwd="/").returncode

    assert imports(name)
    assert not imports("surefoot")
