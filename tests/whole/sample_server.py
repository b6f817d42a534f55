"""Servers that answer with the sources' own documents, to the letter."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CAKE = """{
"request_status": "Success",
"response": {
"invoices": [
{
"invoice_id": 10042,
"invoice_date": "2026-01-31",
"invoice_status": "Approved",
"affiliate_id": 67890,
"affiliate_name": "MediaBridge Partners",
"billing_cycle_name": "Net 30",
"currency_symbol": "USD",
"total_payout": "4825.50",
"payment_type": "PayPal",
"date_approved": "2026-02-05"
}
],
"total_rows": 1
}
}"""

COMMISSION_FACTORY_JSON = (
    '[ { "Id": 1, "DateCreated": "2000-01-01T00:00:00.000", "DatePaid": "2000-01-01T00:00:00.000", '
    '"Number": "CF-1-0001", "Description": "Commissions up to 1/01/2000", "SubTotal": 100.0000, "GST": null, '
    '"Total": 100.0000 }, { "Id": 2, "DateCreated": "2000-02-01T00:00:00.000", "DatePaid": "2000-02-01T00:00:00.000", '
    '"Number": "CF-1-0002", "Description": "Commissions up to 1/02/2000", "SubTotal": 100.0000, "GST": null, '
    '"Total": 100.0000 }, { "Id": 3, "DateCreated": "2000-03-01T00:00:00.000", "DatePaid": "2000-03-01T00:00:00.000", '
    '"Number": "CF-1-0003", "Description": "Commissions up to 1/03/2000", "SubTotal": 100.0000, "GST": null, '
    '"Total": 100.0000 } ]'
)

_XML_INVOICE = (
    "<Invoice> <Id>{n}</Id> <DateCreated>2000-0{n}-01T00:00:00.000</DateCreated> "
    "<DatePaid>2000-0{n}-01T00:00:00.000</DatePaid> <Number>CF-1-000{n}</Number> "
    "<Description>Commissions up to 1/0{n}/2000</Description> <SubTotal>100.0000</SubTotal> <GST>null</GST> "
    "<Total>100.0000</Total> </Invoice>"
)
COMMISSION_FACTORY_XML = (
    '<InvoiceArray xmlns:i="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns="https://api.commissionfactory.com/V1/Affiliate"> '
    f"{' '.join(_XML_INVOICE.format(n=n) for n in (1, 2, 3))} </InvoiceArray>"
)


@contextmanager
def saying(text: str, kind: str) -> Iterator[str]:
    """The address of a server that gives this one answer to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
