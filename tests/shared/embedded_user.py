"""A user of the embedded PostgreSQL as a process of its own: `embedded_user.py DATA_DIR`, until its input ends.

It says what it sees on one line: the server's start time, and how many rows are in a table to which it adds one.
"""

import sys
from pathlib import Path

import psycopg

from shared.database.embedded import let_go, start_embedded

ADD = "CREATE TABLE IF NOT EXISTS seen (n integer); INSERT INTO seen VALUES (1)"
LOOK = "SELECT pg_postmaster_start_time()::text, (SELECT count(*) FROM seen)"


def look(url: str) -> str:
    """The server's start time and the number of users that have looked."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ADD)
        row = connection.execute(LOOK).fetchone()
    assert row
    return f"{row[0]} {row[1]}"


def main() -> None:
    server = start_embedded(Path(sys.argv[1]))
    sys.stdout.write(f"{look(server.url)}\n")
    sys.stdout.flush()
    sys.stdin.read()
    let_go(server)


if __name__ == "__main__":
    main()
