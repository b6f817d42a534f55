"""Every code that a mapping's message carries: its title and one paragraph, for ``connector help CODE``."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from connector.mapping.boxes import BILL, CHECK, LINE, PAYMENT

__all__ = ["FAULT_CODES", "NOTE_CODES", "OUTCOME_CODES"]

_FAULTS: Final = """
M101: the mapping cannot be read
    The file is missing, empty, too large (256 KB), not saved as UTF-8, or holds a character that cannot be
    seen.
M102: the layout cannot be followed
    A line reads   box: what goes in it.   Lines that belong together begin in the same column, with spaces and
    not tabs. A text that holds ": ", begins with a bracket or a sign, or goes on after a quote needs quotes
    round the whole of it.
M103: a trick of YAML that mappings do without
    Anchors (&), aliases (*), tags (!), merge keys (<<) and several mappings in one file are refused: what a box
    holds must be seen on its own line.
M104: no such field
    A mapping may name the fields that the source declares and no others; names are exact, case included. A
    column of a table is written <table.column>.
M105: no such box
    The word left of the colon is none that belongs here; names are exact.
M106: something needed is missing
    A mapping needs source, take, bill and lines; a bill needs vendor, number, date and currency; a line needs
    an amount and an account or an item; take names the source's status.
M107: a key stands twice
    The second would silently replace the first, so one of them has to go.
M108: not filled in the way it is meant
    Some boxes take one text, some a list in [ ], some boxes of their own, one a line.
M109: an empty box
    Leave the box out, or write "" to say that empty is meant; needed boxes must be filled.
M110: a text is cut short by #
    A # after a space begins a remark. Where the remark holds a placeholder, or no space follows the #, it was
    probably meant as part of the text: put quotes round the whole text.
M111: brackets or indents too deep
    A mapping needs four levels; twenty are a slip.
M112: a placeholder that cannot be understood
    A placeholder reads <field>, <table.column>, <field or "text">, <date + 14 days> or <date as d mmm yyyy>.
    Write << for a literal <. It does not calculate.
M113: a date pattern that cannot be followed
    Patterns are the spreadsheet's: d dd mm mmm mmmm yy yyyy, with space , . / - between.
M114: a date is needed
    Date boxes, days and date patterns work on dates, and this is none.
M115: no such table
    Tables are named under tables: with their file and the field that chooses the row.
M116: no such column
    The table's first line has no such heading; names are exact, case included.
M117: the wrong kind of value for a box
    A number box takes one number field, a table's column of numbers, or a number as typed; a date box takes one
    date. Nothing may stand round it.
M118: no answer here
    This line takes one of a few fixed answers.
M119: a number or date that cannot be read
    Write 1234.5 or 1,234.50, and dates as 2026-01-31.
M120: a mapping of another source
    The settings name this mapping for a connection of another type.
M121: left and never taken
    A field under leave only would take every other word, also words that nobody has seen yet. Name under take
    which of its values become bills.
M122: taken and left
    A value stands in both lists; only one of them can be meant.
M123: shares that do not split
    Shares are plain percentages, on all lines or on none, all with the same amount, adding up to 100%.
M124: record payment without a payment
    Paying needs to know the account: add a payment block. Its date may be left out: a payment is then dated by
    what the source tells, or else by the day on which it was first seen to say paid.
M125: account or item
    A line has an account or an item, not both; a quantity needs an item.
M126: what QuickBooks would refuse
    This text can never be sent: QuickBooks does not take it in this box.
M130: a table's file is not there
    Tables stand beside the mapping and are named as seen from its folder.
M131: a table is not UTF-8
    Excel's plain "CSV" spoils names with accents. Save it as "CSV UTF-8 (comma delimited)".
M132: headings that cannot be used
    The first line names the columns, each once: letters, digits, _ and inner spaces, not the words or and as.
M133: no column to match on
    The table needs a column named like every field under match.
M134: an id that a spreadsheet spoilt
    Excel takes a long id for a number: it shows 1.23457E+17, keeps 15 digits, and adds .0 or drops the noughts in
    front. Such a key matches no invoice. Write the id anew and format the column as Text first; connector table
    export makes a workbook in which it is.
M135: a key stands twice
    Two rows serve the same key, and which one is meant cannot be told.
M136: a tie between rows with *
    Two rows are equally exact for one key. Add a row for exactly that key.
M137: a row that does not fit its headings
    A row has more cells than the headings, mostly because a text holds a comma and has no quotes, or fewer,
    because cells at its end are missing.
M138: an empty key
    A row without a key serves nobody. Fill it in, or write * to serve every other key.
M139: a cell of the wrong kind
    The mapping puts this column into a number or a date box, so every cell must be one or be empty.
M140: an example's record cannot be read
    An example holds one invoice as its source sent it, as JSON.
