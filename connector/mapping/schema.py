"""
The JSON Schema of a mapping (draft-07), from the language's own model, a source's fields and the tables' headings.

An editor with it completes, explains and underlines what ``check`` would say later. What only ``check`` can know (the
cells of a table, two lists that contradict each other, examples) it leaves to it; what is right it never refuses.
Beside draft-07 there are the words that editors know: ``defaultSnippets``, ``enumDescriptions`` and messages.
"""

from collections.abc import Mapping
from typing import Any, Final

from connector.document import NUMBER_LIMIT
from connector.invoice import Declaration, FieldType
from connector.mapping import schema_patterns as patterns
from connector.mapping.apply import VENDOR_LIMIT
from connector.mapping.boxes import AMOUNTS_ARE, BILL, CHECK, LINE, NEEDED, PAYMENT, SECTIONS, Box
from connector.mapping.parse_examples import LINE_BOXES, OUTCOMES
from connector.mapping.policy import AMOUNT_ABOVE, CHOICES, MEANINGS, QUESTIONS
from connector.mapping.tables import Table

__all__ = ["WRITTEN_BY", "schema_of"]

Schema = dict[str, Any]

WRITTEN_BY: Final = "Written by: connector schema. Write it anew when a table has new headings."

# Everything is read as text: 0412 and true are as good as abc, and an editor types them first. Said without "type", or
# editors would offer true and false.
_SCALARS: Final = ["string", "number", "boolean"]
_TEXT: Final[Schema] = {
    "if": {"type": _SCALARS},
    "else": {"type": "string", "errorMessage": "It takes one text; for none write two quotes, or leave it out."},
}
_KINDS: Final[dict[str, Schema]] = {
    "text": _TEXT,
    "name": _TEXT,
    "date": {"type": "string"},
    "number": {"type": ["string", "number"]},
    "share": {"type": "string"},
    "choice": {"type": "string"},
}


def schema_of(declaration: Declaration, tables: Mapping[str, Table | None]) -> Schema:
    """
    The schema of one mapping; the same for the same fields and headings.

    Args:
        declaration: The source's class.
        tables: By name; of one that cannot be used (None) no column is known.
    """
    return _Schemas(declaration, tables).mapping()


class _Schemas:
    def __init__(self, declaration: Declaration, tables: Mapping[str, Table | None]) -> None:
        self._declaration = declaration
        self._fields: dict[str, FieldType] = {field.name: field.type for field in declaration.fields}
        self._columns = {
            f"{name}.{column}": f"The column {column} of the table {name}."
            for name, table in tables.items()
            if table is not None
            for column in table.columns
        }

    def mapping(self) -> Schema:
        """The whole form."""
        source = self._declaration.type
        sections: Schema = {
            "source": {"type": "string", "enum": [source], "enumDescriptions": [self._declaration.title]},
            "take": self._words() | {"required": [self._declaration.status]},
            "leave": self._words(),
            "tables": self._tables(),
            "bill": self._boxes(BILL),
            "lines": self._lines(),
            "payment": self._boxes(PAYMENT),
            "check": self._boxes(CHECK),
            "policy": _policy(),
            "examples": {"type": "array", "items": _example()},
        }
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$comment": WRITTEN_BY,
            "description": f"How an invoice of {self._declaration.title} becomes a bill in QuickBooks.",
            **_closed({name: {"description": SECTIONS[name]} | sections[name] for name in SECTIONS}, NEEDED),
            "allOf": [*self._taken_before_left(), _PAYMENT_IS_DESCRIBED],
            "definitions": self._definitions(),
        }

    def _words(self) -> Schema:
        """Fields, each with its list of words."""
        words = {"type": "array", "items": _TEXT | {"pattern": patterns.FILLED}}
        return _closed({field.name: {"description": field.help} | words for field in self._declaration.fields})

    def _taken_before_left(self) -> list[Schema]:
        """Rule 3: a field that is named under leave is named under take too."""
        return [
            {
                "if": {"required": ["leave"], "properties": {"leave": {"required": [name], "type": "object"}}},
                "then": {"properties": {"take": {"required": [name]}}},
            }
            for name in self._fields
        ]

    def _tables(self) -> Schema:
        field = {"type": "string", "enum": list(self._fields), "enumDescriptions": self._helps()}
        table = _closed(
            {
                "file": _TEXT | {"description": "A CSV beside the mapping.", "examples": ["vendors.csv"]},
                "match": {
                    "description": "The field, or the list of fields, that chooses the row.",
                    "anyOf": [field, {"type": "array", "items": field, "minItems": 1}],
                },
            },
            ("file", "match"),
        )
        return {"type": "object", "propertyNames": {"pattern": patterns.IDENTIFIER}, "additionalProperties": table}

    def _helps(self) -> list[str]:
        return [field.help for field in self._declaration.fields]

    def _boxes(self, boxes: Mapping[str, Box]) -> Schema:
        required = [box.name for box in boxes.values() if box.required]
        return _closed({name: self._box(box) for name, box in boxes.items()}, required)

    def _box(self, box: Box) -> Schema:
        schema: Schema = {"description": box.help} | _KINDS[box.kind]
        if box.examples:
            schema["examples"] = list(box.examples)
        if box.kind == "choice":
            return schema | {"enum": list(AMOUNTS_ARE)}
        if box.kind == "share":
            return schema | {"pattern": patterns.SHARE, "patternErrorMessage": "Write a plain percentage: 70%."}
        kind = "text" if box.kind == "name" else box.kind
        schema["allOf"] = [{"$ref": f"#/definitions/{kind}"}]
        if box.required:
            schema["allOf"].append({"pattern": patterns.FILLED, "patternErrorMessage": "Every bill needs this."})
        limit = _LIMITS.get(box.name)
        if limit is not None and box.kind != "number":
            schema["allOf"].append(limit)
        return schema

    def _lines(self) -> Schema:
        line = self._boxes(LINE)
        line["anyOf"] = [{"required": ["account"]}, {"required": ["item"]}]
        line["dependencies"] = {"quantity": ["item"], "account": _NOT_BOTH}
        all_or_none = [{"items": {"required": ["share"]}}, {"items": {"not": {"required": ["share"]}}}]
        return {"type": "array", "minItems": 1, "items": line, "anyOf": all_or_none}

    def _definitions(self) -> Schema:
        """What may go in a box, by its kind; here and not in each box, because it is long."""
        dates, numbers = self._typed("date"), self._typed("number")
        shifted = {f"{name} + 14 days": "Days added." for name in dates[:1]}
        written = {f"{name} as d mmm yyyy": "Written as 31 Jan 2026." for name in dates[:1]}
        helps = {field.name: field.help for field in self._declaration.fields}
        return {
            "text": {
                "pattern": patterns.text(self._fields, self._columns),
                "patternErrorMessage": self._refused("text with placeholders", helps),
                "defaultSnippets": _snippets(helps | self._columns | written),
            },
            "date": {
                "pattern": patterns.date(self._fields, self._columns),
                "patternErrorMessage": self._refused("one date, as 2026-01-31 or as a placeholder", dates),
                "defaultSnippets": _snippets({name: helps[name] for name in dates} | shifted | self._columns),
            },
            "number": {
                "pattern": patterns.number(self._fields, self._columns),
                "patternErrorMessage": self._refused("one number, as 1,234.50 or as a placeholder", numbers),
                "defaultSnippets": _snippets({name: helps[name] for name in numbers} | self._columns),
            },
        }

    def _typed(self, kind: FieldType) -> list[str]:
        return [name for name, type_ in self._fields.items() if type_ == kind]

    def _refused(self, wanted: str, fields: Mapping[str, str] | list[str]) -> str:
        names = ", ".join([*fields, *self._columns])
        return f"This cannot be read as {wanted}. There are: {names}. connector check says what is wrong."


