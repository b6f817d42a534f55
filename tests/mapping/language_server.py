"""The real yaml-language-server over stdio, as an editor talks to it; only where it is installed."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest


class LanguageServer:
    """One server; every file is opened with the text that it has, beside its schema."""

    def __init__(self, script: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(script), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._last = 0
        self._found: dict[str, list[dict[str, Any]]] = {}
        self.ask("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": _CAPABILITIES})
        self._send("initialized", {})
        settings = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}
        self._send("workspace/didChangeConfiguration", {"settings": settings})

    def diagnostics(self, paths: list[Path]) -> dict[Path, list[dict[str, Any]]]:
        """What the editor would underline in each file; all are opened at once, as it waits before it looks."""
        uris = {path.as_uri(): path for path in paths}
        for uri, path in uris.items():
            document = {"uri": uri, "languageId": "yaml", "version": 1, "text": path.read_text(errors="replace")}
            self._send("textDocument/didOpen", {"textDocument": document})
        while uris.keys() - self._found.keys():
            self._take(self._read())
        return {path: self._found[uri] for uri, path in uris.items()}

    def completion(self, path: Path, line: int, character: int) -> dict[str, dict[str, Any]]:
        """What the editor would offer there, by label."""
        found = self.ask("textDocument/completion", _at(path, line, character))
        return {item["label"]: item for item in (found.get("items") if isinstance(found, dict) else found) or ()}

    def hover(self, path: Path, line: int, character: int) -> str:
        """What the editor would explain there."""
        found = self.ask("textDocument/hover", _at(path, line, character))
        return found["contents"]["value"] if found else ""

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            stream.close()

    def ask(self, method: str, params: object) -> Any:
        self._last += 1
        wanted = self._last
        self._send(method, params, wanted)
        while True:
            message = self._read()
            if message.get("id") == wanted and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            self._found[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and "method" in message:  # it asks the editor something; nothing has to be answered
            self._write({"jsonrpc": "2.0", "id": message["id"], "result": None})

    def _send(self, method: str, params: object, id_: int | None = None) -> None:
        self._write({"jsonrpc": "2.0", "method": method, "params": params} | ({} if id_ is None else {"id": id_}))

    def _write(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        length = 0
        while (line := self._process.stdout.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server went away"
        return json.loads(self._process.stdout.read(length))


_CAPABILITIES = {
    "textDocument": {
        "publishDiagnostics": {},
        "hover": {"contentFormat": ["markdown"]},
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
    }
}


def _at(path: Path, line: int, character: int) -> dict[str, Any]:
    return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": character}}


def server_script() -> Path:
    """Where the server is: in a node_modules that NODE_PATH names; the test is skipped where it is in none."""
    for folder in os.environ.get("NODE_PATH", "").split(os.pathsep):
        script = Path(folder) / "yaml-language-server" / "bin" / "yaml-language-server"
        if folder and script.is_file():
            return script
    pytest.skip("yaml-language-server stands in no folder of NODE_PATH: npm install yaml-language-server")