M141: an example expects what there is not
    It may name boxes, lines[1].account (from 1), total, or held.
M142: an example fails
    The mapping gives another answer than the example expects. The mapping is not used until they agree.
"""

_NOTES: Final = """
M201: an alternative that is never asked
    In   <a or b>   b is asked where a has no value. What stands before it always has one: a text in quotes, a
    number, or a column without an empty cell in a table with a row for * (every other key).
M202: a table that no box asks
    It is named under tables and decides nothing. Unused columns are welcome; a table was probably meant for a box.
M203: rows that no invoice used yet
    Of all invoices that the source has shown so far none has the key of these rows. They may be of payees to come;
    or the key is misspelt, or belongs to another field.
M204: what contradicts itself
    One line of the mapping takes back what another says, so that one of them does nothing or every invoice waits.
M205: what QuickBooks never takes
    What is typed in the mapping or in a table is longer than QuickBooks allows in that box, or is no name for a
    vendor; every invoice that it decides is held or blocked.
M206: one number for all
    The number of a bill tells it from others. Where all get the same one, all but the first are held.
"""

_OUTCOMES: Final = """
left: left alone
    The mapping's leave list names this invoice's status, so it becomes no bill.
status-unknown: a status in neither list
    The source used a word that the mapping neither takes nor leaves, or none at all. A new word is never
    guessed at. Write it under take or leave in the mapping, then run: connector sync
field-empty: an empty field
    The source left a field empty that a box needs, and the mapping names nothing instead.
number-too-long: a number over 21 characters
    QuickBooks takes 21; a number is never cut.
memo-too-long: a memo over 4,000 characters
    QuickBooks takes 4,000 with our reference; a memo is never cut.
check-net: the lines do not add up to the net
    The mapping's control total differs from its lines; nothing is sent.
check-gross: the lines do not add up to the gross
    Likewise, where the amounts include tax.
amount-above: above the limit
    The policy wants a person to approve an amount like this: connector review, then approve or reject it.
    Or raise   amount above   under policy in the mapping, then run: connector sync
zero-amount: nothing to pay
    The invoice comes to 0.00; the policy skips or holds it.
negative-amount: a negative invoice
    The policy holds it; with credit it would become a vendor credit.
vendor-name: a name that QuickBooks cannot take
    Vendors' names have no colon, tab or line break and at most 500 characters, and no customer or employee has
    the same name. Give the payee a vendor name of its own in the table that the mapping names under tables, in
    a row like this one:
        affiliate_id,affiliate_name,vendor,account,class
        70112,Foo: Media,Foo Media,Affiliate payouts:US,US
    A name that QuickBooks does not have yet is enough: with   vendor not in QuickBooks: create   under policy
    the vendor is made. Then run: connector sync
currency-unknown: no currency
    The source names no currency, or a sign that several share, like $. Say what it means in the settings file,
    in the section of the source:
        [sources.NAME]
        currency = "USD"
    A three-letter code that banks do not know is mended at the source. Then run: connector sync
date-out-of-range: a date out of range
    Days were added to a date at the end of the calendar.
"""

_VERBATIM: Final = " " * 8
_NO_ROW: Final = (
    "No row of the table serves this invoice, or its cell is empty, and the mapping names nothing instead. "
    "Add the row; the invoice goes out with the next sync."
)


def _read(text: str) -> dict[str, tuple[str, str]]:
    """Code to title and paragraph; a line that is not indented begins the next code."""
    codes: dict[str, tuple[str, str]] = {}
    code = ""
    for line in text.strip().splitlines():
        if line.startswith(" "):
            title, paragraph = codes[code]
            codes[code] = title, _joined(paragraph, line)
        else:
            code, _, title = line.partition(": ")
            codes[code] = title, ""
    return codes


def _joined(paragraph: str, line: str) -> str:
    """Lines make one paragraph; those that are indented further stay lines of their own."""
    if line.startswith(_VERBATIM):
        return f"{paragraph}\n{line[4:]}"
    after = paragraph.rpartition("\n")[2].startswith(" ")
    return f"{paragraph}{chr(10) if after else ' '}{line.strip()}".strip()


FAULT_CODES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(_read(_FAULTS))
"""Code to title and explanation, of everything that ``connector check`` finds in a mapping, a table or an example."""

NOTE_CODES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(_read(_NOTES))
"""Likewise of what ``connector check`` notes about a mapping that has no fault."""

OUTCOME_CODES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        f"{box.replace('_', '-').replace(' ', '-')}-unknown": (f"no {box} in the table", _NO_ROW)
        for box in (*BILL, *LINE, *PAYMENT, *CHECK)
    }
    | _read(_OUTCOMES)
)
"""Likewise of everything that keeps one invoice from becoming a bill."""
