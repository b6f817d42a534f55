"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "binding",
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("payee", sa.String(), nullable=False),
        sa.Column("vendor_name", sa.String(), nullable=False),
        sa.Column("vendor_key", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("company", "source", "payee", name=op.f("pk_binding")),
    )
    op.create_index(op.f("ix_binding_company_vendor_key"), "binding", ["company", "vendor_key"], unique=False)
    op.create_index(op.f("ix_binding_company_vendor_name"), "binding", ["company", "vendor_name"], unique=False)
    op.create_table(
        "book",
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("qbo_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("vendor_id", sa.String(), nullable=True),
        sa.Column("vendor", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("total", sa.String(), nullable=False),
        sa.Column("tax", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("marker", sa.String(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company", "entity", "qbo_id", name=op.f("pk_book")),
    )
    op.create_index(op.f("ix_book_company_marker"), "book", ["company", "marker"], unique=False)
    op.create_index(op.f("ix_book_company_number"), "book", ["company", "number"], unique=False)
    op.create_index(
        op.f("ix_book_company_vendor_id_currency_date"),
        "book",
        ["company", "vendor_id", "currency", "date"],
        unique=False,
    )
    op.create_table(
        "company",
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("home_currency", sa.String(), nullable=True),
        sa.Column("last_company_read", sa.DateTime(timezone=True), nullable=True),
        sa.Column("newest_book_created", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sources_read", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("company", name=op.f("pk_company")),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("invoice", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("remedy", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("vendor", sa.String(), nullable=True),
        sa.Column("vendor_id", sa.String(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("amount", sa.String(), nullable=True),
        sa.Column("marker", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=True),
        sa.Column("qbo_id", sa.String(), nullable=True),
        sa.Column("sync_token", sa.String(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("mapping_version", sa.String(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("company", "entity", "qbo_id", name=op.f("uq_document_company_entity_qbo_id")),
        sa.UniqueConstraint(
            "company", "source", "invoice", "kind", name=op.f("uq_document_company_source_invoice_kind")
        ),
    )
    op.create_index(op.f("ix_document_company_invoice"), "document", ["company", "invoice"], unique=False)
    op.create_index(op.f("ix_document_company_marker"), "document", ["company", "marker"], unique=False)
    op.create_index(op.f("ix_document_company_number"), "document", ["company", "number"], unique=False)
    op.create_index(op.f("ix_document_company_state_source"), "document", ["company", "state", "source"], unique=False)
    op.create_table(
        "invoice",
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("invoice", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("payee", sa.String(), nullable=True),
        sa.Column("amount", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_seen_paid", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("remedy", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("vendor", sa.String(), nullable=True),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("company", "source", "invoice", name=op.f("pk_invoice")),
    )
    op.create_index(op.f("ix_invoice_company_invoice"), "invoice", ["company", "invoice"], unique=False)
    op.create_index(
        op.f("ix_invoice_company_source_date_invoice"),
        "invoice",
        ["company", "source", "date", "invoice"],
        unique=False,
    )
    op.create_index(op.f("ix_invoice_company_source_state"), "invoice", ["company", "source", "state"], unique=False)
    op.create_table(
        "mapping_version",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("tables", sa.Text(), nullable=False),
        sa.Column("first_used", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_mapping_version")),
    )
    op.create_table(
        "pull",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pull")),
    )
    op.create_index(op.f("ix_pull_company_source_id"), "pull", ["company", "source", "id"], unique=False)
    op.create_table(
        "reference",
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("qbo_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("sub_type", sa.String(), nullable=True),
        sa.Column("extra", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("company", "entity", "qbo_id", name=op.f("pk_reference")),
    )
    op.create_table(
        "reference_read",
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company", "entity", name=op.f("pk_reference_read")),
    )
    op.create_table(
        "request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sa.UniqueConstraint("company", "request_id", name=op.f("uq_request_company_request_id")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.Column("problems", sa.Text(), nullable=True),
        sa.Column("mapping_versions", sa.Text(), nullable=True),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_company_id"), "run", ["company", "id"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company", name=op.f("pk_sign_in")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("boot_id", sa.String(), nullable=False),
        sa.Column("boot_seconds", sa.Float(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("intuit_tid", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("items", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["request.id"], name=op.f("fk_attempt_request_request")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("request", "n", name=op.f("uq_attempt_request_n")),
    )
    op.create_table(
        "request_item",
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("bid", sa.String(), nullable=False),
        sa.Column("document", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["document"], ["document.id"], name=op.f("fk_request_item_document_document")),
        sa.ForeignKeyConstraint(["request"], ["request.id"], name=op.f("fk_request_item_request_request")),
        sa.PrimaryKeyConstraint("request", "bid", name=op.f("pk_request_item")),
    )
    op.create_index(op.f("ix_request_item_document"), "request_item", ["document"], unique=False)
