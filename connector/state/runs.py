"""Runs: who did what when, with which mappings, and how it ended."""

import datetime
import os
import platform
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlmodel import col
from sqlmodel import select as rows_of

from connector.errors import Problem
from connector.state.clock import run_id, utc_now
from connector.state.tables import MappingVersionRow, RunRow
from connector.state.transactions import Transactions, core

__all__ = ["Runs"]

_RUN: Final = core(RunRow)
_VERSION: Final = core(MappingVersionRow)


class Runs(Transactions):
    """The part of the state that knows runs and the mappings they used."""

    def start_run(self, company: str, command: str, who: str, sources: Sequence[str]) -> str:
        """Note that a run began; its id is a ULID."""
        values = {"id": run_id(), "company": company, "command": command, "who": who, "sources": list(sources)}
        with self.write() as t:
            t.execute(insert(_RUN).values(**values, started=utc_now(), pid=os.getpid(), host=platform.node()))
        return str(values["id"])

    def finish_run(
        self,
        run: str,
        exit_code: int,
        counts: Mapping[str, Any],
        problems: Sequence[Problem],
        mapping_versions: Mapping[str, str] | None = None,
    ) -> None:
        """
        Note how a run ended.

        Args:
            run: Its id.
            exit_code: What the command exits with.
            counts: Documents by what became of them.
            problems: What troubled it.
            mapping_versions: The version used of each source's mapping.
        """
        ended = {
            "ended": utc_now(),
            "exit_code": exit_code,
            "counts": dict(counts),
            "problems": [asdict(problem) for problem in problems],
            "mapping_versions": None if mapping_versions is None else dict(mapping_versions),
        }
        with self.write() as t:
            t.execute(update(_RUN).where(_RUN.c.id == run).values(ended))

    def run(self, run: str) -> RunRow | None:
        """One run, or None."""
        found = self._rows(rows_of(RunRow).where(RunRow.id == run))
        return found[0] if found else None

    def runs(self, limit: int, company: str | None = None) -> list[RunRow]:
        """The newest runs first; one without ``ended`` is running still, or was killed."""
        query = rows_of(RunRow).order_by(col(RunRow.id).desc()).limit(limit)
        return self._rows(query if company is None else query.where(RunRow.company == company))

    def first_run(self, company: str) -> datetime.datetime | None:
        """When the first run of all began; None where there was none."""
        with self.read() as t:
            query = select(_RUN.c.started).where(_RUN.c.company == company).order_by(_RUN.c.id).limit(1)
            return t.scalar(query)

    def sources_run(self, company: str, command: str, exit_codes: Collection[int]) -> set[str]:
        """Every source that a run of ``command`` which came to its end with one of ``exit_codes`` was about."""
        columns = _RUN.c
        query = select(columns.sources).distinct().where(columns.company == company, columns.command == command)
        ended = query.where(columns.ended.is_not(None), columns.exit_code.in_(exit_codes))
        with self.read() as t:
            return {source for sources in t.scalars(ended) for source in sources}

    def last_mapping_version(self, company: str, source: str) -> str | None:
        """The version of the mapping that the newest run over ``source`` used; None where none kept one."""
        columns = _RUN.c
        query = select(columns.mapping_versions).where(columns.company == company).order_by(columns.id.desc())
        with self.read() as t:
            used = (versions[source] for versions in t.scalars(query) if source in (versions or ()))
            return next(used, None)

    def save_mapping_version(self, version: str, source: str, path: str, text: str, tables: Mapping[str, Any]) -> None:
        """Keep a mapping under its sha256; one that is kept already stays."""
        with self.write() as t:
            if t.scalar(select(_VERSION.c.version).where(_VERSION.c.version == version)) is None:
                values = {"version": version, "source": source, "path": path, "text": text, "tables": dict(tables)}
                t.execute(insert(_VERSION).values(**values, first_used=utc_now()))

    def mapping_version(self, version: str) -> MappingVersionRow | None:
        """A mapping as it was, or None."""
        found = self._rows(rows_of(MappingVersionRow).where(MappingVersionRow.version == version))
        return found[0] if found else None
