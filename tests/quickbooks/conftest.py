"""A sandbox, a raw server, and a company that speaks to either."""

from collections.abc import Iterator

import pytest
from kept import KeptLists, KeptSignIn, KeptTimes, settings_for, signed_in
from pretend import Box
from raw_server import Raw

from connector.quickbooks.names import Names
from connector.quickbooks.signin import SignIn
from connector.quickbooks.transport import Company
from connector.sandbox.credentials import REFRESH_TOKEN
from connector.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def box(_sandbox: Sandbox) -> Box:
    box = Box(_sandbox)
    box.control("reset")
    return box


@pytest.fixture
def kept() -> KeptSignIn:
    return KeptSignIn()


@pytest.fixture
def company(box: Box, kept: KeptSignIn) -> Iterator[Company]:
    settings = settings_for(box.url)
    sign_in = SignIn(settings, kept, REFRESH_TOKEN)
    with Company(settings, sign_in, KeptTimes().limiter(), sleep=lambda _: None) as company:
        yield company


@pytest.fixture
def names(company: Company) -> Names:
    return Names(company, KeptLists())


@pytest.fixture
def raw() -> Iterator[Raw]:
    raw = Raw()
    yield raw
    raw.close()


@pytest.fixture
def raw_company(raw: Raw) -> Iterator[Company]:
    """A company whose every request meets the raw server; it is signed in already."""
    settings = settings_for(raw.url, timeout=0.5)
    limiter = KeptTimes().limiter()
    with Company(settings, SignIn(settings, KeptSignIn(signed_in())), limiter, sleep=lambda _: None) as company:
        yield company
