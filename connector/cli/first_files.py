"""What ``connector init`` writes: the settings, each line explained, and the first mappings with all that is theirs."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final

from connector.errors import WrongUse

__all__ = [
    "KINDS",
    "Kind",
    "SourceAnswers",
    "WrittenAnswers",
    "copy_mapping",
    "exists",
    "variable",
    "write_settings",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A type of source that a mapping comes along for.

    Args:
        address: Everybody's; "" where each customer has one.
        example: What an address looks like.
        key_at: Where people find their key.
        asks_currency: Its amounts may stand beside a sign that several currencies have.
    """

    type: str
    title: str
    address: str
    example: str
    key_at: str
    schedule: str
    asks_currency: bool = False


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "cake": Kind(
            "cake",
            "CAKE",
            "",
            "https://yourdomain.cakemarketing.com",
            "Setup > System Access > API Keys",
            "every 15 minutes",
            asks_currency=True,
        ),
        "commission_factory": Kind(
            "commission_factory",
            "Commission Factory",
            "https://api.commissionfactory.com",
            "https://api.commissionfactory.com",
            "of the affiliate account",
            "every 6 hours",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class SourceAnswers:
    """One source, as the person wants it."""

    kind: Kind
    base_url: str
    api_key: str | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class WrittenAnswers:
    """All that the settings are written from; None: a secret that is left out, to stand elsewhere."""

    environment: str
    realm_id: str
    client_id: str
    client_secret: str | None
    sources: tuple[SourceAnswers, ...]
    start_date: date

    @property
    def left_out(self) -> list[str]:
        """The secrets that are not written here, as settings name them."""
        keys = {"quickbooks.client_secret": self.client_secret}
        keys |= {f"sources.{each.kind.type}.api_key": each.api_key for each in self.sources}
        return [key for key, value in keys.items() if value is None]


def variable(key: str) -> str:
    """The environment's name of a setting: ``CONNECTOR_SOURCES__CAKE__API_KEY``."""
    return "CONNECTOR_" + key.replace(".", "__").upper()


def write_settings(path: Path, answers: WrittenAnswers) -> None:
    """
    Write the settings, for their owner alone.

    Raises:
        WrongUse: The file is there already (``settings-exist``), or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise exists(path) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(_lines(answers)) + "\n")


def exists(path: Path) -> WrongUse:
    """What is said where settings are there already: they are somebody's work and stay as they are."""
    return WrongUse(
        f"{path} is there already, and settings are never written over",
        code="settings-exist",
        remedy=f"edit it, or name another folder with --folder; connector -C {path} doctor looks at it",
    )


def copy_mapping(kind: Kind, folder: Path) -> tuple[list[Path], list[Path]]:
    """
    Copy the mapping that comes along with its tables, its examples' records and its schema for the editor.

    What is there already stays.

    Args:
        kind: Whose mapping.
        folder: The folder of the mappings; made where it is missing.

    Returns:
        The files that were written, and those that were there.

    Raises:
        WrongUse: One cannot be written.
    """
    from connector.cli.schema_file import write_schema  # noqa: PLC0415 - only where a mapping is copied
    from connector.mapping import MappingFaults, load, shipped  # noqa: PLC0415 - as above
    from connector.sources.registry import source_type  # noqa: PLC0415 - loads the source's own module

    home = shipped()
    form = f"{kind.type}.yaml"
    mapping = load(home / form, source_type(kind.type), root=home)
    records = dict.fromkeys(example.given for example in mapping.examples if isinstance(example.given, str))
    written, kept = [], []
    for name in (form, *mapping.tables, *records):
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write((home / name).read_bytes())
            written.append(target)
        except FileExistsError:
            kept.append(target)
        except OSError as error:
            raise _unwritable(target, error) from None
    with suppress(MappingFaults, WrongUse):  # what an editor is helped by is worth no failure
        schema = write_schema(folder / form, source_type(kind.type), folder)
        (written if schema.changed else kept).append(schema.path)
    return written, kept


def _unwritable(path: Path, error: OSError) -> WrongUse:
    return WrongUse(
        f"{path} cannot be written: {error.strerror}",
        code="file-not-writable",
        remedy="name a folder with --folder that you may write to",
    )


def _lines(answers: WrittenAnswers) -> Iterator[str]:
    yield "# Written by: connector init. Keep it to yourself; after editing: connector doctor"
    yield "# A secret may stand elsewhere: in the environment, or in a file of the folder CONNECTOR_SECRETS_DIR."
    yield ""
    yield "[quickbooks]"
    yield _line("environment", _quoted(answers.environment), "sandbox | production, nothing else")
    yield _line("realm_id", _quoted(answers.realm_id), "the company: Settings > Account and settings > Billing")
    yield _line("client_id", _quoted(answers.client_id), "of your app at developer.intuit.com")
    yield _secret("client_secret", answers.client_secret, "quickbooks.client_secret")
    for source in answers.sources:
        kind = source.kind
        yield ""
        yield f"[sources.{kind.type}]"
        yield _line("type", _quoted(kind.type), f"{kind.title}'s invoices")
        yield _line("base_url", _quoted(source.base_url), "where it answers")
        yield _secret("api_key", source.api_key, f"sources.{kind.type}.api_key")
        yield _line("mapping", _quoted(f"mappings/{kind.type}.yaml"), "the form that makes a bill of an invoice")
        if source.currency:
            yield _line("currency", _quoted(source.currency), 'what a bare "$" or no currency means')
        yield _line("start_date", answers.start_date.isoformat(), "nothing dated earlier is ever posted")
        yield _line("schedule", _quoted(kind.schedule), "when connector serve reads it")


def _line(key: str, value: str, comment: str) -> str:
    return f"{f'{key:<13} = {value}':<54}  # {comment}"


def _secret(key: str, value: str | None, name: str) -> str:
    if value is None:
        return f"# {key}: left out; set {variable(name)}, or put it in a file {name.replace('.', '__')} of that folder"
    return _line(key, _quoted(value), "keep it secret")


def _quoted(text: str) -> str:
    """Text as TOML has it: its basic strings are those of JSON, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
