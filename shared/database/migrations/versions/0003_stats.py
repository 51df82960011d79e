"""How many parts of a task ended well and badly so far, shown in lists without reading the result."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE task ADD COLUMN stats text")


def downgrade() -> None:
    op.execute("ALTER TABLE task DROP COLUMN stats")
