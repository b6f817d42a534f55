"""The grammar of QuickBooks' queries: text in, a parsed query out; names and values are checked elsewhere."""

import re
from dataclasses import dataclass, field

from connector.sandbox.quickbooks.faults import Refusal, refuse

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*(?:\.\w+)*(?:\.\*)?)"
    r"|(?P<sign><=|>=|[=<>(),*]))",
    re.DOTALL,
)
_MOST_ROWS = 1000
_DEFAULT_ROWS = 100


@dataclass(slots=True)
class Query:
    """A parsed query."""

    context: str = ""
    count: bool = False
    fields: list[str] = field(default_factory=list)
    where: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    start: int = 1
    most: int = _DEFAULT_ROWS


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tokens: list[tuple[str, str, int]] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                raise _parse_error(text[position:].strip()[:1], position)
            kind = str(match.lastgroup)
            self._tokens.append((kind, match[kind], match.start(kind)))
            position = match.end()

    def parse(self) -> Query:
        query = Query()
        self._need("SELECT")
        self._selection(query)
        self._need("FROM")
        query.context = self._take("word")
        if self._have("WHERE"):
            query.where.append(self._condition())
            while self._have("AND"):
                query.where.append(self._condition())
        self._tail(query)
        if self._at < len(self._tokens):
            raise self._unexpected()
        return query

    def _selection(self, query: Query) -> None:
        if self._have("*"):
            return
        if self._have("COUNT"):
            for sign in "(*)":
                self._need(sign)
            query.count = True
            return
        query.fields.append(self._take("word"))
        while self._have(","):
            query.fields.append(self._take("word"))

    def _condition(self) -> tuple[str, str, tuple[str, ...]]:
        name = self._take("word")
        if self._have("IN"):
            self._need("(")
            values = [self._value()]
            while self._have(","):
                values.append(self._value())
            self._need(")")
            return name, "IN", tuple(values)
        if self._have("LIKE"):
            return name, "LIKE", (self._value(),)
        kind, sign, _ = self._peek()
        if kind != "sign" or sign not in {"=", "<", ">", "<=", ">="}:
            raise self._unexpected()
        self._at += 1
        return name, sign, (self._value(),)

    def _tail(self, query: Query) -> None:
        while True:
            if self._have("ORDERBY") or self._have("ORDER"):
                self._have("BY")
                query.order.append(self._ordering())
                while self._have(","):
                    query.order.append(self._ordering())
            elif self._have("STARTPOSITION"):
                query.start = self._count(1, None)
            elif self._have("MAXRESULTS"):
                query.most = self._count(0, _MOST_ROWS)
            else:
                return

    def _ordering(self) -> tuple[str, bool]:
        name = self._take("word")
        if self._have("DESC"):
            return name, True
        self._have("ASC")
        return name, False

    def _count(self, least: int, most: int | None) -> int:
        text = self._take("number")
        if "." in text:
            raise self._unexpected()
        if int(text) < least:
            raise invalid(f"value {text} is too small. Min allowed value is {least}")
        if most is not None and int(text) > most:
            raise invalid(f"value {text} is too large. Max allowed value is {most}")
        return int(text)

    def _value(self) -> str:
        kind, text, _ = self._peek()
        if kind == "text":
            self._at += 1
            return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        if kind == "number" or text.lower() in {"true", "false"}:
            self._at += 1
            return text
        raise self._unexpected()

    def _peek(self) -> tuple[str, str, int]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "<EOF>", len(self._text))

    def _have(self, word: str) -> bool:
        kind, text, _ = self._peek()
        if kind in {"word", "sign"} and text.upper() == word:
            self._at += 1
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._have(word):
            raise self._unexpected()

    def _take(self, kind: str) -> str:
        found, text, _ = self._peek()
        if found != kind:
            raise self._unexpected()
        self._at += 1
        return text

    def _unexpected(self) -> Refusal:
        _, text, position = self._peek()
        return _parse_error(text, position)


def _parse_error(text: str, position: int) -> Refusal:
    return refuse("4000", f'QueryParserError: Encountered " "{text}" "" at line 1, column {position + 1}.', None)


def invalid(text: str) -> Refusal:
    return refuse("4001", f"QueryValidationError: {text}", None)


def parse(text: str) -> Query:
    """A query's parts. Raises Refusal 4000 (grammar) or 4001 (a count that is too small or large)."""
    return _Parser(text).parse()
