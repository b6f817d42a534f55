"""The few questions of ``connector init``: what its options leave open is asked on a terminal, and only there."""

import getpass
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import TypeAdapter, ValidationError

from connector.cli.context import Context
from connector.cli.first_files import KINDS, Kind, SourceAnswers, WrittenAnswers, variable
from connector.errors import WrongUse
from connector.settings.values import Address, CompanyId, Currency, Day, Text, Unfit

__all__ = ["Given", "interview"]


@dataclass(frozen=True, slots=True)
class Given:
    """What the options say, as typed; None and empty: nothing."""

    environment: str | None = None
    realm_id: str | None = None
    client_id: str | None = None
    sources: Sequence[str] = ()
    base_urls: Sequence[str] = ()
    currency: str | None = None
    start_date: str | None = None


def interview(context: Context, given: Given, today: date) -> WrittenAnswers:
    """
    Every answer, from the options or from the person at the terminal.

    Raises:
        WrongUse: An option does not fit, or one is needed and nobody can be asked; the message names all of these.
        Abort: The person broke off.
    """
    asking = _Asking(context)
    listed = ",".join(given.sources) or None
    asking.refuse_unfit(
        (_ENVIRONMENT, given.environment),
        (_REALM_ID, given.realm_id),
        (_CLIENT_ID, given.client_id),
        (_SOURCES, listed),
        (_start_date(today), given.start_date),
    )
    asking.say(
        "Enter takes what stands in brackets. Nothing is written before the last answer; Ctrl-C leaves all as it is."
    )
    environment = asking.answer(_ENVIRONMENT, given.environment)
    realm_id = asking.answer(_REALM_ID, given.realm_id)
    client_id = asking.answer(_CLIENT_ID, given.client_id)
    client_secret = asking.secret("Its client secret", "quickbooks.client_secret")
    names = asking.answer(_SOURCES, listed)
    addresses = _addresses(given.base_urls, names)
    sources = [_source(asking, KINDS[name], addresses.get(name), given.currency) for name in names]
    asking.say(
        "Nothing dated before start_date is ever posted: such bills are in QuickBooks already, or typed by hand."
    )
    start_date = asking.answer(_start_date(today), given.start_date)
    asking.refuse_missing()
    return WrittenAnswers(environment, realm_id, client_id, client_secret, tuple(sources), start_date)


def _source(asking: "_Asking", kind: Kind, base_url: str | None, currency: str | None) -> SourceAnswers:
    address = asking.answer(_address_of(kind), base_url or kind.address or None)
    key = asking.secret(f"{kind.title} API key ({kind.key_at})", f"sources.{kind.type}.api_key")
    told = asking.answer(_currency_of(kind), currency) if kind.asks_currency else None
    return SourceAnswers(kind, address, key, told)


# The questions.


def _typed(kind: Any) -> Callable[[str], Any]:
    """A reader of the settings' own: what it takes, the settings take."""
    adapter = TypeAdapter(kind)

    def read(text: str) -> Any:
        try:
            return adapter.validate_python(text)
        except ValidationError as error:
            raise error.errors()[0]["ctx"]["error"] from None

    return read


def _environment(text: str) -> str:
    if text not in ("sandbox", "production"):
        raise Unfit("is neither sandbox nor production", "write sandbox, or production in full")
    return text


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in KINDS:
            near = get_close_matches(name, KINDS, n=1)
            raise Unfit(f"names {name!r}, which is no source", f"did you mean {near[0]}?" if near else _CHOICE)
    if not names:
        raise Unfit("names none", _CHOICE)
    return list(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class _Question:
    option: str
    words: str
    read: Callable[[str], Any]
    default: str | None = None
    """What an empty answer means; None: there has to be one."""


_CHOICE: Final = f"write one or more of: {', '.join(KINDS)}"
_ENVIRONMENT: Final = _Question(
    "--environment", "QuickBooks environment, sandbox or production", _environment, "sandbox"
)
_REALM_ID: Final = _Question(
    "--realm-id", "Company id (QuickBooks: Settings > Account and settings > Billing)", _typed(CompanyId)
)
_CLIENT_ID: Final = _Question("--client-id", "Client id of your app (developer.intuit.com, its keys)", _typed(Text))
_SOURCES: Final = _Question("--source", f"Sources ({' and '.join(KINDS)}, with a comma between)", _names)


def _address_of(kind: Kind) -> _Question:
    return _Question("--base-url", f"Address of {kind.title}, such as {kind.example}", _typed(Address))


def _currency_of(kind: Kind) -> _Question:
    return _Question("--currency", f"Currency where {kind.title} shows $ alone, such as USD", _typed(Currency), "")


def _start_date(today: date) -> _Question:
    return _Question("--start-date", "start_date", _typed(Day), today.replace(day=1).isoformat())


def _addresses(given: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """The addresses by source: ``cake=https://…``, or without a name that of the one source that needs one."""
    found: dict[str, str] = {}
    for text in given if names else ():
        name, told, address = text.partition("=")
        if not told or name not in KINDS:
            needing = [each for each in names if not KINDS[each].address and each not in found]
            name, address = (needing or list(names))[0], text
        if name not in names or name in found:
            raise WrongUse(
                "an address is given with --base-url that belongs to no source",
                code="wrong-use",
                remedy=f"write --base-url NAME=ADDRESS, NAME being one of: {', '.join(names)}",
            )
        found[name] = address
    return found


@dataclass
class _Asking:
    context: Context
    missing: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """An explanation, where somebody is there to read it."""
        if self._possible:
            self.context.show(text)

    @property
    def _possible(self) -> bool:
        return self.context.interactive and not self.context.json

    def refuse_unfit(self, *given: tuple[_Question, str | None]) -> None:
        """Say what is wrong with an option before anybody has answered a question."""
        for question, text in given:
            if text is not None:
                self.answer(question, text)

    def answer(self, question: _Question, given: str | None) -> Any:
        """What the option says, else the person, else the default; noted as missing where there is none."""
        if given is not None:
            try:
                return question.read(given)
            except Unfit as unfit:
                raise WrongUse(f"{question.option} {unfit.what}", code="wrong-use", remedy=unfit.remedy) from None
        if self._possible:
            return self._asked(question)
        if question.default is None:
            self.missing.append(question.option)
            return []
        return question.read(question.default)

    def _asked(self, question: _Question) -> Any:
        shown = f"{question.words} [{question.default or 'none'}]" if question.default is not None else question.words
        while True:
            text = str(typer.prompt(shown, default="", show_default=False)).strip()
            try:
                return question.read(text or question.default or "")
            except Unfit as unfit:
                self.context.show(f"   it {unfit.what}\n   = {unfit.remedy}")

    def secret(self, words: str, key: str) -> str | None:
        """A secret as it is typed, unseen; None where it stands somewhere already, is left out, or nobody is asked."""
        if not self._possible or _stands(key):
            return None
        try:
            # Typer's own would show the question before it hides the answer, and lose what is typed in between.
            return getpass.getpass(f"{words}, not shown [leave it out]: ").strip() or None
        except EOFError:
            raise typer.Abort from None

    def refuse_missing(self) -> None:
        if self.missing:
            raise WrongUse(
                f"without a terminal nobody can be asked, and not given are: {', '.join(self.missing)}",
                code="answers-missing",
                remedy="give them, or run connector init on a terminal",
            )


def _stands(key: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment or the secrets folder holds a secret already."""
    folder = environment.get("CONNECTOR_SECRETS_DIR")
    file = Path(folder) / key.replace(".", "__") if folder else None
    return bool(environment.get(variable(key))) or (file is not None and file.is_file())
