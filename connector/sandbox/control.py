"""/control: how tests and demos lay out the company, set switches, arm faults, and read what happened."""

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector.sandbox.affiliates import World
from connector.sandbox.journal import Journal
from connector.sandbox.quickbooks.company import Company, Profile
from connector.sandbox.quickbooks.loading import load
from connector.sandbox.quickbooks.person import person
from connector.sandbox.quickbooks.seed import home_currency_of, seed
from connector.sandbox.quickbooks.wire import decode, encode
from connector.sandbox.switches import explained

_SOURCES = ("cake", "commission_factory")
_PLAN = "QuickBooks Online "
_POSTS = {
    "/switches": 'set switches: {"requestids": "forget"}',
    "/arm": 'a fault for coming requests: {"fault": "commit-then-drop", "method": "POST", "path": "/bill", "times": 1}',
    "/disarm": "take every armed fault back",
    "/load": 'rows: {"cake": […], "commission_factory": […], "quickbooks": {"Vendor": […]}}; '
    "one with an id that is there takes its place (GET /control/sources shows them)",
    "/person": 'what a colleague does in QuickBooks: {"does": "edit", "bill": "CAKE-10042", '
    '"changes": {"PrivateNote": "mine"}}; or delete, copy, pay (with "amount" in part), unpay',
    "/preferences": 'the company: {"book_close_date": "2026-09-30"}; GET shows every key',
    "/reset": "back to how it started",
}


def set_preferences(company: Company, given: dict[str, Any]) -> None:
    """
    Change the company's profile; the keys are the fields of Profile.

    Another country, home currency or multicurrency makes a new company: its records are gone, the seed is sown again.
    A new country brings its home currency unless one is given. Raises ValueError for an unknown key or a wrong type.
    """
    profile = company.profile
    known = {one.name: getattr(profile, one.name) for one in fields(Profile)}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"no preference is called {name!r}; there are: {', '.join(known)}")
        if not isinstance(value, type(known[name])) and not (name == "book_close_date" and value is None):
            raise ValueError(f"{name} is a {type(known[name]).__name__}, not {value!r}")
    before = (profile.country, profile.home_currency, profile.multicurrency)
    if given.get("country", profile.country) != profile.country:
        given = {"home_currency": home_currency_of(given["country"])} | given
    for name, value in given.items():
        setattr(profile, name, "" if value is None else value)
    if not profile.plan.startswith(_PLAN):
        profile.plan = _PLAN + profile.plan
    if before != (profile.country, profile.home_currency, profile.multicurrency):
        seed(company)
    company.revision += 1


def load_rows(company: Company, world: World, given: dict[str, Any]) -> dict[str, Any]:
    """{"quickbooks": {kind: rows}, "cake": rows, "commission_factory": rows}; answers the new ids by kind."""
    if unknown := given.keys() - {"quickbooks", *_SOURCES}:
        raise ValueError(f"nothing can be loaded into {', '.join(sorted(unknown))}")
    made = load(company, given.get("quickbooks") or {})
    for kind in _SOURCES:
        if kind in given:
            world.load(kind, given[kind])
    return made


def control_routes(company: Company, world: World, journal: Journal, restart: Callable[[], None]) -> list[Route]:
    """The routes under /control; `restart` brings the sandbox back to how it started."""

    def arm(given: dict[str, Any]) -> Any:
        if given.get("fault") == "expire-access-tokens":
            company.tokens.expire_access(company.now())
        else:
            journal.arm(given)
        return {"armed": len(journal.armed)}

    def disarm(given: dict[str, Any]) -> Any:
        journal.armed.clear()
        return {"armed": 0}

    def switch(given: dict[str, Any]) -> Any:
        company.switches.set(given)
        return company.switches.all()

    def prefer(given: dict[str, Any]) -> Any:
        set_preferences(company, given)
        return _profile(company)

    def reset(given: dict[str, Any]) -> Any:
        journal.clear()
        restart()
        return {}

    def everything() -> Any:
        return {kind: [record.text for record in held.values()] for kind, held in company.records.items()}

    return [
        _get("/switches", company.switches.all),
        _get("/help", lambda: explained(company.switches.all()) | {"posts": _POSTS}),
        _get("/company", everything),
        _get("/preferences", lambda: _profile(company)),
        _get("/requests", lambda: list(journal.entries)),
        _get("/meters", lambda: journal.meters),
        _get("/sources", lambda: {"cake": world.cake, "commission_factory": world.commission_factory}),
        _post("/switches", company, switch),
        _post("/arm", company, arm),
        _post("/disarm", company, disarm),
        _post("/load", company, lambda given: load_rows(company, world, given)),
        _post("/person", company, lambda given: person(company, given)),
        _post("/preferences", company, prefer),
        _post("/reset", company, reset),
    ]


def _profile(company: Company) -> dict[str, Any]:
    return {one.name: getattr(company.profile, one.name) for one in fields(Profile)}


def _get(path: str, read: Callable[[], Any]) -> Route:
    async def endpoint(request: Request) -> Response:
        return _json(read())

    return Route(path, endpoint, methods=["GET"])


def _post(path: str, company: Company, change: Callable[[dict[str, Any]], Any]) -> Route:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        try:
            answer = change(_object(body))
        except (ValueError, TypeError) as fault:
            return JSONResponse({"error": str(fault)}, 400)
        company.revision += 1
        return _json(answer)

    return Route(path, endpoint, methods=["POST"])


def _object(body: bytes) -> dict[str, Any]:
    given = decode(body) if body.strip() else {}
    if not isinstance(given, dict):
        raise TypeError("a JSON object is expected")
    return given


def _json(value: Any) -> Response:
    try:
        text = encode(value)
    except TypeError:
        text = json.dumps(value, default=str)
    return Response(text, media_type="application/json")
