"""What ``connector help CODE`` says of settings and of the command line."""

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "settings-missing": (
        "there is no settings file",
        (
            "The connector reads connector.toml in the working directory, or the file of --config, or of "
            "CONNECTOR_CONFIG. The message lists where it looked. connector init writes one by asking; connector "
            "demo --keep DIR writes a whole one to look at."
        ),
    ),
    "setting-unknown": (
        "the settings hold a name that does not exist",
        (
            "Sections and keys are exact. The message names the line and the nearest name there is. A key that only "
            "one type of source knows (format of Commission Factory) belongs under a connection of that type."
        ),
    ),
    "setting-invalid": (
        "a setting has a value that it cannot have",
        (
            "The message names the line, what is wrong and what to write. Durations are a number and one of ms s m h "
            "d; addresses are https, plain http only for this machine; two connections may not be the same account."
        ),
    ),
    "setting-missing": (
        "a setting is needed and stands nowhere",
        (
            "The message lists every place that was tried, in order: the environment (CONNECTOR_SECTION__KEY), the "
            "secrets folder (CONNECTOR_SECRETS_DIR, a file named section__key), the settings file (KEY, or KEY_file "
            "with the name of a file). Write it in one of them; for secrets the first two are better. A source without "
            "its key is left out with exit code 3; the other sources go on."
        ),
    ),
    "setting-needs-restart": (
        "the daemon was told to read its settings again, and one that it stands on is another",
        (
            "Where the state and its key lie, the company, the environment and the address of serve.health are what a "
            "running daemon is made of. It goes on under all the settings that it had. Restart it (systemctl restart "
            "connector), or write back what stood there and send SIGHUP again (systemctl reload connector)."
        ),
    ),
    "schema-name-taken": (
        "something else has the name of a schema",
        (
            "connector schema writes under the name that the first line of a mapping says. A file that it has not "
            "written itself stays as it is, and each mapping needs a name of its own."
        ),
    ),
    "wrong-use": (
        "the command was not used as it is meant",
        (
            "There is no such command, option or topic, or a value does not fit. connector --help lists the commands, "
            "connector COMMAND --help its options."
        ),
    ),
    "check-what": (
        "connector check does not know what to check",
        "Give it names of connections (the NAME of [sources.NAME]) or mapping files, or nothing to check all of them.",
    ),
    "folder-not-empty": (
        "the folder holds something already",
        "Nothing of yours is written over. Name a folder that does not exist yet, or an empty one.",
    ),
    "file-not-writable": (
        "a file cannot be written",
        "The folder does not exist, or it may not be written to. Name another file; nothing else was done.",
    ),
    "health-address": (
        "the daemon's page for health and metrics cannot have its address",
        (
            "Most often another program has the port, such as the daemon of another company: each needs its own under "
            '[serve] health = "HOST:PORT". Port 0 takes any that is free; the log then says which. Nothing was written.'
        ),
    ),
    "sandbox-start": (
        "the sandbox cannot start",
        "Most often another program uses its port: choose another with --port, or 0 for any free one.",
    ),
    "sandbox-scenario": (
        "the sandbox cannot use this scenario or memory",
        "The file given with --scenario is no scenario, or the folder given with --data holds something else.",
    ),
    "our-fault": (
        "a bug of the connector",
        (
            "Something happened that nobody foresaw. The message names a file with the trace; secrets are taken out of "
            "it. Report it. Running again is safe: what was sent is known or will be looked for, nothing is sent twice."
        ),
    ),
}
