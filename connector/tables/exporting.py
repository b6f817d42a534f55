"""What an export of a table tells beside its rows: names to choose from, when a key was last seen, and what waits."""

from collections.abc import Callable

from connector.invoice import Declaration
from connector.mapping import Mapping, load
from connector.quickbooks.kept import KeptLists
from connector.quickbooks.names import Entity
from connector.settings import Settings
from connector.state.overview import seen_keys
from connector.state.store import State
from connector.sync.company import KeptNames
from connector.tables.columns import boxes_of
from connector.tables.importing import Target
from connector.tables.saved import SavedTable
from connector.tables.to_excel import Export
from connector.tables.waiting import find_waiting

__all__ = ["export_of", "lists_wanted"]


def export_of(settings: Settings, state: State, target: Target, declaration: Callable[[str], Declaration]) -> Export:
    """
    One table with everything that the state knows about its rows.

    Args:
        settings: Of the company.
        state: What the runs left.
        target: The table.
        declaration: The source's class by its type's name.

    Raises:
        MappingFaults: The mapping or a table of it has faults.
    """
    table, realm = target.table, settings.quickbooks.realm_id
    mapping = _mapping(settings, target, declaration)
    boxes = boxes_of(mapping, table.name)
    lists = KeptLists(KeptNames(state, realm))
    choices = {
        name: list(dict.fromkeys(each for box in found for each in lists.names(box))) for name, found in boxes.items()
    }
    waiting = [
        each
        for each in find_waiting(settings, state, declaration).rows
        if each.file == table.shown and tuple(each.key) == table.match  # another mapping may match it otherwise
    ]
    makes_vendors = mapping.policy.vendor_missing == "create"
    return Export(
        f"{target.source}.{table.name}",
        SavedTable.of(table.path.read_bytes(), table.shown),
        table.match,
        dict(seen_keys(state, realm, target.source, table.match)),
        waiting,
        {name: names for name, names in choices.items() if names},
        frozenset(name for name, found in boxes.items() if makes_vendors and "vendor" in found),
    )


def lists_wanted(settings: Settings, target: Target, declaration: Callable[[str], Declaration]) -> list[Entity]:
    """
    The lists of QuickBooks that names of a table's columns are chosen from.

    Raises:
        MappingFaults: As ``export_of``.
    """
    boxes = boxes_of(_mapping(settings, target, declaration), target.table.name)
    found = {KeptLists.entity(box) for each in boxes.values() for box in each}
    return sorted(entity for entity in found if entity is not None)


def _mapping(settings: Settings, target: Target, declaration: Callable[[str], Declaration]) -> Mapping:
    ours = target.settings
    return load(ours.mapping, declaration(ours.type), root=settings.folder, currency=ours.currency)
