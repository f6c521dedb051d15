"""``workbench catalog``: make a catalog, bring data in, see what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data_catalog import Catalog
from data_catalog.address import FolderAddress, catalog_address
from data_catalog.errors import CatalogError, IngestError, did_you_mean
from workbench.cli.errors import show
from workbench.cli.options import AsJson, CatalogPlace, Purpose, RecordNumber, Site, read_record_number

if TYPE_CHECKING:
    from data_catalog.sources.base import Source

app = typer.Typer(no_args_is_help=True, help="Make a catalog, bring data in, see what is there.", rich_markup_mode=None)

FORMATS = ("omop", "fhir", "tables", "consents", "vcf", "whas500")


@app.command(epilog="Example: workbench catalog create heart-centre --title 'Heart centre'")
def create(
    place: Annotated[
        str, typer.Argument(help="A new or empty folder, or a database: postgresql://user@host/database.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(help="For a database: the new or empty folder of the data, which all users can reach."),
    ] = None,
    title: Annotated[str, typer.Option(help="What reports call the catalog.")] = "",
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill it with synthetic patients of five heart centres, open to everyone.")
    ] = False,
    people: Annotated[int | None, typer.Option(help="How many patients (with --demo); 10,000 if not given.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the patients (with --demo): one seed, the same patients.")
    ] = None,
    per_site: Annotated[
        bool, typer.Option("--per-site", help="One catalog a heart centre, in folders of FOLDER (with --demo).")
    ] = False,
) -> None:
    """Make a catalog, of which you are the owner with a permit for 90 days: empty, or with synthetic patients to try it on."""
    if demo:
        _create_demo(place, data, title, people, seed, per_site=per_site)
        return
    if people is not None or seed is not None or per_site:
        raise CatalogError("--people, --seed and --per-site are for synthetic patients: add --demo.")
    catalog = Catalog.create(place, data=data, title=title)
    typer.echo(
        f"Made a catalog at {catalog.address}. Bring data in with: workbench catalog ingest omop FOLDER --catalog {catalog.address} --site NAME"
    )


def _create_demo(
    place: str, data: Path | None, title: str, people: int | None, seed: int | None, *, per_site: bool
) -> None:
    from data_catalog.demo import PEOPLE, SEED, TRUTH_FILE, hospital_catalogs, hospitals_catalog

    address = catalog_address(place)
    if data is not None or not isinstance(address, FolderAddress):
        raise CatalogError("Catalogs of synthetic patients are made in a folder: name one, and leave out --data.")
    folder = address.folder
    if title:
        raise CatalogError("A catalog of synthetic patients says what it is by its title: leave out --title.")
    if folder.exists() and any(folder.iterdir()):
        raise CatalogError(f"{folder} is not empty, so no catalog was made there. Name an empty or a new folder.")
    make = hospital_catalogs if per_site else hospitals_catalog
    make(
        folder,
        people=PEOPLE if people is None else people,
        seed=SEED if seed is None else seed,
        tell=lambda step: typer.echo(step, err=True),
    )
    made = "Made a catalog for each heart centre in" if per_site else "Made a catalog of five heart centres at"
    typer.echo(f"{made} {folder}. What was planted in the data is in {folder / TRUTH_FILE}.")


@app.command(
    epilog="Example: workbench catalog ingest tables patients.csv --mapping patients.yaml --catalog heart-centre --site heart-centre --basis public_interest"
)
def ingest(
    format: Annotated[str, typer.Argument(help=f"Form of the data: {', '.join(FORMATS)}.")],  # noqa: A002  the word users see
    path: Annotated[
        Path | None, typer.Argument(help="The file or folder; none for whas500, which comes with the workbench.")
    ] = None,
    catalog: CatalogPlace = ".",
    site: Annotated[str, typer.Option(help="The hospital: lower case letters, digits, hyphens.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="Mapping file that says what the columns mean (tables).")] = None,
    build: Annotated[str | None, typer.Option(help="Reference genome: GRCh38 or GRCh37 (vcf).")] = None,
    half_calls: Annotated[
        str,
        typer.Option(help="What a call like 0/. is: missing, reference (the allele that is missing), refuse (vcf)."),
    ] = "missing",
    basis: Annotated[
        str, typer.Option(help="Legal basis: consent, public_interest, ehds_no_optout, open_data, synthetic.")
    ] = "consent",
    replace: Annotated[
        bool, typer.Option("--replace", help="These are corrected files: their rows replace those brought in before.")
    ] = False,
    replace_ingest: Annotated[
        str, typer.Option(help="The same, for the ingest with this id.", show_default=False)
    ] = "",
    draft: Annotated[
        Path | None, typer.Option(help="Do not ingest: write a first mapping file for the table here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring files of a hospital into the catalog: all of them, or none and the reason why."""
    if draft is not None:
        _draft(format, path, draft)
        return
    source = _genotypes(path, build, half_calls) if format == "vcf" else _source(format, path, mapping)
    if not site:
        raise IngestError("Say which hospital the data are of: --site NAME.")
    report = Catalog.open(catalog).ingest(source, site=site, basis=basis, replace=replace_ingest or replace)
    show(report.to_dict() if as_json else report, as_json=as_json)


