"""What comes in from files and services is read with a limit on everything that could grow."""

import json
from pathlib import Path

import pytest

from connector.errors import AnswerUnreadable
from connector.mapping import load
from connector.mapping.faults import MappingFaults
from connector.network import Lost
from connector.quickbooks.outcome import parse
from connector.quickbooks.tokens import _read_tokens
from connector.sources.cake import Cake
from connector.sources.commission_factory import CommissionFactory
from connector.sources.reading import parse_json
from connector.sources.source import Connection

MAPPING = Path(__file__).parents[2] / "mappings" / "cake.yaml"

# JSON.


@pytest.mark.parametrize("reader", [parse, parse_json])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 2000 + b"]" * 2000,
        b"9" * 10_000,
        b"[NaN]",
        b"[Infinity]",
        b"\xff\xfe",
        b"",
        b"{} {}",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_json_that_is_none_too_deep_or_no_number_is_one_kind_of_error(reader, body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever its words
        reader(body)


def test_an_exact_number_of_absurd_size_is_refused_before_anybody_counts_with_it() -> None:
    with pytest.raises(ValueError, match="out of range"):
        parse(b'{"Balance": 1e999999999}')


@pytest.mark.parametrize("life", [10**30, -1, "soon", None, [], 1e400])
def test_tokens_that_live_for_ever_are_none(life: object) -> None:
    answer = {"access_token": "a", "refresh_token": "r", "expires_in": life}
    with pytest.raises(Lost):
        _read_tokens(answer)
    with pytest.raises(Lost):
        _read_tokens(answer | {"expires_in": 3600, "x_refresh_token_expires_in": life or "x"})


# XML.

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + b"".join(b'<!ENTITY lol%d "%s">' % (n, (b"&lol%d;" % (n - 1 or 0)) * 10) for n in range(1, 9))
    + b"]><InvoiceArray>&lol8;</InvoiceArray>"
)
ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    b"<InvoiceArray><Invoice><Id>&file;</Id></Invoice></InvoiceArray>"
)
PARAMETER = b'<!DOCTYPE x [<!ENTITY % remote SYSTEM "http://127.0.0.1:1/x.dtd"> %remote;]><InvoiceArray/>'
PLAIN_DTD = b"<!DOCTYPE InvoiceArray><InvoiceArray/>"
DEEP = b"<InvoiceArray><Invoice>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</Invoice></InvoiceArray>"
INCLUDE = (
    b'<InvoiceArray xmlns:xi="http://www.w3.org/2001/XInclude"><Invoice>'
    b'<xi:include href="file:///etc/passwd" parse="text"/></Invoice></InvoiceArray>'
)


@pytest.mark.parametrize("body", [BOMB, ENTITY, PARAMETER, PLAIN_DTD, DEEP], ids=lambda body: repr(body[:40]))
def test_xml_with_entities_or_without_a_bottom_is_a_wrong_shape(body: bytes) -> None:
    source = CommissionFactory(Connection("cf", "https://example.com", "canary-key"))
    with pytest.raises(AnswerUnreadable) as caught:
        source._from_xml(body)
    assert "root:" not in caught.value.what


def test_xml_includes_nothing() -> None:
    source = CommissionFactory(Connection("cf", "https://example.com", "canary-key"))
    (record,) = source._from_xml(INCLUDE)
    assert record == {"include": None}


# Mappings and tables.


def faults_of(folder: Path, text: str | bytes) -> list[str]:
    path = folder / "cake.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MappingFaults) as caught:
        load(path, Cake, root=folder)
    return [f"{fault.code}: {fault.what}" for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n", "M103: a text cannot begin with"),
        ("[" * 5000, "M111: brackets and indents go deeper than 20"),
        ("a: " + "{a: " * 5000, "M111: brackets and indents go deeper than 20"),
        ("".join("\n" + " " * n + "a:" for n in range(500)), "M111: brackets and indents go deeper than 20"),
        ("a: !!python/object/apply:os.system [id]\n", "M103: a text cannot begin with"),
        ("a: 1\n---\nb: 2\n", "M103: a second mapping begins here"),
        ("#" * 300_000, "M101: this file is larger than 256 KB"),
        ("a: \x00\n", "M101: a character that no one can see"),
        (b"\xff\xfe\x00", "M101: this file is not saved as UTF-8"),
    ],
    ids=range(9),
)
def test_a_mapping_cannot_grow_when_it_is_read(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert any(fault.startswith(told) for fault in faults_of(tmp_path, text))


def outside(folder: Path) -> Path:
    secret = folder.parent / f"{folder.name}-outside.csv"
    secret.write_text("affiliate_id,vendor\ncanary,canary\n")
    return secret


@pytest.mark.parametrize("way", ["dots", "absolute", "link", "folder link", "circle"])
def test_a_mapping_reads_no_table_outside_of_its_folder(tmp_path: Path, way: str) -> None:
    folder = tmp_path / "mappings"
    folder.mkdir()
    secret = outside(folder)
    for table in MAPPING.parent.glob("*.csv"):
        (folder / table.name).write_bytes(table.read_bytes())
    (folder / "link.csv").symlink_to(secret)
    (folder / "elsewhere").symlink_to(tmp_path, target_is_directory=True)
    (folder / "circle.csv").symlink_to("circle.csv")
    names = {
        "dots": f"../{secret.name}",
        "absolute": str(secret),
        "link": "link.csv",
        "folder link": f"elsewhere/{secret.name}",
        "circle": "circle.csv",
    }
    text = MAPPING.read_text().replace("cake.vendors.csv", names[way])
    assert names[way] in text

    told = faults_of(folder, text)

    assert len(told) == 1
    assert told[0] == f"M130: {names[way]} does not stand beside the mapping"
    assert not any("canary" in fault for fault in told)


def test_a_table_may_stand_below_the_folder_and_behind_a_link_within_it(tmp_path: Path) -> None:
    """As a mounted set of files stands: every name is a link into a folder that is swapped whole."""
    real = tmp_path / "..data"
    real.mkdir()
    for file in MAPPING.parent.glob("cake*"):
        if file.is_file():
            (real / file.name).write_bytes(file.read_bytes())
            (tmp_path / file.name).symlink_to(f"..data/{file.name}")
    for folder in MAPPING.parent.iterdir():
        if folder.is_dir():
            (tmp_path / folder.name).symlink_to(folder, target_is_directory=True)

    assert load(tmp_path / "cake.yaml", Cake, root=tmp_path).tables


def test_a_table_of_absurd_cells_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    text = MAPPING.read_text()
    for file in MAPPING.parent.glob("cake*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    head = next(MAPPING.parent.glob("cake.vendors.csv")).read_text().splitlines()[0]
    (tmp_path / "cake.vendors.csv").write_text(f'{head}\n"{"x" * 2_000_000}"\n')
    assert any(fault.startswith("M137") for fault in faults_of(tmp_path, text))
    (tmp_path / "cake.vendors.csv").write_text("," * 2_000_000)
    assert faults_of(tmp_path, text)


def test_a_special_file_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    (tmp_path / "cake.yaml").symlink_to("/dev/zero")
    with pytest.raises(MappingFaults, match="larger than 256 KB"):
        load(tmp_path / "cake.yaml", Cake, root=tmp_path)


def test_a_record_that_repeats_the_key_is_kept_without_it() -> None:
    body = json.dumps([{"Id": 1, "Description": "key canary-key here", "api_key": "other"}]).encode()
    (record,) = parse_json(body, "canary-key")
    assert "canary-key" not in json.dumps(record)
