"""``/metrics``: the figures that matter, gathered when they are asked for."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from connector.errors import ConnectorError
from connector.serve.health import Health
from connector.serve.supervision import Supervision
from connector.settings import Settings
from connector.state.clock import utc_now
from connector.state.figures import OPEN, figures
from connector.state.store import SCHEMA, State
from connector.sync.sign_in import sign_in_status

__all__ = ["Metrics"]

_INVOICES: Final = "Invoices that are not settled, by state: ready waits for the next run, sending has no answer yet."


class Metrics(Collector):
    """
    The figures of one daemon.

    Args:
        settings: As they are now.
        state: What it remembers.
        supervision: What it counted, and its timetable.
        health: How its sources stand.
    """

    def __init__(
        self, settings: Callable[[], Settings], state: State, supervision: Supervision, health: Health
    ) -> None:
        self._settings = settings
        self._state = state
        self._supervision = supervision
        self._health = health
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """In Prometheus' text form."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing: the names are known, and gathering at the start would cost for nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every figure."""
        yield InfoMetricFamily(
            "connector",
            "The version, and the schema of its state.",
            {"version": version("affiliate-connector"), "schema": SCHEMA},
        )
        told = "0: the settings file has faults since it was last to be read again, and those from before hold."
        yield GaugeMetricFamily("connector_settings_current", told, not self._supervision.outdated)
        yield from self._standing()
        yield from self._sources()
        yield from self._sign_in()
        yield from self._counted()
        free = shutil.disk_usage(self._settings().state.path.parent).free
        yield GaugeMetricFamily("connector_state_free_bytes", "Free bytes on the disk of the state.", free)

    def _standing(self) -> Iterator[Metric]:
        found, now = figures(self._state, self._settings().quickbooks.realm_id), utc_now()
        invoices = GaugeMetricFamily("connector_invoices", _INVOICES, labels=["state"])
        payments = GaugeMetricFamily("connector_payments", "Payments that are not settled.", labels=["state"])
        for state in OPEN:
            invoices.add_metric([state], found.invoices[state])
            payments.add_metric([state], found.payments[state])
        yield invoices
        yield payments
        ages = {
            "connector_oldest_waiting_seconds": ("Age of the oldest document that waits to be sent.", "waiting_since"),
            "connector_oldest_unknown_seconds": ("Age of the oldest request without an answer.", "unknown_since"),
        }
        for name, (told, since) in ages.items():
            began = getattr(found, since)
            yield GaugeMetricFamily(
                name, f"{told} 0: none does.", 0.0 if began is None else max(0.0, (now - began).total_seconds())
            )

    def _sources(self) -> Iterator[Metric]:
        success = GaugeMetricFamily(
            "connector_source_last_success_timestamp_seconds",
            "When a source was last read whole and decided about; 0: never.",
            labels=["source"],
        )
        late = GaugeMetricFamily(
            "connector_source_overdue", "1: two turns of its schedule passed since its last success.", labels=["source"]
        )
        following = GaugeMetricFamily(
            "connector_source_next_run_timestamp_seconds", "When a source runs next.", labels=["source"]
        )
        for age in self._health.ages():
            success.add_metric([age.source], age.success.timestamp() if age.success else 0.0)
            late.add_metric([age.source], float(age.overdue))
            due = self._supervision.timetable.get(age.source)
            if due is not None:
                following.add_metric([age.source], due.timestamp())
        yield success
        yield late
        yield following

    def _sign_in(self) -> Iterator[Metric]:
        days = GaugeMetricFamily("connector_sign_in_days_left", "Whole days until the sign-in ends unless refreshed.")
        hard = GaugeMetricFamily("connector_sign_in_hard_days_left", "Whole days until it ends for good.")
        with suppress(ConnectorError):  # the key is gone; nobody is signed in then
            found = sign_in_status(self._settings(), self._state)
            if found.days_left is not None:  # Intuit may name no end
                days.add_metric([], found.days_left)
            if found.hard_days_left is not None:
                hard.add_metric([], found.hard_days_left)
        yield GaugeMetricFamily("connector_signed_in", "0: QuickBooks lets nobody in.", self._health.signed_in().ok)
        yield days
        yield hard

    def _counted(self) -> Iterator[Metric]:
        tally = self._supervision.tally
        by_service = {
            "connector_requests": ("Requests that left, answered or not.", tally.requests),
            "connector_requests_slowed_down": ("Requests answered with 429.", tally.slow_downs),
        }
        for name, (told, counts) in by_service.items():
            requests = CounterMetricFamily(name, told, labels=["service"])
            for service, count in sorted(counts.copy().items()):
                requests.add_metric([service], count)
            yield requests
        runs = CounterMetricFamily("connector_runs", "Runs that ended, by exit code.", labels=["source", "exit_code"])
        for (source, code), count in sorted(tally.runs.copy().items()):
            runs.add_metric([source, str(code)], count)
        yield runs
        missed = CounterMetricFamily(
            "connector_missed_ticks", "Ticks left out because the run before was still at work.", labels=["source"]
        )
        for source in self._settings().sources:
            missed.add_metric([source], tally.left_out[source])
        yield missed
