"""From the nodes of a mapping to its rules: every section of the form, all faults at once."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from connector.document import Amounts
from connector.invoice import Declaration
from connector.mapping.boxes import BILL, CHECK, NEEDED, PAYMENT, SECTIONS
from connector.mapping.faults import Fault, TextFile, closest
from connector.mapping.form import Form
from connector.mapping.parse_boxes import BoxReader
from connector.mapping.parse_examples import parse_examples
from connector.mapping.policy import AMOUNT_ABOVE, CHOICES, Policy
from connector.mapping.rules import Example, Rule, Rules, StatusRule
from connector.mapping.tables import Table, read_table, spoilt
from connector.mapping.yaml_text import Items, Map, Node, Text
from connector.money import typed_decimal

__all__ = ["Parsed", "ReadTable", "parse_mapping", "parse_tables"]

ReadTable = Callable[[str], TextFile | Fault]
"""A table's file by the name that the mapping gives it."""


@dataclass(frozen=True, slots=True)
class Parsed:
    rules: Rules
    policy: Policy
    examples: tuple[Example, ...]


def parse_mapping(
    file: TextFile, root: Node, declaration: Declaration, read: ReadTable, faults: list[Fault]
) -> tuple[Parsed | None, list[Fault]]:
    """The rules of a mapping; None and the faults, those of its layout among them, where it has any."""
    form = Form(file)
    form.faults.extend(faults)
    if not isinstance(root, Map):
        form.fault("M108", "this is no mapping", root.span, "it begins with   source: …")
        return None, form.faults
    found = form.known(root, SECTIONS, NEEDED, "a mapping")
    parsed = _Sections(form, found, declaration, read).parse()
    return (None if form.faults else parsed), form.faults


def parse_tables(file: TextFile, root: Node, declaration: Declaration, read: ReadTable) -> dict[str, Table | None]:
    """The tables of a mapping whatever else is wrong with it, by name; None: that one cannot be used."""
    form = Form(file)
    named = root.get("tables") if isinstance(root, Map) else None
    found = {} if named is None else {"tables": (Text("tables", named.span, "tables", plain=True), named)}
    return _Sections(form, found, declaration, read).tables()


