"""What the enumerations share: a world that is put back, a child to kill in it, and the promise as one check."""

import faulthandler
import json
import os
import shutil
import signal
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn, get_args

from project import Project, Ran
from proof_time import ProofTime
from sqlmodel import Session, select

from connector.document import Key, Kind, marker
from connector.quickbooks.posted import marker_in
from connector.sandbox.credentials import REALM_ID
from connector.sandbox.memory import Memory
from connector.sandbox.server import Sandbox
from connector.state.tables import DocumentRow

SETTLE = 180.0
"""Seconds of settle_after, as shipped: in here they go by at once."""

CHANGED = 250.0
"""What the source says of an invoice that it changed."""

# What may end a run without being a fault of ours.
EXPECTED = frozenset({0, 3, 4, 5, 6})

# QuickBooks either forgets request ids and shows a new bill late but in time, or remembers them and shows none.
FORGETS: dict[str, Any] = {"requestids": "forget", "hide_new_bills_seconds": SETTLE - 10}
BLIND: dict[str, Any] = {"requestids": "remember", "hide_new_bills_seconds": 365 * 86400}


@dataclass
class Child:
    """How a forked run ended: killed, or with what it printed."""

    killed: bool
    code: int
    told: dict[str, Any] = field(default_factory=dict)


class World:
    """
    A project over the sandbox of this process, kept once and put back as often as wished.

    Args:
        scratch: A folder for what is not the project's own.
    """

    def __init__(self, project: Project, services: Sandbox, time: ProofTime, scratch: Path) -> None:
        self.project = project
        self.services = services
        self.time = time
        self.ids: tuple[int, ...] = ()
        self.by_hand = self.changed = self.gone = self.credited = self.paid = frozenset[int]()
        self._told = scratch / "child.json"
        self._hung = scratch / "child.trace"
        self._kept = scratch / "kept"
        self._memory = Memory(self._kept, services.company, services.world)
        self._kept_at = self._since = self._younger = 0.0
        self._armed: tuple[dict[str, Any], ...] = ()

    def prepare(self, *ids: int, **settings: str) -> None:
        """A state that has a finished run behind it, and these invoices to write."""
        self.ids = ids
        self.by_hand = self.changed = self.gone = self.credited = self.paid = frozenset()
        self.project.settings(settle_after=f"{SETTLE:.0f} s", **{"concurrency": "1", **settings})
        self.project.sync()
        self.project.owe(*ids)
        self.keep()

    def through(self, url: str) -> None:
        """From now on QuickBooks is spoken to through another address."""
        settings = self.project.folder / "connector.toml"
        settings.write_text(settings.read_text().replace(f"{self.project.url}/quickbooks/", f"{url}/quickbooks/"))

    def keep(self, *armed: dict[str, Any]) -> None:
        """Remember state, sign-in and services as they are now, and the faults that the next run is to meet."""
        shutil.rmtree(self._kept, ignore_errors=True)
        self._kept.mkdir()
        for path in self._files():
            shutil.copy2(path, self._kept)
        self._memory.save()
        self._kept_at = self.time.passed
        self._since, self._younger = monotonic(), self.time.younger
        self._armed = armed

    def put_back(self, **switches: Any) -> None:
        """Everything as it was kept, under other switches; the access token has ended, so the next run renews it."""
        for path in self._files():
            path.unlink()
        for path in self._kept.iterdir():
            if path.name != "sandbox.json":
                shutil.copy2(path, self.project.folder)
        self.project.control("reset", {})
        self._memory.recall()
        self._as_young_as_it_was()
        self.time.is_again(self._kept_at)
        self.project.control("switches", switches)
        self.project.arm("expire-access-tokens")
        for fault in self._armed:
            self.project.arm(**fault)

    def _as_young_as_it_was(self) -> None:
        """
        What was sent just now was sent just now again, and QuickBooks hides a new bill as long as it did.

        On a slow machine an enumeration takes minutes, and what waits for ``settle_after`` would not be tried any more.
        """
        meanwhile = monotonic() - self._since
        self.time.younger = self._younger + meanwhile
        for records in self.services.company.records.values():
            for id_, record in records.items():
                records[id_] = replace(record, created=record.created + meanwhile)

    def close(self) -> None:
        self.services.company.switches.reset()

    def _files(self) -> list[Path]:
        folder = self.project.folder
        return [*folder.glob("state.*"), *folder.glob("company-*")]

    # Runs.

    def child(self, plant: Callable[[], Any] = lambda: None, *, paused: Callable[[], None] | None = None) -> Child:
        """
        One sync in a process of its own, forked from this warm one.

        Args:
            plant: Changes the child first.
            paused: What happens while the child has stopped itself; it goes on afterwards.
        """
        self._told.unlink(missing_ok=True)
        pid = os.fork()
        if pid == 0:
            self._lives(plant)
        if paused is not None:
            _, status = os.waitpid(pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            paused()
            os.kill(pid, signal.SIGCONT)
        _, status = os.waitpid(pid, 0)
        self.quiet()
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        code = -1 if killed else os.waitstatus_to_exitcode(status)
        hung = self._hung.read_text() if self._hung.exists() else ""
        assert not hung, f"it hung: {hung}"
        return Child(killed, code, json.loads(self._told.read_text()) if self._told.exists() else {})

    def _lives(self, plant: Callable[[], Any]) -> NoReturn:
        code = 70
        try:
            faulthandler.dump_traceback_later(60, exit=True, file=self._hung.open("w"))
            ended = plant()
            ran = self.project.run("sync", "--yes", "--json")
            self._told.write_text(json.dumps({"said": ran.said, "planted": ended() if ended else None}))
            code = ran.code
        except BaseException:  # noqa: BLE001 - a child of a test must never come back into pytest
            self._told.write_text(json.dumps({"said": traceback.format_exc()}))
        finally:
            os._exit(code)

    def quiet(self) -> None:
        """Whatever reached the services before is worked through: their loop has been round twice."""
        self.project.control("switches")
        self.project.control("switches")

    def run(self) -> Ran:
        """One sync in this process; whatever it meets, it is no fault of ours."""
        ran = self.project.sync(code=None)
        assert ran.code in EXPECTED, f"{ran.code} {ran.said} {ran.out}"
        return ran

    def recover(self, where: str) -> None:
        """Sync at once, sync when the outcome may be asked for, and once more: the promise holds and all is quiet."""
        for n in range(4):
            if n and self.sending():
                self.time.passes(SETTLE)
            ran = self.run()
            invoices = sum(n for name, n in ran.counts.items() if name != "paid")
            assert invoices == len(self.ids), f"{where}: not conserved: {ran.counts}"
            self.check(where, whole=False)
            paid = {id_ for id_, row in self.documents("payment").items() if row.state == "sent"}
            if ran.counts == self.at_rest and paid == self.paid:
                break
        assert ran.code == 0, f"{where}: {ran.code} {ran.counts} {ran.said}"
        assert ran.counts == self.at_rest, f"{where}: not quiet: {ran.counts}"
        self.check(where, whole=True)

    # What stands.

    @property
    def at_rest(self) -> dict[str, int]:
        """The counts of a run that finds nothing to do."""
        counts = {"unchanged": len(self.ids) - len(self.gone), "skipped": len(self.gone)}
        return {name: n for name, n in counts.items() if n}

    def bills(self, kind: str = "Bill") -> Counter[str]:
        """The marks on the bills, or the vendor credits, that QuickBooks holds."""
        return Counter(str(marker_in(each.get("PrivateNote", ""))) for each in self.project.held(kind))

    def documents(self, kind: Kind = "bill") -> dict[int, DocumentRow]:
        """What the state knows of bills, of credits or of payments, by the invoice's number."""
        with self.project.state() as state, state.read() as t, Session(t) as session:
            rows = session.exec(select(DocumentRow).where(DocumentRow.kind == kind)).all()
            session.expunge_all()
        return {int(row.invoice): row for row in rows}

    def sending(self) -> bool:
        """Whether an outcome is unknown: of a document, or of a vendor."""
        with self.project.state() as state:
            vendors = state.open_vendors(REALM_ID)
        rows = [row for kind in get_args(Kind) for row in self.documents(kind).values()]
        return bool(vendors) or any(row.state == "sending" for row in rows)

    def check(self, where: str, *, whole: bool) -> None:
        """Never twice; and where ``whole``, each once and known as sent."""
        bills, marked = self.bills(), set(self.ids) - self.by_hand
        ours = {mark(id_): id_ for id_ in marked}
        twice = {ours.get(each, each): n for each, n in bills.items() if n > 1 and each != "None"}
        assert not twice, f"{where}: twice in QuickBooks: {twice}"
        strange = {each: n for each, n in bills.items() if each not in ours}
        assert strange == ({"None": len(self.by_hand)} if self.by_hand else {}), f"{where}: nobody's bills: {strange}"
        self._check_credits(where, whole=whole)
        if whole:
            lost = {id_ for each, id_ in ours.items() if not bills[each] and id_ not in self.gone}
            assert not lost, f"{where}: lost: {sorted(lost)}"
            states = {id_: row.state for id_, row in self.documents().items()}
            assert states == {id_: "removed" if id_ in self.gone else "sent" for id_ in self.ids}, f"{where}: {states}"
            left = {id_ for id_ in self.gone if bills[mark(id_)]}
            assert not left, f"{where}: not removed: {sorted(left)}"
            self._check_changed(where)
        self._check_paid(where, whole=whole)

    def _check_paid(self, where: str, *, whole: bool) -> None:
        """No bill is paid twice; and where ``whole``, each that is to be paid is so whole, and known as sent."""
        marks = {mark(id_, "payment"): id_ for id_ in self.paid}
        ours = [own for each in self.project.held("BillPayment") if (own := marker_in(each.get("PrivateNote", "")))]
        held = Counter(marks.get(own) for own in ours)
        assert all(n == 1 and id_ is not None for id_, n in held.items()), f"{where}: twice in QuickBooks: {held}"
        if whole:
            assert held == dict.fromkeys(self.paid, 1), f"{where}: not paid: {self.paid - held.keys()}"
            states = {id_: row.state for id_, row in self.documents("payment").items()}
            assert states == dict.fromkeys(self.paid, "sent"), f"{where}: {states}"
            owed = {each["DocNumber"] for each in self.project.held() if each["Balance"] != 0}
            assert not owed & {f"CAKE-{id_}" for id_ in self.paid}, f"{where}: not settled: {owed}"

    def _check_credits(self, where: str, *, whole: bool) -> None:
        """A bill that is to be taken back has one vendor credit, and no other has any."""
        held, ours = self.bills("VendorCredit"), {mark(id_, "credit"): id_ for id_ in self.credited}
        twice = {ours.get(each, each): n for each, n in held.items() if n > 1 or each not in ours}
        assert not twice, f"{where}: twice in QuickBooks: {twice}"
        if whole:
            lost = {id_ for each, id_ in ours.items() if not held[each]}
            assert not lost, f"{where}: lost: credits of {sorted(lost)}"
            states = {id_: row.state for id_, row in self.documents("credit").items()}
            assert states == dict.fromkeys(self.credited, "sent"), f"{where}: {states}"

    def _check_changed(self, where: str) -> None:
        """What the source changed is changed, and was once."""
        marked = {mark(id_): id_ for id_ in self.changed}
        held = {str(marker_in(each.get("PrivateNote", ""))): each for each in self.project.held()}
        told = {marked[each]: (bill["TotalAmt"], bill["SyncToken"]) for each, bill in held.items() if each in marked}
        assert told == dict.fromkeys(self.changed, (CHANGED, "1")), f"{where}: not changed once: {told}"


def mark(id_: int, kind: Kind = "bill") -> str:
    """The mark of the bill, the credit or the payment of one CAKE invoice."""
    return marker(Key(REALM_ID, "cake", str(id_), kind))
