"""A pretend CAKE without invoices, on a machine whose clock is wrong."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_NOTHING = json.dumps({"request_status": "Success", "response": {"invoices": [], "total_rows": 0}}).encode()


@contextmanager
def cake_whose_clock_is(ahead: float) -> Iterator[str]:
    """Its address; its clock runs so many seconds ahead of ours."""

    class Handler(BaseHTTPRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time.time() + ahead, usegmt=True)

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(_NOTHING)))
            self.end_headers()
            self.wfile.write(_NOTHING)

        def log_message(self, *args: object) -> None:
            pass

    # Another loopback address than the sandbox has: the clock is told for each server.
    server = ThreadingHTTPServer(("127.0.0.2", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.2:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
