"""
Many values as one parameter: a JSON text that the database takes apart.

A list of five hundred parameters costs more to hand over than to look up. The one place where databases differ.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, TableValuedAlias, Text, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["among", "pairs", "pairs_text"]


class _Items(FunctionElement[str]):
    """Every item of a JSON list, as ``value``."""

    inherit_cache = True
    name = "items"


class _Pairs(FunctionElement[str]):
    """Every pair of a JSON object, as ``key`` and ``value``."""

    inherit_cache = True
    name = "pairs"


@compiles(_Items)
@compiles(_Pairs)
def _in_sqlite(element: FunctionElement[str], compiler: SQLCompiler, **more: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **more)})"


@compiles(_Items, "postgresql")
def _items(element: _Items, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **more)} AS json))"


@compiles(_Pairs, "postgresql")
def _pairs(element: _Pairs, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_each_text(CAST({compiler.process(element.clauses, **more)} AS json))"


def among(column: ColumnElement[Any], values: "Sequence[str] | BindParameter[str]") -> ColumnElement[bool]:
    """Whether a text column has one of ``values``; a parameter of that name is given by ``json.dumps`` of a list."""
    given = values if isinstance(values, BindParameter) else bindparam(None, json.dumps(list(values)), type_=Text)
    return column.in_(select(_Items(given).table_valued("value").c.value))


def pairs(parameter: str) -> TableValuedAlias:
    """A table of ``key`` and ``value``, given as ``pairs_text`` under the name of a parameter."""
    return _Pairs(bindparam(parameter, type_=Text)).table_valued("key", "value", name="asked")


def pairs_text(values: Mapping[str, str]) -> str:
    """What is given for ``pairs``."""
    return json.dumps(dict(values))