class _Sections:
    def __init__(
        self, form: Form, found: dict[str, tuple[Text, Node]], declaration: Declaration, read: ReadTable
    ) -> None:
        self._form = form
        self._found = found
        self._declaration = declaration
        self._read = read
        self._misspelt: set[str] = set()

    def parse(self) -> Parsed:
        self._source()
        status = self._status()
        tables = self.tables()
        reader = BoxReader(self._form, self._declaration, tables)
        bill = reader.boxes(entries, BILL, "a bill") if (entries := self._map("bill")) else {}
        items = self._form.items(*self._found["lines"]) if "lines" in self._found else None
        lines = reader.lines(items) if items else ()
        check = reader.boxes(entries, CHECK, "check") if (entries := self._map("check")) else {}
        payment = reader.boxes(entries, PAYMENT, "a payment") if (entries := self._map("payment")) else {}
        amounts = bill.pop("amounts are", None)
        taxed = any("tax" in line.boxes for line in lines)
        silent = "exclusive of tax" if taxed else "out of scope of tax"
        rules = Rules(
            status=status,
            tables={name: table for name, table in tables.items() if table},
            bill=bill,
            lines=lines,
            check=check,
            payment=payment,
            amounts_are=cast(Amounts, _literal(amounts) or silent),
            amounts_place=amounts.place if amounts else "",
            policy_places=self._policy_places(),
        )
        return Parsed(rules, self._policy(), parse_examples(self._form, self._found.get("examples")))

    def _map(self, section: str) -> Map | None:
        return self._form.map(*self._found[section]) if section in self._found else None

    def _source(self) -> None:
        if "source" not in self._found:
            return
        text = self._form.text(*self._found["source"])
        if text is not None and text.value != self._declaration.type:
            what = f"this mapping is for {text.value}, and the connection is {self._declaration.type}"
            self._form.fault(
                "M120", what, text.span, f"write   source: {self._declaration.type}   or name another file"
            )

    def _status(self) -> tuple[StatusRule, ...]:
        """Rule 3: the fields named under take, with their words."""
        taken, left = self._words("take"), self._words("leave")
        rules: list[StatusRule] = []
        for name, (key, words) in taken.items():
            leave_key, leave_words = left.get(name, (key, []))
            folded = {word.value.strip().casefold() for word in words}
            for word in leave_words:
                if word.value.strip().casefold() in folded:
                    what = f"{word.value} is taken and left"
                    self._form.fault("M122", what, word.span, "keep it in one of the two lists")
            rules.append(
                StatusRule(
                    name,
                    frozenset(folded),
                    frozenset(word.value.strip().casefold() for word in leave_words),
                    tuple(word.value for word in [*words, *leave_words]),
                    self._form.place(key.span),
                    self._form.place(leave_key.span),
                )
            )
        for name, (key, _) in left.items():
            if name not in taken and name not in self._misspelt and "take" in self._found:
                what = f"{name} stands under leave only"
                self._form.fault("M121", what, key.span, "write under take which of its values become bills")
        needed = self._declaration.status
        if "take" in self._found and needed not in {*taken, *left, *self._misspelt}:
            what = f"take does not name {needed}"
            help_ = f"say which invoices become bills:   {needed}: [Approved, …]"
            self._form.fault("M106", what, self._found["take"][0].span, help_)
        return tuple(rules)

    def _words(self, section: str) -> dict[str, tuple[Text, list[Text]]]:
        entries = self._map(section)
        words: dict[str, tuple[Text, list[Text]]] = {}
        for key, node in entries.entries if entries else ():
            if not self._field(key):
                continue
            items = self._form.items(key, node)
            words[key.value] = key, self._texts(key, items) if items else []
        return words

    def _field(self, key: Text) -> bool:
        names = [field.name for field in self._declaration.fields]
        if key.value in names:
            return True
        guess = closest(key.value, names)
        self._misspelt.update([guess] if guess else [])
        help_ = f"did you mean {guess}?" if guess else f"write one of its fields: {', '.join(names)}"
        what = f"a {self._declaration.type} invoice has no field {key.value}"
        self._form.fault("M104", what, key.span, help_)
        return False

    def _texts(self, key: Text, items: Items) -> list[Text]:
        """The words of a list; an empty status is always held, so no list can name it."""
        texts = [text for node in items.entries if (text := self._form.text(key, node)) is not None]
        for text in texts:
            if not text.value.strip():
                self._form.fault("M109", f"{key.value} names an empty word", text.span, "leave it out: empty is held")
        return texts

    def tables(self) -> dict[str, Table | None]:
        entries = self._map("tables")
        tables: dict[str, Table | None] = {}
        for key, node in entries.entries if entries else ():
            tables[key.value] = self._table(key, node)
        return tables

    def _table(self, key: Text, node: Node) -> Table | None:
        inner = self._form.map(key, node)
        if inner is None:
            return None
        if not key.value.isidentifier():
            what = f"{key.value} cannot be the name of a table"
            self._form.fault("M115", what, key.span, "use letters, digits and _")
        found = self._form.known(inner, ("file", "match"), ("file", "match"), "a table")
        name = self._form.text(*found["file"]) if "file" in found else None
        match = self._match(*found["match"]) if "match" in found else ()
        if name is None:
            return None
        file = self._read(name.value)
        if isinstance(file, Fault):
            # A file that is not there is a mistake of the mapping, shown where it is named.
            named = self._form.file.fault(file.code, file.what, name.span, file.help)
            self._form.faults.append(file if file.place.line else named)
            return None
        if not match:
            return None
        table, faults = read_table(key.value, file, match)
        self._form.faults.extend(faults)
        if table is not None:
            texts = [field.name for field in self._declaration.fields if field.type == "text"]
            self._form.faults.extend(spoilt(table, texts))
        return table

    def _match(self, key: Text, node: Node) -> tuple[str, ...]:
        nodes = node.entries if isinstance(node, Items) else (node,)
        texts = [text for one in nodes if (text := self._form.text(key, one)) is not None]
        good = [text.value for text in texts if self._field(text)]
        if not nodes:
            self._form.fault("M109", "match is empty", key.span, "name the field that chooses the row")
        return tuple(dict.fromkeys(good)) if len(good) == len(nodes) else ()

    def _policy(self) -> Policy:
        entries = self._map("policy")
        answers: dict[str, Any] = {}
        if entries is None:
            return Policy()
        for name, (key, node) in self._form.known(entries, (*CHOICES, AMOUNT_ABOVE), (), "the policy").items():
            text = self._form.text(key, node)
            if text is None:
                continue
            if name == AMOUNT_ABOVE:
                answers["amount_above"] = self._amount(text)
            else:
                attribute, allowed = CHOICES[name]
                answers[attribute] = text.value
                self._answer(text, allowed)
        if answers.get("paid_at_source") == "record payment" and "payment" not in self._found:
            key = self._form_key(entries, "invoice paid at source")
            self._form.fault("M124", "record payment needs a payment", key.span, "add   payment: {account: …}")
        return Policy(**answers)

    def _policy_places(self) -> dict[str, str]:
        node = self._found["policy"][1] if "policy" in self._found else None
        return {key.value: self._form.place(key.span) for key, _ in node.entries} if isinstance(node, Map) else {}

    def _form_key(self, entries: Map, name: str) -> Text:
        return next(key for key, _ in entries.entries if key.value == name)

    def _answer(self, text: Text, allowed: tuple[str, ...]) -> None:
        if text.value not in allowed:
            guess = closest(text.value, allowed)
            help_ = f"did you mean {guess}?" if guess else f"write one of: {', '.join(allowed)}"
            self._form.fault("M118", f"{text.value} is no answer here", text.span, help_)

    def _amount(self, text: Text) -> Decimal | None:
        try:
            amount = typed_decimal(text.value)
        except ValueError:
            amount = Decimal(-1)
        if amount < 0:
            self._form.fault("M119", f"{text.value} is no amount", text.span, "write 1234.5 or 1,234.50")
        return amount


def _literal(rule: Rule | None) -> str | None:
    return rule.template.literal if rule else None
