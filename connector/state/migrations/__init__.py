"""The schema's history, run by ``connector.state.migrate`` in one transaction; a released step never changes."""
