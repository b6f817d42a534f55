"""The sandbox as a server: assembly, a thread for tests, a blocking call for the command line. Loopback only."""

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import StatelessLifespan

from connector.sandbox import cake, commission_factory
from connector.sandbox.affiliates import World
from connector.sandbox.answers import CuttableProtocol
from connector.sandbox.control import control_routes, load_rows, set_preferences
from connector.sandbox.journal import Journal
from connector.sandbox.memory import Memory
from connector.sandbox.oauth import oauth_routes
from connector.sandbox.quickbooks.company import Company, Profile
from connector.sandbox.quickbooks.routes import quickbooks_routes
from connector.sandbox.quickbooks.seed import seed
from connector.sandbox.quickbooks.wire import decode

HOST = "127.0.0.1"
_SCENARIO_KEYS = {"switches", "preferences", "load", "today", "cake_invoices"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """How a sandbox starts: switches, preferences, rows to load, the newest invoices' day, how many CAKE invoices."""

    switches: Mapping[str, Any] = field(default_factory=dict)
    preferences: dict[str, Any] = field(default_factory=dict)
    load: dict[str, Any] = field(default_factory=dict)
    today: date | None = None
    cake_invoices: int = 400

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """From a JSON file, or the default. Raises ValueError for a file that is not a scenario, OSError for none."""
        given = decode(path.read_bytes()) if path else {}
        if not isinstance(given, dict) or given.keys() - _SCENARIO_KEYS:
            raise ValueError(f"a scenario is an object with {', '.join(sorted(_SCENARIO_KEYS))}")
        if "today" in given:
            given["today"] = date.fromisoformat(given["today"])
        return cls(**given)

    def world(self) -> World:
        """The sources' world."""
        return World.generate(self.today or date.today(), self.cake_invoices)  # noqa: DTZ011 - a day as people see it

    def apply(self, company: Company, world: World) -> None:
        """A fresh company, as the scenario wants it. Raises ValueError for what it cannot do."""
        company.switches.reset()
        company.profile = Profile()
        seed(company)
        company.tokens.start(company.now())
        company.switches.set(self.switches)
        set_preferences(company, self.preferences)
        load_rows(company, world, self.load)


def create_app(
    company: Company,
    world: World,
    *,
    restart: Callable[[], None] | None = None,
    lifespan: StatelessLifespan[Starlette] | None = None,
) -> Starlette:
    """The whole sandbox over a company and a world; `restart` is what /control/reset does beside emptying the log."""
    journal = Journal()
    return Starlette(
        routes=[
            Mount("/quickbooks", routes=quickbooks_routes(company, journal)),
            Mount("/oauth", routes=oauth_routes(company, journal)),
            Mount("/control", routes=control_routes(company, world, journal, restart or (lambda: None))),
            Mount("/cake", routes=cake.routes(world, journal)),
            Mount("/commission-factory", routes=commission_factory.routes(world, journal)),
        ],
        lifespan=lifespan,
    )


class _Server(uvicorn.Server):
    """Stops quietly on SIGTERM and SIGINT: uvicorn's own would raise the signal again after stopping."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ask for the end."""
        self.should_exit = True


def _assemble(data: Path | None, scenario: Scenario) -> tuple[Starlette, Company, World]:
    company, world = Company(), scenario.world()

    def restart() -> None:
        fresh = scenario.world()
        world.cake[:] = fresh.cake
        world.commission_factory[:] = fresh.commission_factory
        world.version += 1
        scenario.apply(company, world)

    scenario.apply(company, world)
    if data is None:
        return create_app(company, world, restart=restart), company, world
    memory = Memory(data, company, world)
    memory.recall()
    return create_app(company, world, restart=restart, lifespan=memory.keeping), company, world


def _server(app: Starlette) -> _Server:
    config = uvicorn.Config(
        app,
        http=CuttableProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
    return _Server(config)


def _bound(port: int) -> socket.socket:
    # The protocol is named because asyncio switches Nagle off for such sockets alone.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound


class Sandbox:
    """
    A sandbox in a thread of this process, as a context manager; `url` is good inside of it.

    `data` remembers across restarts (what is remembered wins over the scenario), `scenario` is a JSON file. Tests may
    look at `company` and `world`, between requests only.
    """

    def __init__(self, port: int = 0, data: Path | None = None, scenario: Path | None = None) -> None:
        self._port = port
        self._data = data
        self._scenario = Scenario.read(scenario)

    def __enter__(self) -> Self:
        app, self.company, self.world = _assemble(self._data, self._scenario)
        self._socket = _bound(self._port)
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://{HOST}:{self.port}"
        self._server = _server(app)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        # The kernel takes connections from here on; they are answered when the loop runs.
        self._socket.listen(128)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        # A loop that slept while a test set the clock ahead wakes when that time has come: it dies with the process.
        self._thread.join(5)
        self._socket.close()


def serve(
    port: int,
    data: Path | None = None,
    scenario: Path | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """
    Serve until SIGTERM or SIGINT; `ready` is told the URL once the port is open.

    Raises OSError when the port is taken, ValueError for a scenario or a memory that cannot be read.
    """
    app, _, _ = _assemble(data, Scenario.read(scenario))
    with _bound(port) as bound:
        bound.listen(128)
        if ready is not None:
            ready(f"http://{HOST}:{bound.getsockname()[1]}")
        _server(app).run(sockets=[bound])
