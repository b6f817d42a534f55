"""Names that look alike: a guess for a person to judge, and never applied by itself."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

__all__ = ["Alike"]

_LEAST: Final = 0.6  # of the shared pairs of three letters; below it guesses are mostly wrong
_LONG: Final = 80  # letters that are compared
_FORMS: Final = frozenset(
    "ab ag aps as bv co company corp corporation gmbh inc incorporated kg limited llc llp lp ltd nv oy plc pty sa sarl "
    "spa srl".split()
)
"""What companies are by law, which sources and books spell as they like."""


class Alike:
    """Names to choose from; a look costs the same whether there are ten or ten thousand."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(dict.fromkeys(names))
        self._cores: dict[str, int] = {}
        self._sizes: list[int] = []
        self._having: dict[str, list[int]] = defaultdict(list)
        for n, name in enumerate(self._names):
            core = _core(name)
            self._cores.setdefault(core, n)
            parts = _parts(core)
            self._sizes.append(len(parts))
            for part in parts:
                self._having[part].append(n)

    def closest(self, text: str, *, never: str | None = None) -> str | None:
        """
        The name that ``text`` is probably another way to write; None where none is alike enough.

        Args:
            text: As a source has it.
            never: The name that is known not to do, whatever its case.
        """
        core, wrong = _core(text), None if never is None else never.casefold()
        if not core:
            return None
        if core in self._cores and self._names[self._cores[core]].casefold() != wrong:
            return self._names[self._cores[core]]
        parts = _parts(core)
        shared: Counter[int] = Counter()
        for part in parts:
            shared.update(self._having.get(part, ()))
        fit = ((n, count) for n, count in shared.items() if wrong is None or self._names[n].casefold() != wrong)
        likeness = {n: 2 * count / (len(parts) + self._sizes[n]) for n, count in fit}
        best = max(likeness, key=lambda n: (likeness[n], -n), default=None)
        return None if best is None or likeness[best] < _LEAST else self._names[best]


def _core(name: str) -> str:
    """A name without case, accents, signs and the form of the company."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return " ".join([word for word in words if word not in _FORMS] or words)[:_LONG]


def _parts(core: str) -> set[str]:
    padded = f" {core} "
    return {padded[n : n + 3] for n in range(len(padded) - 2)}
