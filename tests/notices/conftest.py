"""A mail server and a webhook that take everything."""

from collections.abc import Iterator

import pytest
from post_office import Hook, Post


@pytest.fixture
def post() -> Iterator[Post]:
    with Post() as made:
        yield made


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as made:
        yield made
