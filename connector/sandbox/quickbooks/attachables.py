"""Attachments and notes: what they demand, and that what they are linked to must exist."""

from connector.sandbox.quickbooks.checks import Writing, reference_value
from connector.sandbox.quickbooks.company import Data
from connector.sandbox.quickbooks.entities import ENTITIES
from connector.sandbox.quickbooks.faults import Problem, business
from connector.sandbox.quickbooks.wire import canonical

_TYPES = set("ai csv doc docx eps gif jpeg jpg ods pdf png rtf tif txt xls xlsx xml".split())
_OF_FILES = {"Size", "FileAccessUri", "TempDownloadUri"}
_OWN = _OF_FILES | {"Id", "SyncToken", "MetaData", "domain", "sparse", "status"}


def build_attachable(writing: Writing) -> Data:
    """The record of an attachment or note, without its Id, SyncToken and times. Raises Refusal."""
    body = {name: value for name, value in canonical(writing.body).items() if name not in _OWN}
    kind = str(body.get("FileName", "")).rpartition(".")[2].lower()
    if body.get("FileName") and kind not in _TYPES:
        writing.add(Problem("6041", f"File type is not supported. Supplied value:{kind}", "FileName"))
    if not (body.get("FileName") or body.get("Note")):
        writing.add(Problem("6030", "An attachment needs a FileName or a Note.", "FileName"))
    for held in body.get("AttachableRef") or []:
        target = held.get("EntityRef") or {}
        entity, key = str(target.get("type", "")), reference_value(held, "EntityRef")
        if entity not in ENTITIES or writing.company.find(entity, key) is None:
            text = f"The entity {entity} {key} that you are trying to link does not exist. {entity} {key}"
            writing.add(business(text))
    writing.settle()
    old = writing.old.data if writing.old else {}
    return {name: old[name] for name in _OF_FILES & old.keys()} | body
