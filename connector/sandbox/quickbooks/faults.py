"""QuickBooks' faults: the codes with their wording, and the two envelopes they come in."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)

_MESSAGES = {
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "TxnID Cannot Be Linked",
    "800": "Cannot delete object",
    "1040": "Batch size exceeds allowed limit",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2050": "String length is either shorter or longer than supported by specification",
    "2060": "Invalid Date format",
    "2090": "Invalid Number",
    "2100": "Invalid Amount",
    "2110": "Invalid Number value",
    "2130": "Invalid Request Id Format",
    "2170": "Invalid Enumeration",
    "2210": "Email Address is invalid",
    "2250": "You must enter at least one split line",
    "2290": "Negative amounts aren't supported on transaction lines",
    "2410": "Curreny, ExchangeRate is missing.",
    "2500": "Invalid Reference Id",
    "3001": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "5030": "Feature Not Supported",
    "6000": "A business validation error has occurred while processing your request",
    "6020": "The file is missing",
    "6030": "The attachment is not valid",
    "6041": "The file type is not supported",
    "6070": "Amount calculation incorrect in the request",
    "6080": "At least one name field is required",
    "6100": "Invalid tax code",
    "6140": "Duplicate Document Number Error",
    "6170": "Invalid tax detail",
    "6190": "Invalid Company Status",
    "6210": "Account Period Closed, Cannot Update Through Services API",
    "6240": "Duplicate Name Exists Error",
    "6310": "Billable without customer",
    "6480": "The transaction is matched or linked",
    "10000": "An application error has occurred while processing your request",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of a fault. `element` None leaves the key out, as some recordings do."""

    code: str
    detail: str
    element: str | None = ""

    @property
    def message(self) -> str:
        """Intuit's message for the code."""
        return _MESSAGES.get(self.code, "Error")

    def body(self) -> dict[str, Any]:
        """The error as QuickBooks writes it."""
        body = {"Message": self.message, "Detail": self.detail, "code": self.code}
        return body if self.element is None else body | {"element": self.element}


class Refusal(Exception):
    """An application fault: one problem or several. Nothing was done."""

    def __init__(self, problems: Iterable[Problem], kind: str = "ValidationFault") -> None:
        self.problems = tuple(problems)
        self.kind = kind
        super().__init__("; ".join(f"{p.code} {p.detail}" for p in self.problems))

    def fault(self) -> dict[str, Any]:
        """The Fault object, for an answer of its own or for one item of a batch."""
        return {"Error": [problem.body() for problem in self.problems], "type": self.kind}

    @property
    def timeless(self) -> bool:
        """2030 is answered without `time`."""
        return self.problems[0].code == "2030"


def refuse(code: str, detail: str, element: str | None = "") -> Refusal:
    """A refusal with one problem."""
    return Refusal([Problem(code, detail, element)])


def business(text: str) -> Problem:
    """6000, the catch-all."""
    return Problem("6000", f"Business Validation Error: {text}")


def missing(name: str) -> Problem:
    """2020 for a required property."""
    return Problem("2020", f"Required parameter {name} is missing in the request", name)


def not_found() -> Refusal:
    """610, always with HTTP 400."""
    return refuse("610", f"Object Not Found : {INACTIVE}")


def stale() -> Refusal:
    """5010: the SyncToken is not the present one."""
    return refuse(
        "5010",
        "Stale Object Error : You and Sandbox User were working on this at the same time. "
        "Sandbox User finished before you did, so your work was not saved.",
    )


def unknown_reference(element: str, value: str) -> Problem:
    """2500 for an id that the company does not have; `element` is QuickBooks' word for the list."""
    return Problem("2500", f"Invalid Reference Id : {element} element id {value} not found")


def inactive_reference() -> Problem:
    """2500 for something that was made inactive."""
    return Problem("2500", f"Invalid Reference Id : {INACTIVE}")


def unsupported(path: str) -> Refusal:
    """Code 500 with HTTP 400: an address that means nothing."""
    return refuse(
        "500", f"Operation Could not find resource for relative : {path} of full path: {path} is not supported."
    )


def gateway(message: str, detail: str | None, code: str, kind: str, when: float) -> dict[str, Any]:
    """Envelope B: the gateway's, in lower case."""
    error = {"message": message, "detail": detail, "code": code, "element": None}
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": kind},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(when * 1000),
        "status": None,
        "cdcresponse": [],
    }


def unauthenticated(shape: str, detail: str, when: float, time_text: str) -> dict[str, Any]:
    """The body of a 401 in envelope A (application) or B (gateway)."""
    if shape == "A":
        text = "AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401"
        error = {"Message": "General Authentication Error", "Detail": text, "code": "100"}
        return {"Fault": {"Error": [error], "type": "AuthenticationFault"}, "time": time_text}
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    return gateway(message, detail, "3200", "AUTHENTICATION", when)


def forbidden(when: float) -> dict[str, Any]:
    """The body of a 403."""
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    return gateway(message, None, "3100", "SERVICE", when)


THROTTLED = Problem("3001", "The request limit was reached.  Try again later", None)


def throttled(shape: str, when: float, time_text: str) -> dict[str, Any]:
    """The body of a 429 in envelope A (application) or B (gateway)."""
    if shape == "A":
        return {"Fault": {"Error": [THROTTLED.body()], "type": "SERVICE"}, "time": time_text}
    return gateway(THROTTLED.message, THROTTLED.detail, "3001", "SERVICE", when)
