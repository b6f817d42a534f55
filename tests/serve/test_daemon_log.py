"""The log of a whole life of the daemon: every line can be read by a program, and none tells a secret."""

import signal

from daemon_process import PLAIN, Place, invoice, running, until

from connector.sandbox import credentials
from connector.sync.planned import COUNTS

HEAD = {"event", "level", "timestamp"}
DOCUMENT = HEAD | set("run source invoice kind number action state qbo_id code intuit_tid seconds".split())
RUN = DOCUMENT | {"command", "exit_code", *COUNTS}
SECRETS = (
    credentials.CLIENT_SECRET,
    credentials.REFRESH_TOKEN,
    credentials.CAKE_KEY,
    credentials.COMMISSION_FACTORY_KEY,
)
LIBRARIES = {"urllib3", "apscheduler", "sqlalchemy", "uvicorn"}
# The connector keeps them quiet; here they talk, and for those that have no reason to, a line is planted.
TALKING = f"""
import logging, threading, time
whole = logging.Logger.setLevel
def always(logger, level):
    whole(logger, logging.DEBUG if logger.name.partition(".")[0] in {LIBRARIES} else level)
logging.Logger.setLevel = always
def plant():
    while True:
        time.sleep(0.5)
        for name in ("urllib3.poolmanager", "uvicorn.error"):
            given = "{credentials.CAKE_KEY}", "{credentials.CLIENT_SECRET}"
            logging.getLogger(name).debug("GET /?api_key=%s as %s", *given)
threading.Thread(target=plant, daemon=True).start()
"""


def test_every_line_of_a_whole_life_has_its_keys_whatever_happens_in_it(place: Place) -> None:
    place.write(cake="every 1 s", factory="every 1 s")
    with running(place) as daemon:
        until(lambda: daemon.said("document"))
        place.control("load", {"cake": [invoice(20001), invoice(20002, "30000.00")]})
        place.control("arm", {"fault": "answer-403", "path": "/commission-factory"})
        until(lambda: daemon.said("problem"))
        until(lambda: len(daemon.said("document")) > 2)
        daemon._process.send_signal(signal.SIGHUP)
        until(lambda: daemon.said("reloaded"))
        place.write(cake="never")
        daemon._process.send_signal(signal.SIGHUP)
        until(lambda: daemon.said("not reloaded"))
        assert daemon.stop() == 0

    for line in daemon.lines:
        assert line.keys() >= HEAD
    assert {frozenset(line) for line in daemon.said("document")} == {frozenset(DOCUMENT)}
    assert {frozenset(line) for line in daemon.said("run")} == {frozenset(RUN)}
    assert {line["source"] for line in daemon.said("run")} == {"cake", "commission_factory"}
    assert [line for line in daemon.said("document") if line["state"] == "sent" and not line["intuit_tid"]] == []


def test_what_the_libraries_say_passes_the_redactor(place: Place) -> None:
    with running(place, TALKING + PLAIN, "-vv") as daemon:
        until(lambda: LIBRARIES <= {line["logger"].partition(".")[0] for line in daemon.lines if "logger" in line})
        assert daemon.stop() == 0

    assert [line for line in daemon.lines if any(secret in str(line) for secret in SECRETS)] == []
    assert [line for line in daemon.lines if line["event"] == "GET /?api_key=… as …"]
