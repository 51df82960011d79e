"""PostgreSQL: the pool, the embedded server, LISTEN and NOTIFY, the migrations."""
