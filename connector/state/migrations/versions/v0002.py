"""Vendors are made under an intent too, and what stands until its source changes is known by a mark."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("request_item") as table:
        table.alter_column("document", existing_type=sa.Integer(), nullable=True)
    op.drop_index(op.f("ix_invoice_company_source_state"), table_name="invoice")
    op.create_index(
        op.f("ix_invoice_company_source_state_date"), "invoice", ["company", "source", "state", "date"], unique=False
    )
    op.create_table(
        "standing",
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("invoice", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("company", "source", "invoice", name=op.f("pk_standing")),
        sqlite_with_rowid=False,
    )
