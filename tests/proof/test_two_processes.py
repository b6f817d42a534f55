"""Two processes at once over one folder, killed and paused at random: one writes, and each bill is made once."""

import json
import os
import random
import signal
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from project import Project
from proof import Proof

from connector.sandbox.credentials import REALM_ID
from connector.state.holder import holder_of

COMMANDS: Final = (("sync", "--yes", "--json"), ("serve",))
MOST: Final = 120
SETTLE: Final = 0.15


@dataclass(slots=True)
class Player:
    """One process of the two, forked from this one."""

    command: tuple[str, ...]
    pid: int
    said: Path
    paused: bool = False


@dataclass
class Game:
    """Both processes, the invoices that they are to write, and what happened to them."""

    project: Project
    draw: random.Random
    players: list[Player] = field(default_factory=list)
    pids: set[int] = field(default_factory=set)
    owed: int = 0
    happened: Counter[str] = field(default_factory=Counter)

    def play(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until or not (self.happened["a pause of the writer"] and self.happened["killed"]):
            assert time.monotonic() < until + 60, self.happened
            while len(self.players) < 2:
                self.players.append(self._started(self.draw.choice(COMMANDS)))
            if self.owed < MOST and self.draw.random() < 0.3:
                first, n = self.owed + 1, self.draw.randint(1, 3)
                self.project.owe(*range(first, first + n), affiliate_id=7, affiliate_name="Affiliate")
                self.owed += n
            time.sleep(self.draw.random() * 0.15)
            self._reaped()
            self._something_happens()
        for player in self.players:
            os.kill(player.pid, signal.SIGCONT)
            os.kill(player.pid, signal.SIGKILL)
            os.waitpid(player.pid, 0)

    def _started(self, command: tuple[str, ...]) -> Player:
        said = self.project.folder / f"said-{len(self.pids)}.json"
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                ran = self.project.run(*command)
                said.write_text(ran.out)
                code = ran.code
            except BaseException:  # noqa: BLE001 - a child of a test must never come back into pytest
                said.write_text(traceback.format_exc())
            finally:
                os._exit(code)
        self.pids.add(pid)
        self.happened["started"] += 1
        return Player(command, pid, said)

    def _reaped(self) -> None:
        for player in list(self.players):
            pid, status = os.waitpid(player.pid, os.WNOHANG)
            if not pid:
                continue
            self.players.remove(player)
            code = os.waitstatus_to_exitcode(status)
            told = player.said.read_text() if player.said.exists() else ""
            assert code in (0, 6, 7, -signal.SIGKILL), (player, code, told)
            if code == 7:
                self._names_the_holder(json.loads(told)["problems"][0]["what"])
                self.happened["turned away"] += 1

    def _names_the_holder(self, what: str) -> None:
        assert any(f"process {pid} " in what for pid in self.pids), what

    def _something_happens(self) -> None:
        if not self.players:
            return
        player = self.draw.choice(self.players)
        lot = self.draw.random()
        if player.paused:
            if lot < 0.5:
                os.kill(player.pid, signal.SIGCONT)
                player.paused = False
        elif lot < 0.25:
            os.kill(player.pid, signal.SIGSTOP)
            player.paused = True
            self.happened["paused"] += 1
            self._keeps_the_lock(player)
        elif lot < 0.5:
            os.kill(player.pid, signal.SIGKILL)
            self.happened["killed"] += 1

    def _keeps_the_lock(self, player: Player) -> None:
        """Paused amid its writing it is still the one writer, and everybody is told so."""
        os.waitid(os.P_PID, player.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        holder = holder_of(self.project.folder, REALM_ID)
        if holder is None or holder.pid != player.pid:
            return
        ran = self.project.sync(code=7)
        assert f"process {player.pid} " in ran.json["problems"][0]["what"]
        self.happened["a pause of the writer"] += 1


def test_two_processes_that_are_killed_and_paused_at_random_make_one_bill_each(project: Project, proof: Proof) -> None:
    project.settings(
        settle_after=f"{SETTLE * 1000:.0f} ms", batch_size="5", concurrency="2", more='schedule = "every 300 ms"'
    )
    project.switch(requestids="forget", answer_seconds=0.03)
    game = Game(project, proof.draw())
    game.play(proof.seconds(whole=60, sample=3))

    for _ in range(12):
        time.sleep(SETTLE)
        ran = project.sync(code=None)
        if ran.counts == {"unchanged": game.owed}:
            break
    assert ran.counts == {"unchanged": game.owed}, (ran.counts, ran.said)
    assert project.numbers() == {f"CAKE-{id_}": 1 for id_ in range(1, game.owed + 1)}, "twice in QuickBooks, or lost: "
    for kind in ("killed", "paused", "turned away"):
        proof.tally(f"of two processes {kind}", game.happened[kind])[1] = game.happened[kind]
