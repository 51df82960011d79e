"""Releases side by side: while replicas are replaced one by one, the older ones live with the newer schema."""

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from shared.database.engine import migrate, sqlalchemy_url


def engine(url: str) -> Engine:
    return create_engine(sqlalchemy_url(url), poolclass=NullPool)


@pytest.fixture
def from_the_next_release(database_url: str) -> str:
    """A database that a later release has migrated: a revision unknown here, a column more."""
    name = "next_release"
    with engine(database_url).execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = database_url.replace("/postgres?", f"/{name}?")
    assert url != database_url
    migrate(url)
    with engine(url).begin() as connection:
        connection.execute(text("UPDATE schema_version SET version_num = '9999'"))
        connection.execute(text("ALTER TABLE task ADD COLUMN mood text NOT NULL DEFAULT ''"))
    return url


def test_a_second_start_changes_nothing(database_url: str) -> None:
    migrate(database_url)


def test_an_older_release_starts_on_a_newer_schema(
    from_the_next_release: str, caplog: pytest.LogCaptureFixture
) -> None:
    migrate(from_the_next_release)
    assert "database.newer" in caplog.text
    with engine(from_the_next_release).begin() as connection:
        connection.execute(text("INSERT INTO task (id, kind, request) VALUES ('1', 'image', '{}')"))
        assert connection.execute(text("SELECT version_num FROM schema_version")).scalar_one() == "9999"
