"""
Another pretend QuickBooks, written apart from the sandbox: it answers no more than it must.

No currency on a bill, no country, no preferences, no tax, names on no reference, creation times of long ago.
"""

import itertools
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

LONG_AGO = "2014-12-31T09:59:18-08:00"


class PlainCompany:
    """Its lists, by entity; ``bills`` is what the connector made."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {
            "Account": [{"Id": "7", "Name": "Affiliate payouts", "AccountType": "Expense"}],
            "Term": [{"Id": "3", "Name": "Net 30", "DueDays": 30}],
            "Vendor": [],
            "Bill": [],
        }
        self._ids = itertools.count(100)

    @property
    def bills(self) -> list[dict[str, Any]]:
        return self.lists["Bill"]

    def make(self, kind: str, sent: dict[str, Any]) -> dict[str, Any]:
        made = sent | {"Id": str(next(self._ids)), "SyncToken": "0"}
        if kind == "Bill":
            made |= {"TotalAmt": sum(line["Amount"] for line in sent["Line"]), "MetaData": {"CreateTime": LONG_AGO}}
        self.lists[kind].append(made)
        return made

    def select(self, query: str) -> dict[str, Any]:
        kind = re.search(r"(?i)from (\w+)", query)[1]  # type: ignore[index]
        rows = self.lists.get(kind, [])
        if name := re.search(r"DisplayName = '([^']*)'", query):
            rows = [row for row in rows if row.get("DisplayName") == name[1]]
        start = int((re.search(r"STARTPOSITION (\d+)", query) or [0, "1"])[1])
        rows = rows[start - 1 : start + 999]
        return {"QueryResponse": {kind: rows, "startPosition": start, "maxResults": len(rows)} if rows else {}}

    def answer(self, path: str, body: str, url: str) -> dict[str, Any]:  # noqa: PLR0911 - one for each address
        if path == "/discovery":
            return {"token_endpoint": f"{url}/token"}
        if path == "/token":
            return {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "token_type": "bearer"}
        what, _, id_ = path.split("/company/")[1].split("/", 1)[1].partition("/")
        if what == "query":
            return self.select(body)
        if what == "companyinfo":
            return {"CompanyInfo": {"Id": "1", "CompanyName": "Plain Ltd"}}
        if what == "preferences":
            return {"Preferences": {"Id": "1"}}
        if what == "batch":
            items = json.loads(body)["BatchItemRequest"]
            kinds = [(each["bId"], "Vendor" if "Vendor" in each else "Bill", each) for each in items]
            return {"BatchItemResponse": [{"bId": bid, kind: self.make(kind, each[kind])} for bid, kind, each in kinds]}
        if id_:
            return {"Bill": next(bill for bill in self.bills if bill["Id"] == id_)}
        return {what.title(): self.make(what.title(), json.loads(body))}


@contextmanager
def serving(company: PlainCompany) -> Iterator[str]:
    """Its address, for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            body = json.dumps(company.answer(urlsplit(self.path).path, sent, url)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield url
        server.shutdown()
