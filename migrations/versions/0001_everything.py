"""Everything the first release has.

Until that release this file is rewritten whenever a model changes (`make schema`); from then on it never is.
Besides the tables it makes the ledger of changes append-only, in the database and not in the application: a row may
get its number once and may lose its content once (erasure, the digest stays), and nothing else ever happens to it.
On SQLite a REPLACE deletes without a DELETE trigger, so that way round is shut as well.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LEDGER = (
    "clinic_id", "id", "root_type", "root_id", "resource_type", "resource_id", "version", "ordinal", "event", "kind",
    "principal_id", "source", "reason", "request_id", "occurred_at", "recorded_at", "sensitivity", "content_schema",
    "content", "content_digest", "sequence",
)  # fmt: skip


def permitted(same: str) -> str:
    """The condition under which a row of the ledger may change; `same` is the database's null-safe equals."""

    def unchanged(but: str) -> str:
        return " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in LEDGER if name != but)

    numbered = f"OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND {unchanged('sequence')}"
    erased = f"OLD.content IS NOT NULL AND NEW.content IS NULL AND {unchanged('content')}"
    return f"(({numbered}) OR ({erased}))"


def upgrade() -> None:
    """Make the tables, then shut the ledger."""
    # tables: from here on made from the models
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account__username")),
    )
    op.create_table(
        "change",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("root_type", sa.String(length=64), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("resource_type", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sensitivity", sa.String(length=64), nullable=False),
        sa.Column("content_schema", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_change")),
        sa.UniqueConstraint(
            "clinic_id",
            "resource_type",
            "resource_id",
            "version",
            name=op.f("uq_change__clinic_id_resource_type_resource_id_version"),
        ),
        sa.UniqueConstraint("clinic_id", "sequence", name=op.f("uq_change__clinic_id_sequence")),
    )
    op.create_index(
        op.f("ix_change__clinic_id_root_type_root_id_recorded_at"),
        "change",
        ["clinic_id", "root_type", "root_id", "recorded_at"],
        unique=False,
    )
    op.create_index(
        "ix_change__unsealed",
        "change",
        ["clinic_id", "recorded_at"],
        unique=False,
        postgresql_where=sa.text("sequence IS NULL"),
        sqlite_where=sa.text("sequence IS NULL"),
    )
    op.create_table(
        "clinic",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("phone", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("scope_digest", sa.String(length=200), nullable=False),
        sa.Column("request_digest", sa.String(length=200), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column(
            "headers",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "principal_id", "scope_digest", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key__created_at"), "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "ledger_head",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "login_throttle",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_throttle")),
    )
    op.create_table(
        "clinic_protocol",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("protocol_version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "definition",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_by", sa.Uuid(), nullable=True),
        sa.Column("retired_reason", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_clinic_protocol__clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_clinic_protocol")),
        sa.UniqueConstraint(
            "clinic_id", "code", "protocol_version", name=op.f("uq_clinic_protocol__clinic_id_code_protocol_version")
        ),
    )
    op.create_table(
        "location",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_location__clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_location")),
        sa.UniqueConstraint("clinic_id", "name", name=op.f("uq_location__clinic_id_name")),
    )
    op.create_table(
        "patient",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("given_name", sa.String(length=200), nullable=False),
        sa.Column("family_name", sa.String(length=200), nullable=False),
        sa.Column("preferred_name", sa.String(length=200), nullable=True),
        sa.Column("given_name_folded", sa.String(length=200), nullable=False),
        sa.Column("family_name_folded", sa.String(length=200), nullable=False),
        sa.Column("birth_on", sa.Date(), nullable=True),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("sex", sa.String(length=64), nullable=False),
        sa.Column("gender", sa.String(length=200), nullable=True),
        sa.Column("pronouns", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=64), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("phone", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column(
            "emergency_contact",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "identifiers",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("birth_on IS NOT NULL OR birth_year IS NOT NULL", name=op.f("ck_patient__birth_known")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_patient__clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_patient")),
    )
    op.create_index(op.f("ix_patient__clinic_id_birth_on"), "patient", ["clinic_id", "birth_on"], unique=False)
    op.create_index(
        op.f("ix_patient__clinic_id_family_name_folded_given_name_folded_id"),
        "patient",
        ["clinic_id", "family_name_folded", "given_name_folded", "id"],
        unique=False,
    )
    op.create_table(
        "policy_setting",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column(
            "value",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_policy_setting__clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_policy_setting")),
    )
    op.create_index(
        op.f("ix_policy_setting__clinic_id_code_effective_at"),
        "policy_setting",
        ["clinic_id", "code", "effective_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_policy_setting__clinic_id_effective_at_id"),
        "policy_setting",
        ["clinic_id", "effective_at", "id"],
        unique=False,
    )
    op.create_table(
        "principal",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("username", sa.String(length=200), nullable=True),
        sa.Column(
            "roles",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "scopes",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("secret_rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('staff', 'client', 'system')", name=op.f("ck_principal__kind_in_set")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_principal__account_id")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_principal__clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_principal")),
        sa.UniqueConstraint("clinic_id", "account_id", name=op.f("uq_principal__clinic_id_account_id")),
    )
    op.create_index(op.f("ix_principal__account_id"), "principal", ["account_id"], unique=False)
    op.create_index(op.f("ix_principal__id"), "principal", ["id"], unique=False)
    op.create_table(
        "token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("home_clinic_id", sa.Uuid(), nullable=True),
        sa.Column("principal_id", sa.Uuid(), nullable=True),
        sa.Column(
            "scopes",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_token__account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_token__digest")),
    )
    op.create_index(op.f("ix_token__account_id"), "token", ["account_id"], unique=False)
    op.create_table(
        "alert",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("cause_type", sa.String(length=64), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalates_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalation_policy_version", sa.String(length=64), nullable=True),
        sa.Column("escalation_level", sa.Integer(), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("acknowledge_note", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'acknowledged', 'resolved', 'historic')", name=op.f("ck_alert__status_in_set")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_alert__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert__clinic_id_cause_id"), "alert", ["clinic_id", "cause_id"], unique=False)
    op.create_index(
        op.f("ix_alert__clinic_id_patient_id_raised_at"),
        "alert",
        ["clinic_id", "patient_id", "raised_at"],
        unique=False,
    )
    op.create_index(op.f("ix_alert__clinic_id_raised_at_id"), "alert", ["clinic_id", "raised_at", "id"], unique=False)
    op.create_index(
        op.f("ix_alert__clinic_id_session_id_raised_at_id"),
        "alert",
        ["clinic_id", "session_id", "raised_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_alert__clinic_id_status_raised_at"), "alert", ["clinic_id", "status", "raised_at"], unique=False
    )
    op.create_index(
        "ix_alert__clock",
        "alert",
        ["escalates_at", "clinic_id"],
        unique=False,
        sqlite_where=sa.text("escalates_at IS NOT NULL"),
        postgresql_where=sa.text("escalates_at IS NOT NULL"),
    )
    op.create_table(
        "allergy",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("substance", sa.String(length=200), nullable=False),
        sa.Column("reaction", sa.String(length=200), nullable=True),
        sa.Column("severity", sa.String(length=64), nullable=True),
        sa.Column("source_of_information", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_allergy__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_allergy")),
    )
    op.create_index(
        op.f("ix_allergy__clinic_id_patient_id_id"), "allergy", ["clinic_id", "patient_id", "id"], unique=False
    )
    op.create_table(
        "client_secret",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["principal.clinic_id", "principal.id"],
            name=op.f("fk_client_secret__clinic_id_client_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_client_secret")),
    )
    op.create_index(
        op.f("ix_client_secret__clinic_id_client_id"), "client_secret", ["clinic_id", "client_id"], unique=False
    )
    op.create_table(
        "condition",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("icd10_code", sa.String(length=64), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("source_of_information", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on",
            name=op.f("ck_condition__ends_after_start"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_condition__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_condition")),
    )
    op.create_index(
        op.f("ix_condition__clinic_id_patient_id_id"), "condition", ["clinic_id", "patient_id", "id"], unique=False
    )
    op.create_table(
        "consent",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("drug", sa.String(length=64), nullable=True),
        sa.Column("document_code", sa.String(length=64), nullable=False),
        sa.Column("document_version", sa.String(length=64), nullable=False),
        sa.Column("document_digest", sa.String(length=64), nullable=True),
        sa.Column(
            "elements",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("signer", sa.String(length=64), nullable=False),
        sa.Column("signer_name", sa.String(length=200), nullable=True),
        sa.Column("witness_name", sa.String(length=200), nullable=True),
        sa.Column("interpreter_name", sa.String(length=200), nullable=True),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("expires_on >= signed_on", name=op.f("ck_consent__expires_after_signing")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_consent__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_consent")),
    )
    op.create_index(
        op.f("ix_consent__clinic_id_expires_on_id"), "consent", ["clinic_id", "expires_on", "id"], unique=False
    )
    op.create_index(
        op.f("ix_consent__clinic_id_patient_id_signed_on"),
        "consent",
        ["clinic_id", "patient_id", "signed_on"],
        unique=False,
    )
    op.create_index(
        op.f("ix_consent__clinic_id_signed_on_id"), "consent", ["clinic_id", "signed_on", "id"], unique=False
    )
    op.create_table(
        "episode",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("indication_code", sa.String(length=64), nullable=True),
        sa.Column("began_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('open', 'ended')", name=op.f("ck_episode__status_in_set")),
        sa.CheckConstraint(
            "ended_on IS NULL OR began_on IS NULL OR ended_on >= began_on", name=op.f("ck_episode__ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_episode__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_episode")),
    )
    op.create_index(
        op.f("ix_episode__clinic_id_patient_id_id"), "episode", ["clinic_id", "patient_id", "id"], unique=False
    )
    op.create_table(
        "external_treatment",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("drug", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("counted_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_given_on", sa.Date(), nullable=True),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("dose_mg", sa.BigInteger(), nullable=True),
        sa.Column("provider", sa.String(length=200), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("dose_mg >= 0", name=op.f("ck_external_treatment__dose_mg_not_negative")),
        sa.CheckConstraint(
            "first_given_on IS NULL OR first_given_on <= given_on", name=op.f("ck_external_treatment__last_after_first")
        ),
        sa.CheckConstraint("sessions >= 1", name=op.f("ck_external_treatment__sessions_counted")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_external_treatment__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_external_treatment")),
    )
    op.create_index(
        op.f("ix_external_treatment__clinic_id_patient_id_counted_from"),
        "external_treatment",
        ["clinic_id", "patient_id", "counted_from"],
        unique=False,
    )
    op.create_table(
        "medication",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "coding",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "class_codes",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "interactions",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("interactions_version", sa.String(length=64), nullable=False),
        sa.Column("dose", sa.String(length=200), nullable=True),
        sa.Column("taken_as", sa.String(length=64), nullable=False),
        sa.Column("diazepam_equivalent_mg_per_day", sa.BigInteger(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "diazepam_equivalent_mg_per_day >= 0",
            name=op.f("ck_medication__diazepam_equivalent_mg_per_day_not_negative"),
        ),
        sa.CheckConstraint(
            "ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on",
            name=op.f("ck_medication__ends_after_start"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_medication__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_medication")),
    )
    op.create_index(
        op.f("ix_medication__clinic_id_patient_id_id"), "medication", ["clinic_id", "patient_id", "id"], unique=False
    )
    op.create_table(
        "patient_identifier",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_patient_identifier__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "system", "value", name=op.f("pk_patient_identifier")),
    )
    op.create_index(
        op.f("ix_patient_identifier__clinic_id_patient_id"),
        "patient_identifier",
        ["clinic_id", "patient_id"],
        unique=False,
    )
    op.create_table(
        "patient_limit",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column(
            "value",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_patient_limit__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_patient_limit")),
    )
    op.create_index(
        op.f("ix_patient_limit__clinic_id_patient_id_code_effective_at"),
        "patient_limit",
        ["clinic_id", "patient_id", "code", "effective_at"],
        unique=False,
    )
    op.create_table(
        "programme_enrolment",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("programme", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("enrolled_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("signed_by_patient", sa.Boolean(), nullable=True),
        sa.Column("signed_by_prescriber", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ended_on IS NULL OR ended_on >= enrolled_on", name=op.f("ck_programme_enrolment__ends_after_start")
        ),
        sa.CheckConstraint(
            "patient_id IS NULL OR location_id IS NULL", name=op.f("ck_programme_enrolment__patient_or_place")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "location_id"],
            ["location.clinic_id", "location.id"],
            name=op.f("fk_programme_enrolment__clinic_id_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_programme_enrolment__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_programme_enrolment__clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_programme_enrolment")),
    )
    op.create_index(
        op.f("ix_programme_enrolment__clinic_id_ended_on_id"),
        "programme_enrolment",
        ["clinic_id", "ended_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_programme_enrolment__clinic_id_enrolled_on_id"),
        "programme_enrolment",
        ["clinic_id", "enrolled_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_programme_enrolment__clinic_id_location_id"),
        "programme_enrolment",
        ["clinic_id", "location_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_programme_enrolment__clinic_id_patient_id_enrolled_on"),
        "programme_enrolment",
        ["clinic_id", "patient_id", "enrolled_on"],
        unique=False,
    )
    op.create_table(
        "reproductive_fact",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=True),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("source_of_information", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_reproductive_fact__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_reproductive_fact")),
    )
    op.create_index(
        op.f("ix_reproductive_fact__clinic_id_observed_on_id"),
        "reproductive_fact",
        ["clinic_id", "observed_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reproductive_fact__clinic_id_patient_id_observed_on_id"),
        "reproductive_fact",
        ["clinic_id", "patient_id", "observed_on", "id"],
        unique=False,
    )
    op.create_table(
        "weight",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("weight_kg", sa.BigInteger(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measured_by", sa.String(length=200), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("weight_kg >= 100 AND weight_kg <= 50000", name=op.f("ck_weight__weight_kg_in_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_weight__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_weight")),
    )
    op.create_index(
        op.f("ix_weight__clinic_id_patient_id_measured_at"),
        "weight",
        ["clinic_id", "patient_id", "measured_at"],
        unique=False,
    )
    op.create_table(
        "course",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("protocol_code", sa.String(length=64), nullable=False),
        sa.Column("protocol_version", sa.Integer(), nullable=False),
        sa.Column("indication_code", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("phase_started_on", sa.Date(), nullable=False),
        sa.Column("interval_days", sa.Integer(), nullable=True),
        sa.Column("prescriber_id", sa.Uuid(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('planned', 'active', 'paused', 'completed', 'discontinued')",
            name=op.f("ck_course__status_in_set"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episode.clinic_id", "episode.id"],
            name=op.f("fk_course__clinic_id_episode_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_course__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "prescriber_id"],
            ["principal.clinic_id", "principal.id"],
            name=op.f("fk_course__clinic_id_prescriber_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_course")),
    )
    op.create_index(
        op.f("ix_course__clinic_id_episode_id_starts_on_id"),
        "course",
        ["clinic_id", "episode_id", "starts_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_course__clinic_id_patient_id_id"), "course", ["clinic_id", "patient_id", "id"], unique=False
    )
    op.create_index(op.f("ix_course__clinic_id_prescriber_id"), "course", ["clinic_id", "prescriber_id"], unique=False)
    op.create_index(op.f("ix_course__clinic_id_status_id"), "course", ["clinic_id", "status", "id"], unique=False)
    op.create_table(
        "medication_trial",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("drug", sa.String(length=200), nullable=False),
        sa.Column("class_code", sa.String(length=64), nullable=True),
        sa.Column("max_dose_mg_per_day", sa.BigInteger(), nullable=True),
        sa.Column("adequate_dose", sa.Boolean(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("weeks", sa.Integer(), nullable=True),
        sa.Column("adherence", sa.String(length=64), nullable=True),
        sa.Column("response_percent", sa.Integer(), nullable=True),
        sa.Column("stop_reason", sa.String(length=64), nullable=True),
        sa.Column(
            "augmentations",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("optimisations", sa.Integer(), nullable=False),
        sa.Column("adequate", sa.Boolean(), nullable=True),
        sa.Column("adequate_athf", sa.Boolean(), nullable=True),
        sa.Column("failed", sa.Boolean(), nullable=True),
        sa.Column("rule_version", sa.String(length=64), nullable=False),
        sa.Column("source_of_information", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on",
            name=op.f("ck_medication_trial__ends_after_start"),
        ),
        sa.CheckConstraint(
            "max_dose_mg_per_day >= 0", name=op.f("ck_medication_trial__max_dose_mg_per_day_not_negative")
        ),
        sa.CheckConstraint("optimisations >= 0", name=op.f("ck_medication_trial__optimisations_not_negative")),
        sa.CheckConstraint(
            "response_percent >= -100 AND response_percent <= 100",
            name=op.f("ck_medication_trial__response_percent_in_range"),
        ),
        sa.CheckConstraint("weeks >= 0", name=op.f("ck_medication_trial__weeks_not_negative")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episode.clinic_id", "episode.id"],
            name=op.f("fk_medication_trial__clinic_id_episode_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_medication_trial__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_medication_trial")),
    )
    op.create_index(
        op.f("ix_medication_trial__clinic_id_episode_id"), "medication_trial", ["clinic_id", "episode_id"], unique=False
    )
    op.create_index(
        op.f("ix_medication_trial__clinic_id_patient_id_id"),
        "medication_trial",
        ["clinic_id", "patient_id", "id"],
        unique=False,
    )
    op.create_table(
        "plan_item",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("local_time", sa.String(length=64), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("left_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "course_id"],
            ["course.clinic_id", "course.id"],
            name=op.f("fk_plan_item__clinic_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_plan_item__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_plan_item")),
        sa.UniqueConstraint("clinic_id", "course_id", "number", name=op.f("uq_plan_item__clinic_id_course_id_number")),
    )
    op.create_index(op.f("ix_plan_item__clinic_id_patient_id"), "plan_item", ["clinic_id", "patient_id"], unique=False)
    op.create_index(op.f("ix_plan_item__clinic_id_starts_at"), "plan_item", ["clinic_id", "starts_at"], unique=False)
    op.create_table(
        "treatment_session",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("plan_item_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("number_in_course", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("held_from", sa.String(length=64), nullable=True),
        sa.Column("drug", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("setting", sa.String(length=64), nullable=False),
        sa.Column("scheduled_start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "check_in",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=True),
        sa.Column("last_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_dose_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dosing_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("discharged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("condition_at_discharge", sa.String(length=200), nullable=True),
        sa.Column("escort_name", sa.String(length=200), nullable=True),
        sa.Column("escort_relation", sa.String(length=200), nullable=True),
        sa.Column("escort_phone", sa.String(length=200), nullable=True),
        sa.Column("escort_left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("instructions_version", sa.String(length=200), nullable=True),
        sa.Column("would_have_been_ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "discharge_criteria",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("discharge_override_reason", sa.Text(), nullable=True),
        sa.Column("left_against_advice", sa.Boolean(), nullable=True),
        sa.Column("leaving_told_to", sa.String(length=200), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("aborted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("abort_reason", sa.Text(), nullable=True),
        sa.Column(
            "deviations",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "policy_versions",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("recorded_afterwards", sa.Boolean(), nullable=False),
        sa.Column("recorded_after_minutes", sa.Integer(), nullable=True),
        sa.Column(
            "gates",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amended", sa.Boolean(), nullable=False),
        sa.Column("amendment_opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amendment_reason", sa.Text(), nullable=True),
        sa.Column("copied_from_id", sa.Uuid(), nullable=True),
        sa.Column("copied_to_id", sa.Uuid(), nullable=True),
        sa.Column("cosigner_due", sa.String(length=64), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('scheduled', 'checked_in', 'cleared', 'held', 'dosing', 'observing', 'discharged', 'signed', 'cancelled', 'no_show')",
            name=op.f("ck_treatment_session__status_in_set"),
        ),
        sa.CheckConstraint(
            "discharged_at IS NULL OR started_at IS NULL OR discharged_at >= started_at",
            name=op.f("ck_treatment_session__ends_after_start"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "copied_from_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_treatment_session__clinic_id_copied_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "copied_to_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_treatment_session__clinic_id_copied_to_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "course_id"],
            ["course.clinic_id", "course.id"],
            name=op.f("fk_treatment_session__clinic_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "location_id"],
            ["location.clinic_id", "location.id"],
            name=op.f("fk_treatment_session__clinic_id_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_treatment_session__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "plan_item_id"],
            ["plan_item.clinic_id", "plan_item.id"],
            name=op.f("fk_treatment_session__clinic_id_plan_item_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_treatment_session")),
        sa.UniqueConstraint(
            "clinic_id",
            "course_id",
            "number_in_course",
            name=op.f("uq_treatment_session__clinic_id_course_id_number_in_course"),
        ),
    )
    op.create_index(
        "ix_treatment_session__amendment_open",
        "treatment_session",
        ["clinic_id", "amendment_opened_at", "id"],
        unique=False,
        sqlite_where=sa.text("amendment_opened_at IS NOT NULL"),
        postgresql_where=sa.text("amendment_opened_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_treatment_session__clinic_id_copied_from_id"),
        "treatment_session",
        ["clinic_id", "copied_from_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_treatment_session__clinic_id_copied_to_id"),
        "treatment_session",
        ["clinic_id", "copied_to_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_treatment_session__clinic_id_location_id"),
        "treatment_session",
        ["clinic_id", "location_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_treatment_session__clinic_id_patient_id_session_at"),
        "treatment_session",
        ["clinic_id", "patient_id", "session_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_treatment_session__clinic_id_plan_item_id"),
        "treatment_session",
        ["clinic_id", "plan_item_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_treatment_session__clinic_id_session_at_id"),
        "treatment_session",
        ["clinic_id", "session_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_treatment_session__clinic_id_status_route_session_at_id"),
        "treatment_session",
        ["clinic_id", "status", "route", "session_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_treatment_session__clinic_id_status_session_at_id"),
        "treatment_session",
        ["clinic_id", "status", "session_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_treatment_session__clinic_id_updated_at_id"),
        "treatment_session",
        ["clinic_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_treatment_session__cosigner_due",
        "treatment_session",
        ["clinic_id", "signed_at", "id"],
        unique=False,
        sqlite_where=sa.text("cosigner_due IS NOT NULL"),
        postgresql_where=sa.text("cosigner_due IS NOT NULL"),
    )
    op.create_table(
        "addendum",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("after_signature", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_addendum__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_addendum__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_addendum")),
    )
    op.create_index(op.f("ix_addendum__clinic_id_patient_id"), "addendum", ["clinic_id", "patient_id"], unique=False)
    op.create_index(
        op.f("ix_addendum__clinic_id_session_id_id"), "addendum", ["clinic_id", "session_id", "id"], unique=False
    )
    op.create_table(
        "adverse_event",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("term", sa.String(length=64), nullable=False),
        sa.Column("vocabulary_version", sa.String(length=64), nullable=False),
        sa.Column("narrative", sa.Text(), nullable=True),
        sa.Column("onset_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("onset_minutes_from_t0", sa.Integer(), nullable=True),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ongoing", sa.Boolean(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("ctcae_version", sa.String(length=64), nullable=True),
        sa.Column(
            "seriousness",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("serious", sa.Boolean(), nullable=False),
        sa.Column("expected", sa.Boolean(), nullable=True),
        sa.Column("causality", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.Column("reporter", sa.String(length=200), nullable=True),
        sa.Column("reporting_basis", sa.String(length=64), nullable=False),
        sa.Column("report_due_on", sa.Date(), nullable=True),
        sa.Column(
            "reported_to",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("after_signature", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("grade >= 1 AND grade <= 5", name=op.f("ck_adverse_event__grade_in_range")),
        sa.CheckConstraint(
            "resolved_at IS NULL OR resolved_at >= onset_at", name=op.f("ck_adverse_event__ends_after_onset")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "course_id"],
            ["course.clinic_id", "course.id"],
            name=op.f("fk_adverse_event__clinic_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_adverse_event__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_adverse_event__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_adverse_event")),
    )
    op.create_index(
        op.f("ix_adverse_event__clinic_id_course_id_onset_at_id"),
        "adverse_event",
        ["clinic_id", "course_id", "onset_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_adverse_event__clinic_id_onset_at_id"), "adverse_event", ["clinic_id", "onset_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_adverse_event__clinic_id_patient_id_onset_at_id"),
        "adverse_event",
        ["clinic_id", "patient_id", "onset_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_adverse_event__clinic_id_report_due_on_id"),
        "adverse_event",
        ["clinic_id", "report_due_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_adverse_event__clinic_id_session_id_onset_at_id"),
        "adverse_event",
        ["clinic_id", "session_id", "onset_at", "id"],
        unique=False,
    )
    op.create_table(
        "assessment",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("instrument", sa.String(length=64), nullable=False),
        sa.Column("instrument_version", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_as", sa.String(length=64), nullable=False),
        sa.Column(
            "items",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "unscored_items",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("total_source", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=64), nullable=True),
        sa.Column("incomplete", sa.Boolean(), nullable=False),
        sa.Column("prorated", sa.Boolean(), nullable=False),
        sa.Column("safety_item", sa.Integer(), nullable=True),
        sa.Column("safety_item_missing", sa.Boolean(), nullable=False),
        sa.Column(
            "subscores",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "findings",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("scoring_version", sa.String(length=64), nullable=False),
        sa.Column("recall_period", sa.String(length=200), nullable=False),
        sa.Column("hours_since_last_dose", sa.BigInteger(), nullable=True),
        sa.Column("days_since_last_dose", sa.Integer(), nullable=True),
        sa.Column("too_soon_after_dose", sa.Boolean(), nullable=False),
        sa.Column("rated_by", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("after_signature", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(answered_at IS NULL) <> (answered_on IS NULL)", name=op.f("ck_assessment__one_time")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "course_id"],
            ["course.clinic_id", "course.id"],
            name=op.f("fk_assessment__clinic_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_assessment__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_assessment__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_assessment")),
    )
    op.create_index(
        op.f("ix_assessment__clinic_id_assessed_at_id"), "assessment", ["clinic_id", "assessed_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_assessment__clinic_id_course_id_instrument_assessed_at_id"),
        "assessment",
        ["clinic_id", "course_id", "instrument", "assessed_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment__clinic_id_instrument_assessed_at_id"),
        "assessment",
        ["clinic_id", "instrument", "assessed_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment__clinic_id_patient_id_assessed_at_id"),
        "assessment",
        ["clinic_id", "patient_id", "assessed_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment__clinic_id_session_id_assessed_at_id"),
        "assessment",
        ["clinic_id", "session_id", "assessed_at", "id"],
        unique=False,
    )
    op.create_table(
        "dissociation_note",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observed_by", sa.String(length=200), nullable=True),
        sa.Column("intensity", sa.Integer(), nullable=True),
        sa.Column(
            "phenomena",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("action_taken", sa.Text(), nullable=True),
        sa.Column("after_signature", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("intensity >= 0 AND intensity <= 10", name=op.f("ck_dissociation_note__intensity_in_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_dissociation_note__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_dissociation_note__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_dissociation_note")),
    )
    op.create_index(
        op.f("ix_dissociation_note__clinic_id_observed_at_id"),
        "dissociation_note",
        ["clinic_id", "observed_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dissociation_note__clinic_id_patient_id_observed_at"),
        "dissociation_note",
        ["clinic_id", "patient_id", "observed_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dissociation_note__clinic_id_session_id_observed_at_id"),
        "dissociation_note",
        ["clinic_id", "session_id", "observed_at", "id"],
        unique=False,
    )
    op.create_table(
        "dose_order",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("drug", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("ordered_mg", sa.BigInteger(), nullable=False),
        sa.Column("ordered_mg_per_kg", sa.BigInteger(), nullable=True),
        sa.Column("ordered_devices", sa.Integer(), nullable=True),
        sa.Column("ordered_units", sa.BigInteger(), nullable=True),
        sa.Column("unit_strength_mg", sa.BigInteger(), nullable=True),
        sa.Column("weight_kg", sa.BigInteger(), nullable=True),
        sa.Column("weight_measured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calculated_mg", sa.BigInteger(), nullable=True),
        sa.Column("infusion_minutes", sa.Integer(), nullable=True),
        sa.Column("rate_mg_per_min", sa.BigInteger(), nullable=True),
        sa.Column(
            "confirmed",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("weight_changed", sa.Boolean(), nullable=False),
        sa.Column("current_weight_kg", sa.BigInteger(), nullable=True),
        sa.Column("reconfirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconfirmed_by", sa.Uuid(), nullable=True),
        sa.Column("reconfirmed_weight_kg", sa.BigInteger(), nullable=True),
        sa.Column("ordered_for_another_patient", sa.Boolean(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prescriber_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'superseded')", name=op.f("ck_dose_order__status_in_set")),
        sa.CheckConstraint("ordered_devices >= 0", name=op.f("ck_dose_order__ordered_devices_not_negative")),
        sa.CheckConstraint("ordered_mg >= 0", name=op.f("ck_dose_order__ordered_mg_not_negative")),
        sa.CheckConstraint("ordered_units >= 0", name=op.f("ck_dose_order__ordered_units_not_negative")),
        sa.CheckConstraint("unit_strength_mg >= 0", name=op.f("ck_dose_order__unit_strength_mg_not_negative")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_dose_order__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_dose_order__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_dose_order")),
    )
    op.create_index(
        op.f("ix_dose_order__clinic_id_patient_id"), "dose_order", ["clinic_id", "patient_id"], unique=False
    )
    op.create_index(
        op.f("ix_dose_order__clinic_id_session_id_ordered_at_id"),
        "dose_order",
        ["clinic_id", "session_id", "ordered_at", "id"],
        unique=False,
    )
    op.create_table(
        "gate_override",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("gate", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "found",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "badness",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_gate_override__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_gate_override__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_gate_override")),
    )
    op.create_index(
        op.f("ix_gate_override__clinic_id_patient_id"), "gate_override", ["clinic_id", "patient_id"], unique=False
    )
    op.create_index(
        op.f("ix_gate_override__clinic_id_session_id_id"),
        "gate_override",
        ["clinic_id", "session_id", "id"],
        unique=False,
    )
    op.create_table(
        "reassignment",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("to_patient_id", sa.Uuid(), nullable=False),
        sa.Column("to_course_id", sa.Uuid(), nullable=True),
        sa.Column("copied_session_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'done') = (confirmed_by IS NOT NULL)", name=op.f("ck_reassignment__confirmed_when_done")
        ),
        sa.CheckConstraint("status IN ('proposed', 'done', 'withdrawn')", name=op.f("ck_reassignment__status_in_set")),
        sa.CheckConstraint("patient_id <> to_patient_id", name=op.f("ck_reassignment__between_two")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "copied_session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_reassignment__clinic_id_copied_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "course_id"],
            ["course.clinic_id", "course.id"],
            name=op.f("fk_reassignment__clinic_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_reassignment__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_reassignment__clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "to_course_id"],
            ["course.clinic_id", "course.id"],
            name=op.f("fk_reassignment__clinic_id_to_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "to_patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_reassignment__clinic_id_to_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_reassignment")),
    )
    op.create_index(
        op.f("ix_reassignment__clinic_id_copied_session_id_id"),
        "reassignment",
        ["clinic_id", "copied_session_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reassignment__clinic_id_course_id"), "reassignment", ["clinic_id", "course_id"], unique=False
    )
    op.create_index(
        op.f("ix_reassignment__clinic_id_patient_id_id"),
        "reassignment",
        ["clinic_id", "patient_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reassignment__clinic_id_session_id_id"),
        "reassignment",
        ["clinic_id", "session_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reassignment__clinic_id_status_recorded_at_id"),
        "reassignment",
        ["clinic_id", "status", "recorded_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reassignment__clinic_id_to_course_id"), "reassignment", ["clinic_id", "to_course_id"], unique=False
    )
    op.create_index(
        op.f("ix_reassignment__clinic_id_to_patient_id_id"),
        "reassignment",
        ["clinic_id", "to_patient_id", "id"],
        unique=False,
    )
    op.create_table(
        "screening",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("drug", sa.String(length=64), nullable=False),
        sa.Column("checklist_code", sa.String(length=64), nullable=False),
        sa.Column("checklist_version", sa.Integer(), nullable=False),
        sa.Column(
            "answers",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column(
            "findings",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("screened_by", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decision", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=True),
        sa.Column(
            "overrides",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("decided_version", sa.Integer(), nullable=True),
        sa.Column("decision_is_current", sa.Boolean(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_screening__decided_sometime")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_screening__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_screening__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_screening")),
    )
    op.create_index(
        op.f("ix_screening__clinic_id_expires_on_id"), "screening", ["clinic_id", "expires_on", "id"], unique=False
    )
    op.create_index(
        op.f("ix_screening__clinic_id_patient_id_screened_at"),
        "screening",
        ["clinic_id", "patient_id", "screened_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_screening__clinic_id_screened_at_id"), "screening", ["clinic_id", "screened_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_screening__clinic_id_session_id_screened_at"),
        "screening",
        ["clinic_id", "session_id", "screened_at"],
        unique=False,
    )
    op.create_table(
        "vital_signs",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measured_by", sa.String(length=200), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("systolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("diastolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("heart_rate_bpm", sa.Integer(), nullable=True),
        sa.Column("respiratory_rate_per_min", sa.Integer(), nullable=True),
        sa.Column("spo2_percent", sa.Integer(), nullable=True),
        sa.Column("oxygen_l_per_min", sa.BigInteger(), nullable=True),
        sa.Column("temperature_c", sa.BigInteger(), nullable=True),
        sa.Column("sedation_moaas", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("slot_conflict", sa.Boolean(), nullable=False),
        sa.Column("device_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clock_skew_seconds", sa.Integer(), nullable=True),
        sa.Column("after_signature", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "diastolic_mmhg >= 10 AND diastolic_mmhg <= 250", name=op.f("ck_vital_signs__diastolic_mmhg_in_range")
        ),
        sa.CheckConstraint(
            "diastolic_mmhg IS NULL OR systolic_mmhg IS NULL OR diastolic_mmhg < systolic_mmhg",
            name=op.f("ck_vital_signs__pressure_possible"),
        ),
        sa.CheckConstraint(
            "heart_rate_bpm >= 0 AND heart_rate_bpm <= 350", name=op.f("ck_vital_signs__heart_rate_bpm_in_range")
        ),
        sa.CheckConstraint(
            "respiratory_rate_per_min >= 0 AND respiratory_rate_per_min <= 100",
            name=op.f("ck_vital_signs__respiratory_rate_per_min_in_range"),
        ),
        sa.CheckConstraint(
            "sedation_moaas >= 0 AND sedation_moaas <= 5", name=op.f("ck_vital_signs__sedation_moaas_in_range")
        ),
        sa.CheckConstraint(
            "spo2_percent >= 0 AND spo2_percent <= 100", name=op.f("ck_vital_signs__spo2_percent_in_range")
        ),
        sa.CheckConstraint(
            "systolic_mmhg >= 20 AND systolic_mmhg <= 350", name=op.f("ck_vital_signs__systolic_mmhg_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_vital_signs__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_vital_signs__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_vital_signs")),
    )
    op.create_index(
        op.f("ix_vital_signs__clinic_id_measured_at_id"),
        "vital_signs",
        ["clinic_id", "measured_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_vital_signs__clinic_id_patient_id_measured_at"),
        "vital_signs",
        ["clinic_id", "patient_id", "measured_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_vital_signs__clinic_id_session_id_measured_at_id"),
        "vital_signs",
        ["clinic_id", "session_id", "measured_at", "id"],
        unique=False,
    )
    op.create_table(
        "watch",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("watched_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("after_signature", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_watch__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_watch__clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "staff_id"],
            ["principal.clinic_id", "principal.id"],
            name=op.f("fk_watch__clinic_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_watch")),
    )
    op.create_index(op.f("ix_watch__clinic_id_patient_id"), "watch", ["clinic_id", "patient_id"], unique=False)
    op.create_index(
        op.f("ix_watch__clinic_id_session_id_watched_from_id"),
        "watch",
        ["clinic_id", "session_id", "watched_from", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_watch__clinic_id_staff_id"), "watch", ["clinic_id", "staff_id"], unique=False)
    op.create_table(
        "administration",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("dose_order_id", sa.Uuid(), nullable=True),
        sa.Column("drug", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("placebo", sa.Boolean(), nullable=False),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("lot", sa.String(length=200), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("ndc", sa.String(length=64), nullable=True),
        sa.Column("concentration_mg_per_ml", sa.BigInteger(), nullable=True),
        sa.Column("access_site", sa.String(length=200), nullable=True),
        sa.Column("catheter_gauge", sa.Integer(), nullable=True),
        sa.Column("diluent", sa.String(length=200), nullable=True),
        sa.Column("bag_total_ml", sa.BigInteger(), nullable=True),
        sa.Column("infiltration", sa.Boolean(), nullable=True),
        sa.Column("pump", sa.String(length=200), nullable=True),
        sa.Column("form", sa.String(length=64), nullable=True),
        sa.Column("unit_strength_mg", sa.BigInteger(), nullable=True),
        sa.Column("hold_minutes", sa.Integer(), nullable=True),
        sa.Column("disposition", sa.String(length=64), nullable=True),
        sa.Column("observer_present", sa.Boolean(), nullable=True),
        sa.Column("peer_monitor_name", sa.String(length=200), nullable=True),
        sa.Column("dispensed_units", sa.BigInteger(), nullable=True),
        sa.Column("remaining_units", sa.BigInteger(), nullable=True),
        sa.Column("days_supply", sa.Integer(), nullable=True),
        sa.Column("self_administered", sa.Boolean(), nullable=True),
        sa.Column("supervised_by", sa.String(length=200), nullable=True),
        sa.Column("administered_by", sa.String(length=200), nullable=True),
        sa.Column("verified_by", sa.String(length=200), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("infusion_minutes", sa.BigInteger(), nullable=True),
        sa.Column("drawn_mg", sa.BigInteger(), nullable=True),
        sa.Column("drawn_ml", sa.BigInteger(), nullable=True),
        sa.Column("delivered_mg", sa.BigInteger(), nullable=True),
        sa.Column("delivered_source", sa.String(length=64), nullable=False),
        sa.Column("projected_mg", sa.BigInteger(), nullable=True),
        sa.Column("weight_kg", sa.BigInteger(), nullable=True),
        sa.Column("current_weight_kg", sa.BigInteger(), nullable=True),
        sa.Column("delivered_mg_per_kg", sa.BigInteger(), nullable=True),
        sa.Column("devices_used", sa.Integer(), nullable=True),
        sa.Column("estimated_loss_mg", sa.BigInteger(), nullable=True),
        sa.Column("wasted_mg", sa.BigInteger(), nullable=True),
        sa.Column("returned_mg", sa.BigInteger(), nullable=True),
        sa.Column("unaccounted_mg", sa.BigInteger(), nullable=True),
        sa.Column("reconciled", sa.Boolean(), nullable=False),
        sa.Column(
            "deviations",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "policy_versions",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("after_signature", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(drug = 'ketamine' AND route IN ('intravenous')) OR (drug = 'ketamine' AND route IN ('intramuscular', 'subcutaneous')) OR (drug = 'ketamine' AND route IN ('oral', 'sublingual')) OR (drug = 'ketamine' AND route IN ('intranasal')) OR (drug = 'esketamine' AND route IN ('intranasal'))",
            name=op.f("ck_administration__variant"),
        ),
        sa.CheckConstraint(
            "access_site IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))",
            name=op.f("ck_administration__access_site_of_variant"),
        ),
        sa.CheckConstraint(
            "bag_total_ml IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))",
            name=op.f("ck_administration__bag_total_ml_of_variant"),
        ),
        sa.CheckConstraint(
            "catheter_gauge IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))",
            name=op.f("ck_administration__catheter_gauge_of_variant"),
        ),
        sa.CheckConstraint(
            "concentration_mg_per_ml IS NULL OR (drug = 'ketamine' AND route IN ('intravenous')) OR (drug = 'ketamine' AND route IN ('intramuscular', 'subcutaneous')) OR (drug = 'ketamine' AND route IN ('intranasal'))",
            name=op.f("ck_administration__concentration_mg_per_ml_of_variant"),
        ),
        sa.CheckConstraint(
            "days_supply IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))",
            name=op.f("ck_administration__days_supply_of_variant"),
        ),
        sa.CheckConstraint(
            "diluent IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))",
            name=op.f("ck_administration__diluent_of_variant"),
        ),
        sa.CheckConstraint(
            "dispensed_units IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))",
            name=op.f("ck_administration__dispensed_units_of_variant"),
        ),
        sa.CheckConstraint(
            "disposition IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))",
            name=op.f("ck_administration__disposition_of_variant"),
        ),
        sa.CheckConstraint(
            "form IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))",
            name=op.f("ck_administration__form_of_variant"),
        ),
        sa.CheckConstraint(
            "hold_minutes IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))",
            name=op.f("ck_administration__hold_minutes_of_variant"),
        ),
        sa.CheckConstraint(
            "infiltration IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))",
            name=op.f("ck_administration__infiltration_of_variant"),
        ),
        sa.CheckConstraint(
            "observer_present IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))",
            name=op.f("ck_administration__observer_present_of_variant"),
        ),
        sa.CheckConstraint(
            "peer_monitor_name IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))",
            name=op.f("ck_administration__peer_monitor_name_of_variant"),
        ),
        sa.CheckConstraint(
            "pump IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))",
            name=op.f("ck_administration__pump_of_variant"),
        ),
        sa.CheckConstraint(
            "remaining_units IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))",
            name=op.f("ck_administration__remaining_units_of_variant"),
        ),
        sa.CheckConstraint(
            "self_administered IS NULL OR (drug = 'esketamine' AND route IN ('intranasal'))",
            name=op.f("ck_administration__self_administered_of_variant"),
        ),
        sa.CheckConstraint(
            "state IN ('not_started', 'running', 'paused', 'stopped')", name=op.f("ck_administration__state_in_set")
        ),
        sa.CheckConstraint(
            "supervised_by IS NULL OR (drug = 'esketamine' AND route IN ('intranasal'))",
            name=op.f("ck_administration__supervised_by_of_variant"),
        ),
        sa.CheckConstraint(
            "unit_strength_mg IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))",
            name=op.f("ck_administration__unit_strength_mg_of_variant"),
        ),
        sa.CheckConstraint("bag_total_ml >= 0", name=op.f("ck_administration__bag_total_ml_not_negative")),
        sa.CheckConstraint(
            "concentration_mg_per_ml >= 0", name=op.f("ck_administration__concentration_mg_per_ml_not_negative")
        ),
        sa.CheckConstraint("delivered_mg >= 0", name=op.f("ck_administration__delivered_mg_not_negative")),
        sa.CheckConstraint("dispensed_units >= 0", name=op.f("ck_administration__dispensed_units_not_negative")),
        sa.CheckConstraint("drawn_mg >= 0", name=op.f("ck_administration__drawn_mg_not_negative")),
        sa.CheckConstraint("estimated_loss_mg >= 0", name=op.f("ck_administration__estimated_loss_mg_not_negative")),
        sa.CheckConstraint("remaining_units >= 0", name=op.f("ck_administration__remaining_units_not_negative")),
        sa.CheckConstraint("returned_mg >= 0", name=op.f("ck_administration__returned_mg_not_negative")),
        sa.CheckConstraint(
            "stopped_at IS NULL OR started_at IS NULL OR stopped_at >= started_at",
            name=op.f("ck_administration__stops_after_start"),
        ),
        sa.CheckConstraint("unit_strength_mg >= 0", name=op.f("ck_administration__unit_strength_mg_not_negative")),
        sa.CheckConstraint("wasted_mg >= 0", name=op.f("ck_administration__wasted_mg_not_negative")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "dose_order_id"],
            ["dose_order.clinic_id", "dose_order.id"],
            name=op.f("fk_administration__clinic_id_dose_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_administration__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_administration__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_administration")),
    )
    op.create_index(
        op.f("ix_administration__clinic_id_dose_order_id"),
        "administration",
        ["clinic_id", "dose_order_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_administration__clinic_id_patient_id_started_at"),
        "administration",
        ["clinic_id", "patient_id", "started_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_administration__clinic_id_reconciled_stopped_at_id"),
        "administration",
        ["clinic_id", "reconciled", "stopped_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_administration__clinic_id_session_id_recorded_at_id"),
        "administration",
        ["clinic_id", "session_id", "recorded_at", "id"],
        unique=False,
    )
    op.create_table(
        "dose_decision",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=True),
        sa.Column("dose_mg", sa.BigInteger(), nullable=True),
        sa.Column("dose_mg_per_kg", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("dose_mg >= 0", name=op.f("ck_dose_decision__dose_mg_not_negative")),
        sa.CheckConstraint("dose_mg_per_kg >= 0", name=op.f("ck_dose_decision__dose_mg_per_kg_not_negative")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "assessment_id"],
            ["assessment.clinic_id", "assessment.id"],
            name=op.f("fk_dose_decision__clinic_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "course_id"],
            ["course.clinic_id", "course.id"],
            name=op.f("fk_dose_decision__clinic_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_dose_decision__clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_dose_decision")),
    )
    op.create_index(
        op.f("ix_dose_decision__clinic_id_assessment_id"), "dose_decision", ["clinic_id", "assessment_id"], unique=False
    )
    op.create_index(
        op.f("ix_dose_decision__clinic_id_course_id_decided_at_id"),
        "dose_decision",
        ["clinic_id", "course_id", "decided_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dose_decision__clinic_id_patient_id"), "dose_decision", ["clinic_id", "patient_id"], unique=False
    )
    op.create_table(
        "signature",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("addendum_id", sa.Uuid(), nullable=True),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column("printed_name", sa.String(length=200), nullable=False),
        sa.Column(
            "roles",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("meaning", sa.String(length=64), nullable=False),
        sa.Column("cosignature", sa.Boolean(), nullable=False),
        sa.Column("cosigner", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "covers",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_reason", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "addendum_id"],
            ["addendum.clinic_id", "addendum.id"],
            name=op.f("fk_signature__clinic_id_addendum_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_signature__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_signature__clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "signer_id"],
            ["principal.clinic_id", "principal.id"],
            name=op.f("fk_signature__clinic_id_signer_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_signature")),
    )
    op.create_index(
        op.f("ix_signature__clinic_id_addendum_id"), "signature", ["clinic_id", "addendum_id"], unique=False
    )
    op.create_index(op.f("ix_signature__clinic_id_patient_id"), "signature", ["clinic_id", "patient_id"], unique=False)
    op.create_index(
        op.f("ix_signature__clinic_id_session_id_signed_at_id"),
        "signature",
        ["clinic_id", "session_id", "signed_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_signature__clinic_id_signer_id"), "signature", ["clinic_id", "signer_id"], unique=False)
    op.create_table(
        "vital_slot",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column(
            "asks",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("minutes_from_t0", sa.Integer(), nullable=True),
        sa.Column("cause_id", sa.Uuid(), nullable=True),
        sa.Column(
            "findings",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reading_id", sa.Uuid(), nullable=True),
        sa.Column("measured_late", sa.Boolean(), nullable=False),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_by", sa.Uuid(), nullable=True),
        sa.Column("missed_reason", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'planned') = (minutes_from_t0 IS NOT NULL)", name=op.f("ck_vital_slot__planned_has_minutes")
        ),
        sa.CheckConstraint("(kind = 'repeat') = (cause_id IS NOT NULL)", name=op.f("ck_vital_slot__repeat_has_cause")),
        sa.CheckConstraint("kind IN ('baseline', 'planned', 'repeat')", name=op.f("ck_vital_slot__kind_in_set")),
        sa.CheckConstraint("reading_id IS NULL OR missed_at IS NULL", name=op.f("ck_vital_slot__done_or_missed")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "cause_id"],
            ["vital_signs.clinic_id", "vital_signs.id"],
            name=op.f("fk_vital_slot__clinic_id_cause_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_vital_slot__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "reading_id"],
            ["vital_signs.clinic_id", "vital_signs.id"],
            name=op.f("fk_vital_slot__clinic_id_reading_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_vital_slot__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_vital_slot")),
    )
    op.create_index(op.f("ix_vital_slot__clinic_id_cause_id"), "vital_slot", ["clinic_id", "cause_id"], unique=False)
    op.create_index(
        op.f("ix_vital_slot__clinic_id_patient_id_due_at"),
        "vital_slot",
        ["clinic_id", "patient_id", "due_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_vital_slot__clinic_id_reading_id_due_at_id"),
        "vital_slot",
        ["clinic_id", "reading_id", "due_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_vital_slot__clinic_id_session_id_due_at_id"),
        "vital_slot",
        ["clinic_id", "session_id", "due_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_vital_slot__open",
        "vital_slot",
        ["clinic_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("reading_id IS NULL AND missed_at IS NULL AND entered_in_error_at IS NULL"),
        sqlite_where=sa.text("reading_id IS NULL AND missed_at IS NULL AND entered_in_error_at IS NULL"),
    )
    op.create_table(
        "dose_event",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("rate_mg_per_min", sa.BigInteger(), nullable=True),
        sa.Column("amount_mg", sa.BigInteger(), nullable=True),
        sa.Column("body_site", sa.String(length=64), nullable=True),
        sa.Column("side", sa.String(length=64), nullable=True),
        sa.Column("volume_ml", sa.BigInteger(), nullable=True),
        sa.Column("device_number", sa.Integer(), nullable=True),
        sa.Column("lot", sa.String(length=200), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("nostril", sa.String(length=64), nullable=True),
        sa.Column("second_spray_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_nostril", sa.String(length=64), nullable=True),
        sa.Column("blew_nose", sa.Boolean(), nullable=True),
        sa.Column("leaked", sa.Boolean(), nullable=True),
        sa.Column("unit_count", sa.BigInteger(), nullable=True),
        sa.Column("unit_strength_mg", sa.BigInteger(), nullable=True),
        sa.Column("hold_minutes", sa.Integer(), nullable=True),
        sa.Column("disposition", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("performed_by", sa.String(length=200), nullable=True),
        sa.Column("ordered_by", sa.String(length=200), nullable=True),
        sa.Column("after_signature", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("create_digest", sa.String(length=64), nullable=True),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Uuid(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("blew_nose IS NULL OR kind IN ('device')", name=op.f("ck_dose_event__blew_nose_of_kind")),
        sa.CheckConstraint("body_site IS NULL OR kind IN ('injection')", name=op.f("ck_dose_event__body_site_of_kind")),
        sa.CheckConstraint(
            "device_number IS NULL OR kind IN ('device')", name=op.f("ck_dose_event__device_number_of_kind")
        ),
        sa.CheckConstraint(
            "disposition IS NULL OR kind IN ('lozenge')", name=op.f("ck_dose_event__disposition_of_kind")
        ),
        sa.CheckConstraint("expires_on IS NULL OR kind IN ('device')", name=op.f("ck_dose_event__expires_on_of_kind")),
        sa.CheckConstraint(
            "hold_minutes IS NULL OR kind IN ('lozenge')", name=op.f("ck_dose_event__hold_minutes_of_kind")
        ),
        sa.CheckConstraint("leaked IS NULL OR kind IN ('device')", name=op.f("ck_dose_event__leaked_of_kind")),
        sa.CheckConstraint("lot IS NULL OR kind IN ('device')", name=op.f("ck_dose_event__lot_of_kind")),
        sa.CheckConstraint(
            "nostril IS NULL OR kind IN ('device', 'spray')", name=op.f("ck_dose_event__nostril_of_kind")
        ),
        sa.CheckConstraint(
            "rate_mg_per_min IS NULL OR kind IN ('rate_change', 'resume', 'start')",
            name=op.f("ck_dose_event__rate_mg_per_min_of_kind"),
        ),
        sa.CheckConstraint(
            "second_nostril IS NULL OR kind IN ('device')", name=op.f("ck_dose_event__second_nostril_of_kind")
        ),
        sa.CheckConstraint(
            "second_spray_at IS NULL OR kind IN ('device')", name=op.f("ck_dose_event__second_spray_at_of_kind")
        ),
        sa.CheckConstraint("side IS NULL OR kind IN ('injection')", name=op.f("ck_dose_event__side_of_kind")),
        sa.CheckConstraint("unit_count IS NULL OR kind IN ('lozenge')", name=op.f("ck_dose_event__unit_count_of_kind")),
        sa.CheckConstraint(
            "unit_strength_mg IS NULL OR kind IN ('lozenge')", name=op.f("ck_dose_event__unit_strength_mg_of_kind")
        ),
        sa.CheckConstraint("volume_ml IS NULL OR kind IN ('injection')", name=op.f("ck_dose_event__volume_ml_of_kind")),
        sa.CheckConstraint("amount_mg >= 0", name=op.f("ck_dose_event__amount_mg_not_negative")),
        sa.CheckConstraint("rate_mg_per_min >= 0", name=op.f("ck_dose_event__rate_mg_per_min_not_negative")),
        sa.CheckConstraint(
            "second_spray_at IS NULL OR second_spray_at >= occurred_at",
            name=op.f("ck_dose_event__second_spray_after_first"),
        ),
        sa.CheckConstraint("unit_count >= 0", name=op.f("ck_dose_event__unit_count_not_negative")),
        sa.CheckConstraint("unit_strength_mg >= 0", name=op.f("ck_dose_event__unit_strength_mg_not_negative")),
        sa.CheckConstraint("volume_ml >= 0", name=op.f("ck_dose_event__volume_ml_not_negative")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "administration_id"],
            ["administration.clinic_id", "administration.id"],
            name=op.f("fk_dose_event__clinic_id_administration_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_dose_event__clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.id"],
            name=op.f("fk_dose_event__clinic_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_dose_event")),
    )
    op.create_index(
        op.f("ix_dose_event__clinic_id_administration_id_occurred_at_ordinal"),
        "dose_event",
        ["clinic_id", "administration_id", "occurred_at", "ordinal"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dose_event__clinic_id_occurred_at_id"), "dose_event", ["clinic_id", "occurred_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_dose_event__clinic_id_patient_id"), "dose_event", ["clinic_id", "patient_id"], unique=False
    )
    op.create_index(
        op.f("ix_dose_event__clinic_id_session_id_id"), "dose_event", ["clinic_id", "session_id", "id"], unique=False
    )
    # tables: to here
    if op.get_bind().dialect.name == "sqlite":
        shut_on_sqlite()
    else:
        shut_on_postgresql()


def shut_on_sqlite() -> None:
    """Refuse what must never happen to a row of the ledger, on SQLite."""
    refuse = "BEGIN SELECT RAISE(ABORT, 'the ledger of changes is append-only'); END"
    same_key = "clinic_id = NEW.clinic_id AND id = NEW.id"
    same_version = (
        "clinic_id = NEW.clinic_id AND resource_type = NEW.resource_type "
        "AND resource_id = NEW.resource_id AND version = NEW.version"
    )
    same_number = "clinic_id = NEW.clinic_id AND sequence = NEW.sequence"
    there = f"(EXISTS (SELECT 1 FROM change WHERE {same_key}) OR EXISTS (SELECT 1 FROM change WHERE {same_version}))"
    taken = f"EXISTS (SELECT 1 FROM change WHERE {same_number} AND id <> NEW.id)"
    op.execute(f"CREATE TRIGGER change_refuses_delete BEFORE DELETE ON change {refuse}")
    op.execute(f"CREATE TRIGGER change_refuses_replace BEFORE INSERT ON change WHEN {there} OR {taken} {refuse}")
    op.execute(
        f"CREATE TRIGGER change_refuses_update BEFORE UPDATE ON change WHEN NOT {permitted('IS')} OR {taken} {refuse}"
    )


def shut_on_postgresql() -> None:
    """Refuse what must never happen to a row of the ledger, on PostgreSQL."""
    op.execute(
        "CREATE FUNCTION refuse_change_of_ledger() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the ledger of changes is append-only' USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$"
    )
    refuse = "EXECUTE FUNCTION refuse_change_of_ledger()"
    op.execute(f"CREATE TRIGGER change_refuses_delete BEFORE DELETE ON change FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER change_refuses_truncate BEFORE TRUNCATE ON change FOR EACH STATEMENT {refuse}")
    op.execute(
        "CREATE TRIGGER change_refuses_update BEFORE UPDATE ON change FOR EACH ROW "
        f"WHEN (NOT {permitted('IS NOT DISTINCT FROM')}) {refuse}"
    )


def downgrade() -> None:
    """Take everything away; the ledger's triggers go with its table."""
    # tables: from here on made from the models
    op.drop_index(op.f("ix_dose_event__clinic_id_session_id_id"), table_name="dose_event")
    op.drop_index(op.f("ix_dose_event__clinic_id_patient_id"), table_name="dose_event")
    op.drop_index(op.f("ix_dose_event__clinic_id_occurred_at_id"), table_name="dose_event")
    op.drop_index(op.f("ix_dose_event__clinic_id_administration_id_occurred_at_ordinal"), table_name="dose_event")
    op.drop_table("dose_event")
    op.drop_index(
        "ix_vital_slot__open",
        table_name="vital_slot",
        postgresql_where=sa.text("reading_id IS NULL AND missed_at IS NULL AND entered_in_error_at IS NULL"),
        sqlite_where=sa.text("reading_id IS NULL AND missed_at IS NULL AND entered_in_error_at IS NULL"),
    )
    op.drop_index(op.f("ix_vital_slot__clinic_id_session_id_due_at_id"), table_name="vital_slot")
    op.drop_index(op.f("ix_vital_slot__clinic_id_reading_id_due_at_id"), table_name="vital_slot")
    op.drop_index(op.f("ix_vital_slot__clinic_id_patient_id_due_at"), table_name="vital_slot")
    op.drop_index(op.f("ix_vital_slot__clinic_id_cause_id"), table_name="vital_slot")
    op.drop_table("vital_slot")
    op.drop_index(op.f("ix_signature__clinic_id_signer_id"), table_name="signature")
    op.drop_index(op.f("ix_signature__clinic_id_session_id_signed_at_id"), table_name="signature")
    op.drop_index(op.f("ix_signature__clinic_id_patient_id"), table_name="signature")
    op.drop_index(op.f("ix_signature__clinic_id_addendum_id"), table_name="signature")
    op.drop_table("signature")
    op.drop_index(op.f("ix_dose_decision__clinic_id_patient_id"), table_name="dose_decision")
    op.drop_index(op.f("ix_dose_decision__clinic_id_course_id_decided_at_id"), table_name="dose_decision")
    op.drop_index(op.f("ix_dose_decision__clinic_id_assessment_id"), table_name="dose_decision")
    op.drop_table("dose_decision")
    op.drop_index(op.f("ix_administration__clinic_id_session_id_recorded_at_id"), table_name="administration")
    op.drop_index(op.f("ix_administration__clinic_id_reconciled_stopped_at_id"), table_name="administration")
    op.drop_index(op.f("ix_administration__clinic_id_patient_id_started_at"), table_name="administration")
    op.drop_index(op.f("ix_administration__clinic_id_dose_order_id"), table_name="administration")
    op.drop_table("administration")
    op.drop_index(op.f("ix_watch__clinic_id_staff_id"), table_name="watch")
    op.drop_index(op.f("ix_watch__clinic_id_session_id_watched_from_id"), table_name="watch")
    op.drop_index(op.f("ix_watch__clinic_id_patient_id"), table_name="watch")
    op.drop_table("watch")
    op.drop_index(op.f("ix_vital_signs__clinic_id_session_id_measured_at_id"), table_name="vital_signs")
    op.drop_index(op.f("ix_vital_signs__clinic_id_patient_id_measured_at"), table_name="vital_signs")
    op.drop_index(op.f("ix_vital_signs__clinic_id_measured_at_id"), table_name="vital_signs")
    op.drop_table("vital_signs")
    op.drop_index(op.f("ix_screening__clinic_id_session_id_screened_at"), table_name="screening")
    op.drop_index(op.f("ix_screening__clinic_id_screened_at_id"), table_name="screening")
    op.drop_index(op.f("ix_screening__clinic_id_patient_id_screened_at"), table_name="screening")
    op.drop_index(op.f("ix_screening__clinic_id_expires_on_id"), table_name="screening")
    op.drop_table("screening")
    op.drop_index(op.f("ix_reassignment__clinic_id_to_patient_id_id"), table_name="reassignment")
    op.drop_index(op.f("ix_reassignment__clinic_id_to_course_id"), table_name="reassignment")
    op.drop_index(op.f("ix_reassignment__clinic_id_status_recorded_at_id"), table_name="reassignment")
    op.drop_index(op.f("ix_reassignment__clinic_id_session_id_id"), table_name="reassignment")
    op.drop_index(op.f("ix_reassignment__clinic_id_patient_id_id"), table_name="reassignment")
    op.drop_index(op.f("ix_reassignment__clinic_id_course_id"), table_name="reassignment")
    op.drop_index(op.f("ix_reassignment__clinic_id_copied_session_id_id"), table_name="reassignment")
    op.drop_table("reassignment")
    op.drop_index(op.f("ix_gate_override__clinic_id_session_id_id"), table_name="gate_override")
    op.drop_index(op.f("ix_gate_override__clinic_id_patient_id"), table_name="gate_override")
    op.drop_table("gate_override")
    op.drop_index(op.f("ix_dose_order__clinic_id_session_id_ordered_at_id"), table_name="dose_order")
    op.drop_index(op.f("ix_dose_order__clinic_id_patient_id"), table_name="dose_order")
    op.drop_table("dose_order")
    op.drop_index(op.f("ix_dissociation_note__clinic_id_session_id_observed_at_id"), table_name="dissociation_note")
    op.drop_index(op.f("ix_dissociation_note__clinic_id_patient_id_observed_at"), table_name="dissociation_note")
    op.drop_index(op.f("ix_dissociation_note__clinic_id_observed_at_id"), table_name="dissociation_note")
    op.drop_table("dissociation_note")
    op.drop_index(op.f("ix_assessment__clinic_id_session_id_assessed_at_id"), table_name="assessment")
    op.drop_index(op.f("ix_assessment__clinic_id_patient_id_assessed_at_id"), table_name="assessment")
    op.drop_index(op.f("ix_assessment__clinic_id_instrument_assessed_at_id"), table_name="assessment")
    op.drop_index(op.f("ix_assessment__clinic_id_course_id_instrument_assessed_at_id"), table_name="assessment")
    op.drop_index(op.f("ix_assessment__clinic_id_assessed_at_id"), table_name="assessment")
    op.drop_table("assessment")
    op.drop_index(op.f("ix_adverse_event__clinic_id_session_id_onset_at_id"), table_name="adverse_event")
    op.drop_index(op.f("ix_adverse_event__clinic_id_report_due_on_id"), table_name="adverse_event")
    op.drop_index(op.f("ix_adverse_event__clinic_id_patient_id_onset_at_id"), table_name="adverse_event")
    op.drop_index(op.f("ix_adverse_event__clinic_id_onset_at_id"), table_name="adverse_event")
    op.drop_index(op.f("ix_adverse_event__clinic_id_course_id_onset_at_id"), table_name="adverse_event")
    op.drop_table("adverse_event")
    op.drop_index(op.f("ix_addendum__clinic_id_session_id_id"), table_name="addendum")
    op.drop_index(op.f("ix_addendum__clinic_id_patient_id"), table_name="addendum")
    op.drop_table("addendum")
    op.drop_index(
        "ix_treatment_session__cosigner_due",
        table_name="treatment_session",
        sqlite_where=sa.text("cosigner_due IS NOT NULL"),
        postgresql_where=sa.text("cosigner_due IS NOT NULL"),
    )
    op.drop_index(op.f("ix_treatment_session__clinic_id_updated_at_id"), table_name="treatment_session")
    op.drop_index(op.f("ix_treatment_session__clinic_id_status_session_at_id"), table_name="treatment_session")
    op.drop_index(op.f("ix_treatment_session__clinic_id_status_route_session_at_id"), table_name="treatment_session")
    op.drop_index(op.f("ix_treatment_session__clinic_id_session_at_id"), table_name="treatment_session")
    op.drop_index(op.f("ix_treatment_session__clinic_id_plan_item_id"), table_name="treatment_session")
    op.drop_index(op.f("ix_treatment_session__clinic_id_patient_id_session_at"), table_name="treatment_session")
    op.drop_index(op.f("ix_treatment_session__clinic_id_location_id"), table_name="treatment_session")
    op.drop_index(op.f("ix_treatment_session__clinic_id_copied_to_id"), table_name="treatment_session")
    op.drop_index(op.f("ix_treatment_session__clinic_id_copied_from_id"), table_name="treatment_session")
    op.drop_index(
        "ix_treatment_session__amendment_open",
        table_name="treatment_session",
        sqlite_where=sa.text("amendment_opened_at IS NOT NULL"),
        postgresql_where=sa.text("amendment_opened_at IS NOT NULL"),
    )
    op.drop_table("treatment_session")
    op.drop_index(op.f("ix_plan_item__clinic_id_starts_at"), table_name="plan_item")
    op.drop_index(op.f("ix_plan_item__clinic_id_patient_id"), table_name="plan_item")
    op.drop_table("plan_item")
    op.drop_index(op.f("ix_medication_trial__clinic_id_patient_id_id"), table_name="medication_trial")
    op.drop_index(op.f("ix_medication_trial__clinic_id_episode_id"), table_name="medication_trial")
    op.drop_table("medication_trial")
    op.drop_index(op.f("ix_course__clinic_id_status_id"), table_name="course")
    op.drop_index(op.f("ix_course__clinic_id_prescriber_id"), table_name="course")
    op.drop_index(op.f("ix_course__clinic_id_patient_id_id"), table_name="course")
    op.drop_index(op.f("ix_course__clinic_id_episode_id_starts_on_id"), table_name="course")
    op.drop_table("course")
    op.drop_index(op.f("ix_weight__clinic_id_patient_id_measured_at"), table_name="weight")
    op.drop_table("weight")
    op.drop_index(op.f("ix_reproductive_fact__clinic_id_patient_id_observed_on_id"), table_name="reproductive_fact")
    op.drop_index(op.f("ix_reproductive_fact__clinic_id_observed_on_id"), table_name="reproductive_fact")
    op.drop_table("reproductive_fact")
    op.drop_index(op.f("ix_programme_enrolment__clinic_id_patient_id_enrolled_on"), table_name="programme_enrolment")
    op.drop_index(op.f("ix_programme_enrolment__clinic_id_location_id"), table_name="programme_enrolment")
    op.drop_index(op.f("ix_programme_enrolment__clinic_id_enrolled_on_id"), table_name="programme_enrolment")
    op.drop_index(op.f("ix_programme_enrolment__clinic_id_ended_on_id"), table_name="programme_enrolment")
    op.drop_table("programme_enrolment")
    op.drop_index(op.f("ix_patient_limit__clinic_id_patient_id_code_effective_at"), table_name="patient_limit")
    op.drop_table("patient_limit")
    op.drop_index(op.f("ix_patient_identifier__clinic_id_patient_id"), table_name="patient_identifier")
    op.drop_table("patient_identifier")
    op.drop_index(op.f("ix_medication__clinic_id_patient_id_id"), table_name="medication")
    op.drop_table("medication")
    op.drop_index(op.f("ix_external_treatment__clinic_id_patient_id_counted_from"), table_name="external_treatment")
    op.drop_table("external_treatment")
    op.drop_index(op.f("ix_episode__clinic_id_patient_id_id"), table_name="episode")
    op.drop_table("episode")
    op.drop_index(op.f("ix_consent__clinic_id_signed_on_id"), table_name="consent")
    op.drop_index(op.f("ix_consent__clinic_id_patient_id_signed_on"), table_name="consent")
    op.drop_index(op.f("ix_consent__clinic_id_expires_on_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_condition__clinic_id_patient_id_id"), table_name="condition")
    op.drop_table("condition")
    op.drop_index(op.f("ix_client_secret__clinic_id_client_id"), table_name="client_secret")
    op.drop_table("client_secret")
    op.drop_index(op.f("ix_allergy__clinic_id_patient_id_id"), table_name="allergy")
    op.drop_table("allergy")
    op.drop_index(
        "ix_alert__clock",
        table_name="alert",
        sqlite_where=sa.text("escalates_at IS NOT NULL"),
        postgresql_where=sa.text("escalates_at IS NOT NULL"),
    )
    op.drop_index(op.f("ix_alert__clinic_id_status_raised_at"), table_name="alert")
    op.drop_index(op.f("ix_alert__clinic_id_session_id_raised_at_id"), table_name="alert")
    op.drop_index(op.f("ix_alert__clinic_id_raised_at_id"), table_name="alert")
    op.drop_index(op.f("ix_alert__clinic_id_patient_id_raised_at"), table_name="alert")
    op.drop_index(op.f("ix_alert__clinic_id_cause_id"), table_name="alert")
    op.drop_table("alert")
    op.drop_index(op.f("ix_token__account_id"), table_name="token")
    op.drop_table("token")
    op.drop_index(op.f("ix_principal__id"), table_name="principal")
    op.drop_index(op.f("ix_principal__account_id"), table_name="principal")
    op.drop_table("principal")
    op.drop_index(op.f("ix_policy_setting__clinic_id_effective_at_id"), table_name="policy_setting")
    op.drop_index(op.f("ix_policy_setting__clinic_id_code_effective_at"), table_name="policy_setting")
    op.drop_table("policy_setting")
    op.drop_index(op.f("ix_patient__clinic_id_family_name_folded_given_name_folded_id"), table_name="patient")
    op.drop_index(op.f("ix_patient__clinic_id_birth_on"), table_name="patient")
    op.drop_table("patient")
    op.drop_table("location")
    op.drop_table("clinic_protocol")
    op.drop_table("login_throttle")
    op.drop_table("ledger_head")
    op.drop_index(op.f("ix_idempotency_key__created_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_table("clinic")
    op.drop_index(
        "ix_change__unsealed",
        table_name="change",
        postgresql_where=sa.text("sequence IS NULL"),
        sqlite_where=sa.text("sequence IS NULL"),
    )
    op.drop_index(op.f("ix_change__clinic_id_root_type_root_id_recorded_at"), table_name="change")
    op.drop_table("change")
    op.drop_table("account")
    # tables: to here
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_ledger()")
