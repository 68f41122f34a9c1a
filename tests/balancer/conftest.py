import pytest

from balanced import World


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()
