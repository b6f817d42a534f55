"""A plain HTTP client of a pretend source."""

from typing import Any

import requests


class Client(requests.Session):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.trust_env = False
        self._url = url

    def request(self, method: str, url: str, *args: Any, **more: Any) -> requests.Response:
        return super().request(method, self._url + url, *args, timeout=10, **more)

    def journal(self) -> list[tuple[str, int]]:
        """The kind and status of every answered request."""
        return [(entry["kind"], entry["status"]) for entry in self.get("/control/requests").json()]
