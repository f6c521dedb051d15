"""What SQLite, PostgreSQL and DuckDB say when a catalog cannot be reached, in words that help; never a password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from data_catalog.address import FolderAddress, PostgresAddress

if TYPE_CHECKING:
    from data_catalog.address import CatalogAddress

# Looked for in this order in what was said; {place} is the address, {server} host and port, {schema}, {user} and {database} the URL's.
_OF_A_SERVER = (
    (
        r"password authentication failed|no password supplied|authentication failed",
        "The PostgreSQL server did not accept the user or the password of {place}. Keep it in ~/.pgpass, ?passfile=FILE or PGPASSWORD.",
    ),
    (
        r"no pg_hba\.conf entry",
        "The PostgreSQL server does not let this user in from this machine ({place}). Its administrator has to allow it in pg_hba.conf.",
    ),
    (
        r'role "[^"]*" does not exist',
        "The PostgreSQL server of {place} has no such user. Its administrator can make one.",
    ),
    (
        r'database "[^"]*" does not exist',
        "The PostgreSQL server has no database of that name: {place}. Make it with createdb, or name another.",
    ),
    (
        r"Connection refused|could not translate host name|timeout expired|timed out|No route to host|Network is unreachable|No such file or directory|is the server running",
        "No PostgreSQL server answers at {server}, so the catalog {place} cannot be reached. Is the server running, and are host and port right?",
    ),
    (
        r"permission denied for (?:database|schema|table)[^\n]*",
        "The user of {place} may not do this: {said}. Ask the database's owner for the right to (see docs/operate-a-catalog.md).",
    ),
    (r"too many (?:connections|clients)", "The PostgreSQL server of {place} has no connection left. Try again later."),
    (
        r"invalid (?:URI query parameter|connection option)[^\n]*",
        "The address {place} has an option that PostgreSQL does not know ({said}). The workbench's own are schema and data.",
    ),
    (
        r"server closed the connection|connection to server was lost|terminating connection|no connection to the server",
        "The connection to the PostgreSQL server of {place} was lost.",
    ),
)
_OF_A_FOLDER = (
    (
        r"attempt to write a readonly database",
        "A writer of the catalog at {place} was cut off. Its owner puts that right with: workbench catalog upgrade --catalog {place}",
    ),
    (
        r"file is not a database|malformed",
        "{place} is not a catalog: its catalog.sqlite is damaged or something else. Restore a backup.",
    ),
    (r"unable to open database file|Permission denied", "You may not read the catalog at {place}. Ask its owner."),
    (r"No space left|disk (?:I/O error|is full)|disk full", "The disk of the catalog at {place} is full or failing."),
)
_OF_BOTH = (
    (
        r"database is locked|Transaction conflict|conflict",
        "Another program is writing to the catalog at {place}. Nothing was written; try again when it is done.",
    ),
    (
        r"creating a new DuckLake is explicitly disabled|data_path is not set",
        "There is no catalog at {place}. Make one with: workbench catalog create, or name another (WORKBENCH_CATALOG names the default one).",
    ),
    (
        r"No snapshot found at version|snapshot_id",
        "The catalog at {place} has no such snapshot. See: workbench catalog snapshots.",
    ),
)


# What stops a commit. The message itself is not shown: DuckLake quotes in it what it was about to write, rows of people included.
_OF_A_COMMIT = (
    (r"permission denied for (?:database|schema|table) \S+", "the user of the database may only read ({said})"),
    (r"No space left|disk (?:I/O error|is full)|disk full|could not extend file", "the disk is full"),
    (r"database is locked|conflict", "another program was writing at the same time; try again"),
    (
        r"server closed the connection|connection to server|terminating connection|no connection",
        "the connection to the server was lost",
    ),
)


def commit_in_words(error: BaseException) -> str:
    """Return what to tell the user of *error*, which kept a transaction from being committed."""
    found = next(
        (
            words.format(said=match[0])
            for pattern, words in _OF_A_COMMIT
            if (match := re.search(pattern, str(error), re.IGNORECASE))
        ),
        f"the catalog's database refused ({type(error).__name__})",
    )
    return (
        f"What was to be written could not be committed: {found}. As a rule the catalog is as it was; its newest snapshot says so: "
        "workbench catalog snapshots."
    )


def in_words(error: BaseException, address: CatalogAddress) -> str:
    """Return what to tell the user of *error* while the catalog at *address* was opened or written."""
    said = str(error)
    password = address.password if isinstance(address, PostgresAddress) else None
    if password:
        said = said.replace(password, "***")
    own = _OF_A_FOLDER if isinstance(address, FolderAddress) else _OF_A_SERVER
    server = address.server if isinstance(address, PostgresAddress) else ""
    for pattern, words in (*own, *_OF_BOTH):
        found = re.search(pattern, said, re.IGNORECASE)
        if found:
            return words.format(place=address, server=server, said=found[0].strip())
    return f"The catalog at {address} cannot be opened: {said}"