_LIMITS: Final[dict[str, Schema]] = {
    "number": {
        "pattern": patterns.shorter_than(NUMBER_LIMIT),
        "patternErrorMessage": f"QuickBooks takes {NUMBER_LIMIT} characters.",
    },
    "vendor": {
        "pattern": patterns.vendor(VENDOR_LIMIT),
        "patternErrorMessage": f"A vendor's name has no colon and at most {VENDOR_LIMIT} characters.",
    },
    "currency": {"pattern": patterns.CURRENCY, "patternErrorMessage": "Write the three letters of a currency: USD."},
}
"""What QuickBooks takes in a box, where nothing is filled in."""

_NOT_BOTH: Final[Schema] = {
    "properties": {"item": False},
    "errorMessage": "A line has an account or an item, not both.",
}
_PAID: Final = "invoice paid at source"
_PAYMENT_IS_DESCRIBED: Final[Schema] = {
    "if": {
        "required": ["policy"],
        "properties": {"policy": {"required": [_PAID], "properties": {_PAID: {"const": "record payment"}}}},
    },
    "then": {"required": ["payment"]},
}


def _closed(properties: Schema, required: tuple[str, ...] | list[str] = ()) -> Schema:
    """A block of boxes that takes no others."""
    block: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return block | ({"required": list(required)} if required else {})


def _policy() -> Schema:
    above: Schema = {
        "description": QUESTIONS[AMOUNT_ABOVE],
        "type": ["string", "number"],
        "minimum": 0,
        "pattern": patterns.AMOUNT,
        "patternErrorMessage": "Write 1234.5 or 1,234.50.",
        "examples": ["25,000.00"],
    }
    answers = {
        name: {
            "description": QUESTIONS[name],
            "type": "string",
            "enum": list(allowed),
            "enumDescriptions": [MEANINGS[name][answer] for answer in allowed],
        }
        for name, (_, allowed) in CHOICES.items()
    }
    return _closed({AMOUNT_ABOVE: above} | answers)


def _example() -> Schema:
    """One invoice and what must come of it."""
    record = {"type": "object", "additionalProperties": {"type": [*_SCALARS, "null"]}}
    boxes: Schema = {name: _TEXT | {"description": box.help} for name, box in BILL.items()}
    boxes["total"] = _TEXT | {"description": "The sum of the lines; of a vendor credit with a minus."}
    ends = {name: _TEXT | {"description": f"The code with which the invoice is {name}."} for name in OUTCOMES}
    expect = _closed(boxes | ends)
    line_boxes = "|".join(LINE_BOXES)
    expect["patternProperties"] = {rf"^lines\[[1-9][0-9]{{0,3}}\]\.(?:{line_boxes})$": _TEXT}
    expect["minProperties"] = 1
    return _closed(
        {
            "name": _TEXT | {"description": "What it shows, in a few words."},
            "given": {
                "description": "A file with one invoice as JSON, or its fields written out.",
                "anyOf": [{"type": _SCALARS}, record],
            },
            "expect": {"description": "Boxes and what they must hold; or held:/skipped: with the code."} | expect,
        },
        ("name", "given", "expect"),
    )


def _snippets(names: Mapping[str, str]) -> list[Schema]:
    """What an editor offers: each name as a placeholder."""
    return [{"label": f"<{name}>", "description": said, "body": f"<{name}>"} for name, said in names.items()]
