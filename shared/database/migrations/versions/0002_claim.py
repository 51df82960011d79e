"""The claim looks for open tasks by the replica that writes them.

`task.dispatched` and the schemas dbos_gateway and dbos_imagegen are of no more use, and stay for replicas of release 1.0
that run beside the new ones.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE INDEX task_writer ON task (split_part(writer, ' ', 1)) WHERE NOT closed")


def downgrade() -> None:
    op.execute("DROP INDEX task_writer")
