from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connector.sandbox.credentials import CLIENT_ID, CLIENT_SECRET, REALM_ID, REFRESH_TOKEN
from connector.sandbox.server import Sandbox


class Books:
    """A plain HTTP client of the pretend QuickBooks, with a sign-in."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.base = f"{url}/quickbooks/v3/company/{REALM_ID}"
        self.refresh = REFRESH_TOKEN
        self.session = requests.Session()
        self.session.trust_env = False

    def sign_in(self, token: str = "") -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": token or self.refresh}
        answer = self.session.post(f"{self.url}/oauth/token", auth=(CLIENT_ID, CLIENT_SECRET), data=form, timeout=5)
        pair = answer.json()
        assert answer.status_code == 200, pair
        self.refresh = pair["refresh_token"]
        self.session.headers["Authorization"] = f"Bearer {pair['access_token']}"
        return pair

    def control(self, name: str, body: dict[str, Any] | None = None) -> Any:
        method = "GET" if body is None else "POST"
        answer = self.session.request(method, f"{self.url}/control/{name}", json=body, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, **params: str) -> requests.Response:
        return self.session.get(f"{self.base}/{path}", params=params, timeout=5)

    def post(self, path: str, body: Any, **params: str) -> requests.Response:
        return self.session.post(f"{self.base}/{path}", json=body, params=params, timeout=5)

    def query(self, text: str) -> requests.Response:
        headers = {"Content-Type": "application/text"}
        return self.session.post(f"{self.base}/query", data=text.encode(), headers=headers, timeout=5)

    def rows(self, text: str) -> list[dict[str, Any]]:
        answer = self.query(text).json()["QueryResponse"]
        return next((rows for rows in answer.values() if isinstance(rows, list)), [])

    def id(self, kind: str, name: str) -> str:
        field = {"Vendor": "DisplayName", "Customer": "DisplayName", "Account": "FullyQualifiedName"}.get(kind, "Name")
        return self.rows(f"select * from {kind} where {field} = '{name}'")[0]["Id"]

    def line(self, amount: Any = 100, **detail: Any) -> dict[str, Any]:
        known = {"AccountRef": {"value": self.id("Account", "Affiliate payouts:US")}, "TaxCodeRef": {"value": "2"}}
        kind = "AccountBasedExpenseLineDetail"
        given = {name: value for name, value in (known | detail).items() if value is not None}
        return {"Amount": amount, "DetailType": kind, kind: given}

    def bill(self, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """A bill in home currency, free of tax; a change to None leaves the property out."""
        known = {
            "VendorRef": {"value": self.id("Vendor", "Sydney Office Rentals")},
            "DocNumber": "CAKE-10042",
            "TxnDate": "2026-01-31",
            "Line": list(lines) or [self.line()],
        }
        return {name: value for name, value in (known | changes).items() if value is not None}

    def made(self, kind: str, body: Any, **params: str) -> dict[str, Any]:
        answer = self.post(kind.lower(), body, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()[kind]


def code(answer: requests.Response) -> str:
    """The code of the first error of a fault in either envelope, "" for none."""
    body = answer.json()
    if "Fault" in body:
        return body["Fault"]["Error"][0]["code"]
    return body["fault"]["error"][0]["code"] if "fault" in body else ""


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def books(running: Sandbox) -> Iterator[Books]:
    books = Books(running.url)
    books.control("reset", {})
    books.sign_in()
    yield books
    books.session.close()
