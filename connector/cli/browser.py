"""The browser of ``auth login``: opened here, and waited for on a port of this machine alone."""

import threading
import webbrowser
from http.server import BaseHTTPRequestHandler
from queue import Empty, SimpleQueue
from socketserver import ThreadingTCPServer
from typing import Final, Self
from urllib.parse import urlsplit

from connector.errors import WrongUse

__all__ = ["PATH", "Callback", "open_browser"]

PATH: Final = "/callback"
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Signing in to QuickBooks</title>
<style>
:root { color-scheme: light dark }
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto 0; padding: 0 1.5rem }
</style>
<h1>You can close this window</h1>
<p>The terminal in which you ran <code>connector auth login</code> says how it went.</p>
</html>
"""
_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Connection": "close",
}


def open_browser(address: str) -> None:
    """Open ``address``, and do not wait: some browsers give the word back only when they are closed."""
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


class Callback:
    """
    Listens on 127.0.0.1 for the one request with which Intuit sends a browser back.

    Args:
        port: The port of the redirect URI.

    Raises:
        WrongUse: ``sign-in-port``: nobody can listen there.
    """

    def __init__(self, port: int) -> None:
        self._answers: SimpleQueue[str] = SimpleQueue()
        try:
            self._server = _Server(port, self._answers)
        except OSError as error:
            raise WrongUse(
                f"port {port} of this machine cannot be listened on: {error.strerror}",
                code="sign-in-port",
                remedy="choose another with --port (its redirect URI must be registered too), or use --no-browser",
            ) from None

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> str | None:
        """The path and query that the browser came back with; None where it did not in time."""
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            return None


class _Server(ThreadingTCPServer):
    # A thread each: browsers open connections ahead, on which nothing comes.
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, answers: "SimpleQueue[str]") -> None:
        self.answers = answers
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, *_: object) -> None:
        """A browser that hangs up is no trouble of ours."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 10.0  # seconds that a connection may say nothing
    server: _Server

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path != PATH or not address.query:
            self.send_error(404)
            return
        try:
            page = _PAGE.encode()
            self.send_response(200)
            for name, value in (*_HEADERS.items(), ("Content-Length", str(len(page)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page)
        finally:
            self.server.answers.put(self.path)

    def version_string(self) -> str:
        return "connector"

    def log_message(self, *_: object) -> None:
        """Nothing: the line would hold the code."""
