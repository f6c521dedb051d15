"""Where a catalog is: a folder, or a PostgreSQL database by URL. Values only; :mod:`data_catalog.lake` connects to them.

A password may stand in a URL. It is kept apart from everything that is shown, compared or handed on: an address as text, in an
error or in a report has ``***`` in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from data_catalog.errors import CatalogError

METADATA_FILE = "catalog.sqlite"
DATA_FOLDER = "data"
DEFAULT_SCHEMA = "public"
# A server that swallows packets would otherwise keep a command waiting for ever.
CONNECT_SECONDS = 10
_SCHEMES = ("postgresql://", "postgres://")
_MASK = "***"
_HOST = re.compile(r"(\[[^\]]+\]|[^:\[\]]*)(?::(\d*))?")


@dataclass(frozen=True)
class FolderAddress:
    """A catalog in one folder: metadata in SQLite, data and key beside it."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def metadata_file(self) -> Path:
        """The SQLite file of the metadata."""
        return self.folder.resolve() / METADATA_FILE


@dataclass(frozen=True)
class PostgresAddress:
    """A catalog whose metadata are in a PostgreSQL database; data and key lie in a folder that the database knows.

    Parameters
    ----------
    parameters : tuple of (name, value)
        What libpq is told, in its own words (host, port, user, dbname, passfile, sslmode …); never a password.
    schema : str
        Schema of the metadata, so that one database can hold several catalogs.
    data : Path, optional
        Where the folder of data and key is on this machine, if not where the database says.
    password : str, optional
        Not shown and not compared; usually libpq finds it itself (``~/.pgpass``, ``PGPASSWORD``, ``?passfile=``).
    """

    parameters: tuple[tuple[str, str], ...]
    schema: str = DEFAULT_SCHEMA
    data: Path | None = None
    password: str | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        said = dict(self.parameters)
        user, hosts, ports = said.pop("user", ""), said.pop("host", ""), said.pop("port", "")
        masked = quote(user) + (f":{_MASK}" if self.password is not None else "")
        server = ",".join(
            (f"[{host}]" if ":" in host else quote(host, safe="")) + (f":{port}" if port else "")
            for host, port in _paired(hosts, ports)
        )
        text = f"postgresql://{masked}{'@' if masked else ''}{server}/{quote(said.pop('dbname', ''), safe='')}"
        if self.schema != DEFAULT_SCHEMA:
            said["schema"] = self.schema
        if self.data is not None:
            said["data"] = str(self.data)
        options = "&".join(f"{name}={quote(value, safe='/')}" for name, value in said.items())
        return f"{text}?{options}" if options else text

    def __repr__(self) -> str:
        return f"catalog_address({str(self)!r})"

    @property
    def server(self) -> str:
        """The host and port, in words for messages."""
        said = dict(self.parameters)
        return f"{said.get('host') or 'this machine'}, port {said.get('port') or 5432}"

    def conninfo(self, **more: str) -> str:
        """Return what libpq is told to connect, without the password."""
        told = {"connect_timeout": str(CONNECT_SECONDS), **dict(self.parameters), **more}
        return " ".join(f"{name}={_conninfo_value(value)}" for name, value in told.items())


CatalogAddress = FolderAddress | PostgresAddress


def catalog_address(place: CatalogAddress | Path | str) -> CatalogAddress:
    """Return the address that *place* means: a folder, or ``postgresql://user@host:port/database?schema=…``.

    Beside libpq's own parameters a URL may have ``schema`` (of the metadata; ``public`` if not given) and ``data`` (the folder of
    the data on this machine, if it is not where the catalog was made).

    Raises
    ------
    CatalogError
        If it is neither.
    """
    if isinstance(place, FolderAddress | PostgresAddress):
        return place
    text = str(place)
    if isinstance(place, Path):
        if text.startswith(("postgresql:/", "postgres:/")):
            raise CatalogError("A URL is not a path: hand the address of a PostgreSQL catalog over as text.")
        return FolderAddress(place)
    if text.startswith(_SCHEMES):
        return _postgres(text)
    if "://" in text:
        scheme = text.partition("://")[0]
        raise CatalogError(
            f"{scheme}:// is not where a catalog can be. Name a folder, or a PostgreSQL database as "
            "postgresql://user@host:port/database."
        )
    return FolderAddress(Path(text))


def _postgres(url: str) -> PostgresAddress:
    # Nothing of the URL is quoted in these messages: its password may be what is written wrongly.
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise CatalogError(_how_to_write("It has a part that cannot be read.")) from None
    user_and_password, _, server = parts.netloc.rpartition("@")
    user, has_password, written = user_and_password.partition(":")
    password = options.pop("password", None) or (unquote(written) if has_password else None)
    if password == _MASK:
        raise CatalogError(
            "This address was copied from where its password is hidden. Write the password instead of ***, or leave it out and "
            "keep it in ~/.pgpass."
        )
    if "sslpassword" in options:
        raise CatalogError(
            "An address may not have sslpassword: name a key that needs no passphrase, or use a service file."
        )
    found = [_HOST.fullmatch(one) for one in server.split(",")] if server else []
    hosts = [match for match in found if match is not None]
    if len(hosts) < len(found) or parts.fragment:
        raise CatalogError(
            _how_to_write("The part after @ is not host:port/database; write # as %23, @ as %40 in a password.")
        )
    told = {
        "user": unquote(user),
        "host": ",".join(unquote(match[1]).strip("[]") for match in hosts),
        "port": ",".join(match[2] or "" for match in hosts).strip(","),
        "dbname": unquote(parts.path.removeprefix("/")),
    }
    schema, data = options.pop("schema", ""), options.pop("data", "")
    parameters = {name: value for name, value in told.items() if value} | options
    return PostgresAddress(
        tuple(sorted(parameters.items())), schema or DEFAULT_SCHEMA, Path(data) if data else None, password or None
    )


def _how_to_write(fault: str) -> str:
    return f"The address of a PostgreSQL catalog is written postgresql://user@host:port/database?schema=name. {fault}"


def _paired(hosts: str, ports: str) -> list[tuple[str, str]]:
    names = hosts.split(",")
    numbers = ports.split(",")
    return [(name, numbers[at] if at < len(numbers) else numbers[-1]) for at, name in enumerate(names)]


def _conninfo_value(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
