"""
Values that are made by the ten thousand: frozen for the type checker, and quick to make at run time.

A frozen dataclass sets each field through ``object.__setattr__``, so that an invoice's way to its bill, some
twenty-five values, costs a fifth more processor time (``tests/benchmarks/cpu_per_bill.py``). mypy refuses a change to
one before it runs; nothing has to refuse it again.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool, slots: bool) -> object:
        """As ``dataclass``: with its fields compared and hashed, and no guard against a change."""
        return dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["value"]
