import pytest

from connector.state.store import State


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/state.db"


@pytest.fixture
def state(url):
    opened = State.open(url)
    yield opened
    opened.close()
