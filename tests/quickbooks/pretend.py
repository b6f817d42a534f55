"""A running sandbox and how to speak to its control."""

from typing import Any

import requests

from connector.sandbox.server import Sandbox


class Box:
    """A running sandbox and how to speak to its control."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.url

    def control(self, what: str, **given: Any) -> Any:
        answer = requests.post(f"{self.url}/control/{what}", json=given, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def log(self, path: str = "") -> list[dict[str, Any]]:
        entries = requests.get(f"{self.url}/control/requests", timeout=10).json()
        return [entry for entry in entries if path in entry["path"]]

    def load(self, **rows: list[dict[str, Any]]) -> Any:
        return self.control("load", quickbooks=rows)
