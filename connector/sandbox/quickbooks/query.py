"""QuickBooks' query language: SELECT … FROM … WHERE … ORDERBY … STARTPOSITION … MAXRESULTS, parsed and answered."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.sandbox.quickbooks.about import company_info, preferences
from connector.sandbox.quickbooks.company import Company, Data, Record
from connector.sandbox.quickbooks.entities import BY_PATH, Entity
from connector.sandbox.quickbooks.faults import Refusal, refuse
from connector.sandbox.quickbooks.wire import PACIFIC

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*(?:\.\w+)*(?:\.\*)?)"
    r"|(?P<sign><=|>=|[=<>(),*]))",
    re.DOTALL,
)
_MOST_ROWS = 1000
_DEFAULT_ROWS = 100
_SINGLES: dict[str, tuple[str, Callable[[Company], Data]]] = {
    "companyinfo": ("CompanyInfo", company_info),
    "preferences": ("Preferences", preferences),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; `values` has several for IN alone."""

    path: tuple[str, ...]
    operator: str
    values: tuple[str, ...]


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
            raise _invalid(f"value {text} is too small. Min allowed value is {least}")
        if most is not None and int(text) > most:
            raise _invalid(f"value {text} is too large. Max allowed value is {most}")
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


def _invalid(text: str) -> Refusal:
    return refuse("4001", f"QueryValidationError: {text}", None)


def run(company: Company, text: str, *, in_batch: bool = False) -> Data:
    """The QueryResponse object for a query. Raises Refusal 4000 (grammar) or 4001 (names, values)."""
    query = _Parser(text).parse()
    if single := _SINGLES.get(query.context.lower()):
        name, build = single
        return {name: [build(company)], "maxResults": 1}
    entity = BY_PATH.get(query.context.lower())
    if entity is None:
        raise _invalid(f"invalid context declaration: {query.context}")
    for name in query.fields:
        if not name.endswith("*"):
            _path(entity, name)
    conditions = [_checked(entity, *condition) for condition in query.where]
    order = [(_path(entity, name, asked=True), falling) for name, falling in query.order]
    found = [
        record for record in _candidates(company, entity, conditions) if _shown(company, entity, record, conditions)
    ]
    if query.count:
        return {"totalCount": len(found)}
    for path, falling in reversed(order):
        found.sort(key=lambda record, path=path: _sortable(_at(record.data, path)), reverse=falling)  # type: ignore[misc]
    page = found[query.start - 1 : query.start - 1 + query.most]
    if not page:
        return {}
    answer: Data = {
        entity.name: [record.text for record in page],
        "startPosition": query.start,
        "maxResults": len(page),
    }
    return answer if in_batch or len(page) < len(found) else answer | {"totalCount": len(found)}


def _path(entity: Entity, name: str, *, asked: bool = False) -> tuple[str, ...]:
    """The property's path in its right spelling; `asked` for where and order, which take fewer properties."""
    first, _, rest = name.partition(".")
    spelled = next((known for known in entity.shape.properties if known.lower() == first.lower()), None)
    if spelled is None:
        raise _invalid(f"Property {name} not found for Entity {entity.name}")
    path = (spelled, *_inner(entity, spelled, rest, name)) if rest else (spelled,)
    if asked and entity.filterable and ".".join(path) not in entity.filterable:
        raise _invalid(f"property '{name}' is not queryable")
    return path


def _inner(entity: Entity, first: str, rest: str, name: str) -> tuple[str, ...]:
    if first == "MetaData":
        for known in ("CreateTime", "LastUpdatedTime"):
            if known.lower() == rest.lower():
                return (known,)
        raise _invalid(f"Property {name} not found for Entity {entity.name}")
    return tuple(rest.split("."))


def _checked(entity: Entity, name: str, operator: str, values: tuple[str, ...]) -> Condition:
    path = _path(entity, name, asked=True)
    if path == ("Id",) and operator not in {"=", "IN"}:
        raise _invalid("property 'Id' takes = and IN only")
    if path[0] == "MetaData":
        for value in values:
            _moment(value)
    return Condition(path, operator, values)


def _candidates(company: Company, entity: Entity, conditions: list[Condition]) -> Iterable[Record]:
    records = company.records[entity.name]
    keys: set[str] | None = None
    for condition in conditions:
        if condition.operator not in {"=", "IN"}:
            continue
        held: set[str] | None = None
        if condition.path == ("Id",):
            held = set(condition.values)
        elif condition.path == ("DocNumber",) and entity.transaction:
            held = set().union(*(company.numbered(entity.name, value) for value in condition.values))
        elif condition.path == ("VendorRef",):
            held = set().union(*(company.of_vendor(entity.name, value) for value in condition.values))
        if held is not None:
            keys = held if keys is None else keys & held
    if keys is None:
        return records.values()
    return [records[key] for key in sorted(keys, key=_id_order) if key in records]


def _id_order(key: str) -> tuple[int, str]:
    return (int(key), "") if key.isdecimal() else (0, key)


def _shown(company: Company, entity: Entity, record: Record, conditions: list[Condition]) -> bool:
    if record.data.get("Active") is False and not any(condition.path == ("Active",) for condition in conditions):
        return False
    if company.hides(entity.name, record):
        return False
    case = company.switches.text("query_case") == "sensitive"
    return all(_holds(_at(record.data, condition.path), condition, case) for condition in conditions)


def _at(data: Data, path: tuple[str, ...]) -> Any:
    value: Any = data
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value.get("value") if isinstance(value, dict) else value


def _holds(value: Any, condition: Condition, case: bool) -> bool:
    if value is None:
        return False
    if condition.operator == "LIKE":
        pattern = ".*".join(re.escape(part) for part in condition.values[0].split("%"))
        return re.fullmatch(pattern, str(value), re.DOTALL if case else re.DOTALL | re.IGNORECASE) is not None
    return any(_compares(value, condition, literal, case) for literal in condition.values)


def _compares(value: Any, condition: Condition, literal: str, case: bool) -> bool:
    left: Any
    right: Any
    if condition.path[0] == "MetaData":
        left, right = datetime.fromisoformat(value), _moment(literal)
    elif isinstance(value, bool):
        left, right = value, literal.lower() == "true"
    elif isinstance(value, int | Decimal):
        left, right = Decimal(value), _decimal(literal)
    else:
        left, right = (str(value), literal) if case else (str(value).casefold(), literal.casefold())
    match condition.operator:
        case "=" | "IN":
            return bool(left == right)
        case "<":
            return bool(left < right)
        case ">":
            return bool(left > right)
        case "<=":
            return bool(left <= right)
        case _:
            return bool(left >= right)


def _moment(literal: str) -> datetime:
    try:
        moment = datetime.fromisoformat(literal)
    except ValueError as fault:
        raise _invalid(f"value {literal} is not a date and time") from fault
    return moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)


def _decimal(literal: str) -> Decimal:
    try:
        return Decimal(literal)
    except InvalidOperation as fault:
        raise _invalid(f"value {literal} is not a number") from fault


def _sortable(value: Any) -> tuple[bool, Any]:
    if isinstance(value, str) and value.isdecimal():
        return (True, (0, Decimal(value), ""))
    if isinstance(value, str):
        return (True, (1, Decimal(0), value.casefold()))
    return (value is not None, (0, Decimal(value or 0), ""))
