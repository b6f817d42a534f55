"""What people do in QuickBooks itself, and the files they attach."""

from typing import Any

import pytest
import requests
from conftest import Books, code


def test_a_person_edits_copies_pays_and_deletes_a_bill(books: Books) -> None:
    bill = books.made("Bill", books.bill(PrivateNote="memo\nref:ABCDEFGHIJKLMNOP"))
    edited = books.control("person", {"does": "edit", "bill": bill["Id"], "changes": {"PrivateNote": "mine"}})
    assert (edited["PrivateNote"], edited["SyncToken"], edited["TotalAmt"]) == ("mine", "1", 100)
    copy = books.control("person", {"does": "copy", "bill": "CAKE-10042", "changes": {"DocNumber": "COPY"}})
    assert (copy["PrivateNote"], copy["SyncToken"], copy["TotalAmt"]) == ("mine", "0", 100)
    assert copy["Id"] != bill["Id"]
    part = books.control("person", {"does": "pay", "bill": bill["Id"], "amount": 40})
    assert (part["Balance"], part["SyncToken"], len(part["LinkedTxn"])) == (60, "2", 1)
    assert books.control("person", {"does": "pay", "bill": bill["Id"]})["Balance"] == 0
    free = books.control("person", {"does": "unpay", "bill": bill["Id"]})
    assert (free["Balance"], free["LinkedTxn"]) == (100, [])
    assert books.control("person", {"does": "delete", "bill": "COPY"})["status"] == "Deleted"
    assert code(books.get(f"bill/{copy['Id']}")) == "610"


def test_a_person_works_on_credits_too_and_in_closed_books(books: Books) -> None:
    books.made("VendorCredit", books.bill())
    books.control("preferences", {"book_close_date": "2026-12-31"})
    change = {"does": "edit", "kind": "VendorCredit", "bill": "CAKE-10042", "changes": {"PrivateNote": "late"}}
    assert books.control("person", change)["PrivateNote"] == "late"


def test_everything_that_control_takes_is_told_by_its_help(books: Books) -> None:
    told = requests.get(f"{books.url}/control/help", timeout=10).json()["posts"]

    assert set(told) == {"/switches", "/arm", "/disarm", "/load", "/person", "/preferences", "/reset"}
    for path in told:
        assert requests.get(f"{books.url}/control{path}", timeout=10).status_code in (200, 405)  # none is unknown


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ({"does": "burn", "bill": "1"}, "edit, delete, copy, pay, unpay"),
        ({"does": "edit", "bill": "nope"}, "0 of kind Bill"),
        ({"does": "edit", "bill": "1", "kind": "Vendor"}, "not on a Vendor"),
        ({"does": "edit", "bill": "1", "colour": "red"}, "colour"),
        ({"does": "edit", "bill": "1", "changes": {"VendorRef": {"value": "987"}}}, "2500"),
        ({"does": "edit", "bill": "1", "changes": 1}, "object"),
        ({"does": "pay", "bill": "1", "amount": 1000}, "6000"),
    ],
)
def test_what_a_person_cannot_do_is_said(books: Books, deed: dict[str, Any], said: str) -> None:
    books.made("Bill", books.bill())
    answer = requests.post(f"{books.url}/control/person", json=deed, timeout=5)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def uploaded(books: Books, end: str, metadata: str, content: str = "aGVsbG8=", head: str = "base64") -> Any:
    """One file, with the line ends that are asked for; `end` as python-quickbooks sends it is the bare line feed."""
    lines = [
        "",
        "--B",
        'Content-Disposition: form-data; name="file_metadata_01"',
        "Content-Type: application/json",
        "",
        metadata,
        "",
        "--B",
        'Content-Disposition: form-data; name="file_content_01"',
        "Content-Type: text/xml",
        f"Content-Transfer-Encoding: {head}",
        "",
        content,
        "--B--",
        "",
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    return books.session.post(f"{books.base}/upload", data=end.join(lines).encode(), headers=headers, timeout=5)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["line feeds alone", "carriage returns too"])
def test_a_file_is_attached_to_a_bill(books: Books, end: str) -> None:
    bill = books.made("Bill", books.bill())
    reference = f'"AttachableRef":[{{"EntityRef":{{"type":"Bill","value":"{bill["Id"]}"}}}}]'
    answer = uploaded(books, end, f'{{"FileName":"a.xml","ContentType":"text/xml",{reference}}}')
    made = answer.json()["AttachableResponse"][0]["Attachable"]
    assert (made["FileName"], made["Size"], made["SyncToken"]) == ("a.xml", 5, "0")
    assert made["AttachableRef"][0]["EntityRef"] == {"type": "Bill", "value": bill["Id"]}
    assert books.get(f"attachable/{made['Id']}").json()["Attachable"] == made
    assert len(books.rows("select * from Attachable where FileName = 'a.xml'")) == 1
    assert books.post("attachable", made | {"Note": "n"}).json()["Attachable"]["Size"] == 5
    gone = books.post("attachable", {"Id": made["Id"], "SyncToken": "1"}, operation="delete")
    assert gone.json()["Attachable"]["status"] == "Deleted"


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ('{"FileName":"a.xml","AttachableRef":[{"EntityRef":{"type":"Bill","value":"75"}}]}', "6000"),
        ('{"FileName":"a.exe"}', "6041"),
        ('{"Nonsense":1}', "2010"),
        ("{}", "6030"),
        ("{", "2010"),
    ],
)
def test_a_file_that_cannot_be_kept_is_a_fault_with_status_200(books: Books, metadata: str, expected: str) -> None:
    answer = uploaded(books, "\n", metadata)
    assert answer.status_code == 200
    (only,) = answer.json()["AttachableResponse"]
    assert only["Fault"]["Error"][0]["code"] == expected
    assert books.control("company")["Attachable"] == []


def test_a_body_that_is_no_multipart_is_refused_whole(books: Books) -> None:
    assert code(books.post("upload", {"FileName": "a.xml"})) == "2010"


def test_a_note_needs_no_file(books: Books) -> None:
    assert books.made("Attachable", {"Note": "seen"})["Note"] == "seen"
