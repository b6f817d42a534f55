import pytest
from made import COMPANY, document

from connector.errors import ServiceDown


def save(state, documents, *, most_pages):
    """In a transaction inside another."""
    with state.write() as t:
        t.exec_driver_sql(f"PRAGMA max_page_count = {most_pages}")
        state.save_documents(COMPANY, "run", documents)


def test_a_full_disk_is_told_as_such_though_it_takes_the_savepoint_with_it_and_passes(state):
    many = [document(n, reason="long " * 1000) for n in range(500)]
    with pytest.raises(ServiceDown) as down:
        save(state, many, most_pages=1)

    assert down.value.code == "state-disk-full"
    assert state.counts_by_state(COMPANY) == {}

    save(state, [document(1)], most_pages=2**20)

    assert state.counts_by_state(COMPANY) == {"ready": 1}