def _source(format: str, path: Path | None, mapping: Path | None) -> Source:  # noqa: A002
    from data_catalog.sources import ConsentTable, FhirFolder, MappedTable, OmopFolder, whas500

    if format not in FORMATS:
        raise IngestError(f"{format!r} is not a format. {did_you_mean(format, FORMATS)}")
    if format == "whas500":
        return whas500()
    if path is None:
        raise IngestError(
            f"Say which {'folder' if format in ('omop', 'fhir') else 'file'} to ingest: workbench catalog ingest {format} PATH."
        )
    if format == "omop":
        return OmopFolder(path)
    if format == "fhir":
        return FhirFolder(path)
    if format == "consents":
        return ConsentTable(path)
    if mapping is None:
        raise IngestError(
            "A table needs a mapping file that says what its columns mean: --mapping FILE. "
            f"Propose one with: workbench catalog ingest tables {path} --draft mapping.yaml"
        )
    return MappedTable(path, mapping)


def _genotypes(path: Path | None, build: str | None, half_calls: str) -> Source:
    from data_catalog.sources import VcfFile
    from data_catalog.sources.vcf import half_call_policy

    if path is None:
        raise IngestError("Say which file to ingest: workbench catalog ingest vcf FILE --build GRCh38.")
    if build is None:
        raise IngestError("Say which reference genome the positions are of: --build GRCh38 or --build GRCh37.")
    return VcfFile(path, build=build, half_calls=half_call_policy(half_calls))


@app.command(
    epilog="Example: workbench catalog consent --catalog heart-centre --site heart-centre --record-number - --modality genomic --status withdrawn"
)
def consent(
    catalog: CatalogPlace = ".",
    site: Site = "",
    record_number: RecordNumber = "",
    modality: Annotated[
        list[str] | None,
        typer.Option(
            help="Sort of data: clinical, waveform, imaging, genomic. Repeat it for several.", show_default=False
        ),
    ] = None,
    status: Annotated[str, typer.Option(help="given or withdrawn.", show_default=False)] = "",
    purpose: Annotated[str, typer.Option(help="What for; * for every purpose.")] = "*",
    as_json: AsJson = False,
) -> None:
    """Record what one person has said: that some data may be used for a purpose, or may not any more."""
    report = Catalog.open(catalog).record_consent(
        site=site,
        record_number=read_record_number(record_number),
        modality=modality or (),
        status=status,
        purpose=purpose,
    )
    show(report.to_dict() if as_json else report, as_json=as_json)


@app.command(epilog="Example: workbench catalog withdraw --catalog heart-centre --site heart-centre --record-number -")
def withdraw(
    catalog: CatalogPlace = ".", site: Site = "", record_number: RecordNumber = "", as_json: AsJson = False
) -> None:
    """Take a person out of the catalog, for good: every row in every table; no later file brings them back."""
    report = Catalog.open(catalog).withdraw(site=site, record_number=read_record_number(record_number))
    show(report.to_dict() if as_json else report, as_json=as_json)


def _draft(format: str, path: Path | None, draft: Path) -> None:  # noqa: A002
    from data_catalog.sources.draft import draft_mapping

    if format != "tables" or path is None:
        raise IngestError("A draft is made for a table: workbench catalog ingest tables FILE --draft mapping.yaml.")
    if draft.exists():
        raise IngestError(f"{draft} exists already and is not overwritten. Name another file.")
    text = draft_mapping(path)
    draft.write_text(text, encoding="utf-8")
    typer.echo(f"Wrote {draft}: read it line by line, complete it, then ingest with --mapping {draft}.")


