"""QuickBooks' queries answered: names checked, records found by index where there is one, compared, sorted, paged."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.sandbox.quickbooks.about import company_info, preferences
from connector.sandbox.quickbooks.company import Company, Data, Record
from connector.sandbox.quickbooks.entities import BY_PATH, Entity
from connector.sandbox.quickbooks.grammar import Query, invalid, parse
from connector.sandbox.quickbooks.rates import exchange_rates
from connector.sandbox.quickbooks.wire import PACIFIC

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


def run(company: Company, text: str, *, in_batch: bool = False) -> Data:
    """The QueryResponse object for a query. Raises Refusal 4000 (grammar) or 4001 (names, values)."""
    query = parse(text)
    if query.context.lower() == "exchangerate":
        return _paged(query, "ExchangeRate", exchange_rates(company, query), whole=not in_batch)
    if single := _SINGLES.get(query.context.lower()):
        name, build = single
        return {name: [build(company)], "maxResults": 1}
    entity = BY_PATH.get(query.context.lower())
    if entity is None:
        raise invalid(f"invalid context declaration: {query.context}")
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
    return _paged(query, entity.name, found, whole=not in_batch)


def _paged(query: Query, name: str, found: Sequence[Record | Data], *, whole: bool) -> Data:
    page = found[query.start - 1 : query.start - 1 + query.most]
    if not page:
        return {}
    rows = [row.text if isinstance(row, Record) else row for row in page]
    answer: Data = {name: rows, "startPosition": query.start, "maxResults": len(page)}
    return answer | {"totalCount": len(found)} if whole and len(page) == len(found) else answer


def _path(entity: Entity, name: str, *, asked: bool = False) -> tuple[str, ...]:
    """The property's path in its right spelling; `asked` for where and order, which take fewer properties."""
    first, _, rest = name.partition(".")
    spelled = next((known for known in entity.shape.properties if known.lower() == first.lower()), None)
    if spelled is None:
        raise invalid(f"Property {name} not found for Entity {entity.name}")
    path = (spelled, *_inner(entity, spelled, rest, name)) if rest else (spelled,)
    if asked and entity.filterable and ".".join(path) not in entity.filterable:
        raise invalid(f"property '{name}' is not queryable")
    return path


def _inner(entity: Entity, first: str, rest: str, name: str) -> tuple[str, ...]:
    if first == "MetaData":
        for known in ("CreateTime", "LastUpdatedTime"):
            if known.lower() == rest.lower():
                return (known,)
        raise invalid(f"Property {name} not found for Entity {entity.name}")
    return tuple(rest.split("."))


def _checked(entity: Entity, name: str, operator: str, values: tuple[str, ...]) -> Condition:
    path = _path(entity, name, asked=True)
    if path == ("Id",) and operator not in {"=", "IN"}:
        raise invalid("property 'Id' takes = and IN only")
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
        raise invalid(f"value {literal} is not a date and time") from fault
    return moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)


def _decimal(literal: str) -> Decimal:
    try:
        return Decimal(literal)
    except InvalidOperation as fault:
        raise invalid(f"value {literal} is not a number") from fault


def _sortable(value: Any) -> tuple[bool, Any]:
    if isinstance(value, str) and value.isdecimal():
        return (True, (0, Decimal(value), ""))
    if isinstance(value, str):
        return (True, (1, Decimal(0), value.casefold()))
    return (value is not None, (0, Decimal(value or 0), ""))
