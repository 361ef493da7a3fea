"""Run by alembic, in the transaction and on the connection that `gateway.ledger.migrating` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
