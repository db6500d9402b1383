"""How the tables came to be, one step a version; run by Alembic when a database is opened."""
