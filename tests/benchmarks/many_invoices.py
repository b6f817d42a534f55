"""A CAKE of any size, in a process of its own: rows are made up as they are asked for."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_STATUSES = ("Pending", "Void", "Pending", "Paid", "Pending", "Void", "Approved", "Pending", "Void", "Pending")


def row(n: int, *, all_owed: bool) -> dict[str, object]:
    """Row ``n``: one in five is owed, or every one, to one of forty affiliates."""
    return {
        "invoice_id": n,
        "invoice_date": f"2026-{8 + n % 3:02d}-{1 + n % 28:02d}",
        "invoice_status": "Approved" if all_owed else _STATUSES[n % len(_STATUSES)],
        "affiliate_id": 1000 + n % 40,
        "affiliate_name": f"Affiliate {n % 40}",
        "billing_cycle_name": "Net 30",
        "currency_symbol": "AUD",
        "total_payout": f"{1 + n % 20_000}.25",
        "payment_type": "Wire",
        "date_approved": "2026-11-02",
    }


class Cake(BaseHTTPRequestHandler):
    """Answers a page of rows."""

    protocol_version = "HTTP/1.1"
    total = 0
    all_owed = False

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        first, limit = int(asked["start_at_row"][0]), int(asked["row_limit"][0])
        last = min(first + limit - 1, self.total)
        rows = [row(n, all_owed=self.all_owed) for n in range(first, last + 1)]
        body = json.dumps(
            {"request_status": "Success", "response": {"invoices": rows, "total_rows": self.total}}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Cake.total, Cake.all_owed = int(sys.argv[1]), "all-owed" in sys.argv
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cake)
    print(server.server_port, flush=True)
    server.serve_forever()
