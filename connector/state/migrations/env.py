"""What Alembic runs: the steps, on the connection and inside the transaction that it was handed."""

from alembic import context

from connector.state.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
context.run_migrations()
