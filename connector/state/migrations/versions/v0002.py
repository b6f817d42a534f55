"""Vendors are made under an intent too, and an invoice keeps under which terms it was decided about."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("request_item") as table:
        table.alter_column("document", existing_type=sa.Integer(), nullable=True)
    with op.batch_alter_table("invoice") as table:
        table.add_column(sa.Column("terms", sa.String(), nullable=True))