@app.command(epilog="Example: workbench catalog describe --catalog heart-centre")
def describe(catalog: CatalogPlace = ".", purpose: Purpose = "scientific_research", as_json: AsJson = False) -> None:
    """Say what the catalog holds: sites, tables and people, rounded and with small numbers hidden."""
    from workbench.study import Study

    with Study.open(catalog, purpose=purpose) as study:
        contents = study.contents()
    show(contents.to_dict() if as_json else contents, as_json=as_json)


@app.command(
    epilog="Example: workbench catalog trace measurement 1234 --catalog heart-centre --site heart-centre --source exports/"
)
def trace(
    table: Annotated[str, typer.Argument(help="A table of people's records, such as measurement; or variant.")],
    key: Annotated[str, typer.Argument(help="The row's key, such as its measurement_id; parts joined by ':'.")],
    catalog: CatalogPlace = ".",
    site: Site = "",
    source: Annotated[
        Path | None, typer.Option(help="The source file or its folder: shows its row too.", show_default=False)
    ] = None,
    purpose: Purpose = "scientific_research",
    as_json: AsJson = False,
) -> None:
    """Say where one row comes from: file, row, the source's own words, and the rule. It needs a permit for rows."""
    from data_catalog.governance.modalities import modality_of_table
    from data_catalog.harmonise.trace import traceable
    from workbench.study import Study

    with Study.open(catalog, purpose=purpose, modalities=[modality_of_table(traceable(table))]) as study:
        found = study.trace(table, key, site=site or None, source=source)
    show(found.to_dict() if as_json else found, as_json=as_json)


@app.command(epilog="Example: workbench catalog dictionary measurement")
def dictionary(
    table: Annotated[
        str | None, typer.Argument(help="A table of the model, or 'measures'; all tables if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the data dictionary of the harmonised model."""
    from data_catalog.model import TABLES, data_dictionary, describe_table
    from data_catalog.model.measures import MEASURES

    if table == "measures":
        lines = [
            f"{m.name}: {m.label}, {m.unit_label} (UCUM {m.unit}); plausible {m.plausible[0]:g} to {m.plausible[1]:g}"
            for m in MEASURES.values()
        ]
        show(sorted(MEASURES) if as_json else "\n".join(lines), as_json=as_json)
    elif table is None:
        text = "\n".join(f"{t.name}: {t.description}" for t in TABLES.values())
        show(data_dictionary().to_dicts() if as_json else text, as_json=as_json)
    else:
        text = describe_table(table)
        rows = [row for row in data_dictionary().to_dicts() if row["table"] == table]
        show(rows if as_json else text, as_json=as_json)


@app.command(epilog="Example: workbench catalog snapshots --catalog heart-centre --json")
def snapshots(catalog: CatalogPlace = ".", as_json: AsJson = False) -> None:
    """List the snapshots: every committed state that an analysis can be rerun on."""
    found = Catalog.open(catalog).snapshots()
    lines = [f"{s.snapshot_id}  {s.time:%Y-%m-%d %H:%M:%S}  {s.author}  {s.message}" for s in found]
    show([vars(s) for s in found] if as_json else "\n".join(lines), as_json=as_json)


@app.command(epilog="Example: workbench catalog upgrade --catalog heart-centre")
def upgrade(catalog: CatalogPlace = ".", as_json: AsJson = False) -> None:
    """Add what a newer workbench needs to a catalog made with an older one. Make a backup before."""
    report = Catalog.upgrade(catalog)
    show(report.to_dict() if as_json else report, as_json=as_json)


@app.command(epilog="Example: workbench catalog backup /backups/heart-centre-2026-11-24 --catalog heart-centre")
def backup(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder for the copy.")],
    catalog: CatalogPlace = ".",
    as_json: AsJson = False,
) -> None:
    """Copy the whole catalog while nobody writes to it, and look whether the copy is complete."""
    report = Catalog.backup(catalog, folder)
    show(report.to_dict() if as_json else report, as_json=as_json)
