"""POST /upload: files with what they belong to, as multipart with CRLF or, as python-quickbooks sends it, LF alone."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from connector.sandbox.quickbooks.company import Company, Data
from connector.sandbox.quickbooks.entities import ENTITIES
from connector.sandbox.quickbooks.faults import Refusal, refuse
from connector.sandbox.quickbooks.wire import decode
from connector.sandbox.quickbooks.write import Options, write

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_NAME = re.compile(rb'name="?([^";\r\n]+)"?')


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    content: bytes


def upload(company: Company, content_type: str, body: bytes) -> list[Data]:
    """
    The AttachableResponse list: for each file_metadata part its Attachable, or a Fault (the HTTP status is 200 still).

    Raises Refusal 2010 for a body that is no multipart.
    """
    boundary = _BOUNDARY.search(content_type)
    parts = _parts(body, boundary[1].encode()) if boundary else []
    contents = {part.name.rpartition("_")[2]: part.content for part in parts if part.name.startswith("file_content")}
    told = [part for part in parts if part.name.startswith("file_metadata")]
    if not told:
        raise refuse("2010", "Property Name:file_metadata_01 is unsupported or invalid", None)
    return [_kept(company, part, contents.get(part.name.rpartition("_")[2])) for part in told]


def _kept(company: Company, part: _Part, content: bytes | None) -> Data:
    entity = ENTITIES["Attachable"]
    try:
        body = _metadata(part.content)
        if content is None and body.get("FileName"):
            raise refuse("6020", "The file's content is missing.", "FileName")
        made = write(company, entity, body, Options("create"))
    except Refusal as refusal:
        return {"Fault": refusal.fault()}
    if content is None:
        return {"Attachable": made}
    record = company.records[entity.name][str(decode(str(made))["Id"])]
    uri = f"/v3/company/{company.realm}/download/{record.data['Id']}"
    file = {"Size": len(content), "FileAccessUri": uri, "TempDownloadUri": f"https://download.invalid{uri}"}
    return {"Attachable": company.put(entity.name, record.data | file, record).text}


def _metadata(content: bytes) -> dict[str, Any]:
    try:
        body = decode(content)
    except ValueError as fault:
        raise refuse("2010", f"Property Name:Can not parse the metadata: {fault}", None) from fault
    if not isinstance(body, dict):
        raise refuse("2010", "Property Name:Can not construct instance of Attachable", None)
    return body


def _parts(body: bytes, boundary: bytes) -> list[_Part]:
    found = []
    for piece in body.split(b"--" + boundary)[1:]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        if not blank:
            head, blank, content = piece.partition(b"\n\n")
        name = _NAME.search(head)
        if not blank or name is None:
            continue
        content = content.removesuffix(b"\n").removesuffix(b"\r")
        if b"base64" in head.lower():
            try:
                content = base64.b64decode(content)
            except binascii.Error:
                content = b""
        found.append(_Part(name[1].decode("utf-8", "replace"), content))
    return found
