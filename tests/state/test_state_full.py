import pytest
from made import COMPANY, document

from connector.errors import ServiceDown


def test_a_full_disk_is_told_as_such_though_it_takes_the_savepoint_with_it_and_passes(state):
    with pytest.raises(ServiceDown) as down, state.write() as t:
        t.exec_driver_sql("PRAGMA max_page_count = 1")
        state.save_documents(COMPANY, "run", [document(n, reason="long " * 1000) for n in range(500)])

    assert down.value.code == "state-disk-full"
    assert state.counts_by_state(COMPANY) == {}

    with state.write() as t:
        t.exec_driver_sql("PRAGMA max_page_count = 1000000")
        state.save_documents(COMPANY, "run", [document(1)])

    assert state.counts_by_state(COMPANY) == {"ready": 1}
