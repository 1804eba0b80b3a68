"""Run by Alembic: brings the database on the connection that it was given to the wanted revision."""

from alembic import context

from ari_app.records.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,  # also in SQLite: a kill in the middle must leave all of it or nothing
    render_as_batch=True,  # SQLite cannot alter most columns in place
)
with context.begin_transaction():
    context.run_migrations()
