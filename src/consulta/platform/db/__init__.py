"""The database: engines, roles, migrations, and the one way to open a transaction."""
