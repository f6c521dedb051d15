"""Annotations inside a VCF: what Ensembl VEP (INFO field CSQ) and SnpEff (ANN) say of each variant and transcript.

An entry names the alternate allele that it is about, in a way that depends on the others of the row: where lengths differ and all
alleles begin with the same base, VEP leaves that base out. An entry becomes one row for each Sequence Ontology term that it has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from data_catalog.errors import IngestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from data_catalog.sources.vcf_header import VcfHeader
    from data_catalog.sources.vcf_rows import Row

# INFO field: column of the model, and the names that the field's format has for it.
_FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "CSQ": {
        "gene_symbol": ("SYMBOL",),
        "gene_id": ("Gene",),
        "transcript_id": ("Feature",),
        "consequence": ("Consequence",),
        "impact": ("IMPACT",),
        "hgvs_coding": ("HGVSc",),
        "hgvs_protein": ("HGVSp",),
        "clinical_significance": ("CLIN_SIG", "ClinVar_CLNSIG"),
    },
    "ANN": {
        "gene_symbol": ("Gene_Name",),
        "gene_id": ("Gene_ID",),
        "transcript_id": ("Feature_ID",),
        "consequence": ("Annotation",),
        "impact": ("Annotation_Impact",),
        "hgvs_coding": ("HGVS.c",),
        "hgvs_protein": ("HGVS.p",),
    },
}
_FEATURE_TYPE = {"CSQ": "Feature_type", "ANN": "Feature_Type"}
# Reference populations that VEP can add, the preferred one first: its field, its name, and its name in the header line of VEP.
_POPULATIONS = (
    ("gnomADe_AF", "gnomAD exomes", "gnomADe"),
    ("gnomADg_AF", "gnomAD genomes", "gnomADg"),
    ("gnomAD_AF", "gnomAD exomes", "gnomAD"),
    ("AF", "1000 Genomes", "1000genomes"),
)
# VEP writes the characters that separate things in a VCF like a web address does.
_ESCAPED = (("%3D", "="), ("%3B", ";"), ("%2C", ","), ("%20", " "), ("%25", "%"))
_TEXTS = tuple(_FIELDS["CSQ"])
COLUMNS = ("variant_index", "_row", "annotation_source", *_TEXTS, "population_af", "population")


@dataclass(frozen=True)
class AnnotationFormat:
    """How one INFO field holds annotations.

    Parameters
    ----------
    key : str
        CSQ or ANN.
    source : str
        Who says so, with version.
    places : dict of str to int
        Place of each column of the model within an entry.
    allele, allele_number, feature_type : int or None
        Place of the allele's text, of its number within the row (from 1), and of the kind of thing that the entry is about.
    frequency : int or None
        Place of the share in the population.
    population : str or None
        That population.
    """

    key: str
    source: str
    places: dict[str, int]
    allele: int
    allele_number: int | None
    feature_type: int | None
    frequency: int | None
    population: str | None


def formats_of(header: VcfHeader, name: str) -> tuple[AnnotationFormat, ...]:
    """Return how the file holds annotations; nothing if it has none.

    Raises
    ------
    IngestError
        If the header describes such a field without saying what its entries are made of.
    """
    return tuple(_format(key, header, name) for key in _FIELDS if key in header.descriptions)


def _format(key: str, header: VcfHeader, name: str) -> AnnotationFormat:
    names = [part.strip(" '\"") for part in re.split(r"Format:|annotations:", header.descriptions[key])[-1].split("|")]
    if "Allele" not in names or not set(_FIELDS[key]["consequence"]) & set(names):
        raise IngestError(
            f"{name}: the header's INFO field {key} does not say of what its entries are made ('Format: Allele|Consequence|…'). "
            "Annotate the file again, or remove the field: bcftools annotate -x INFO/" + key
        )
    found = {
        column: next((names.index(n) for n in named if n in names), None) for column, named in _FIELDS[key].items()
    }
    field, label, told = next((p for p in _POPULATIONS if p[0] in names), (None, None, None))
    version = re.search(rf'\b{told}="?([^"\s]+)', header.generic.get("VEP", "")) if told else None
    return AnnotationFormat(
        key=key,
        source=_source(key, header),
        places={column: place for column, place in found.items() if place is not None},
        allele=names.index("Allele"),
        allele_number=names.index("ALLELE_NUM") if "ALLELE_NUM" in names else None,
        feature_type=names.index(_FEATURE_TYPE[key]) if _FEATURE_TYPE[key] in names else None,
        frequency=names.index(field) if field else None,
        population=" ".join(filter(None, (label, version and version.group(1)))) or None,
    )


def _source(key: str, header: VcfHeader) -> str:
    """Program and version: as the field itself says, else as the line that the program leaves in the header says."""
    said = header.attributes.get(key, {})
    if "Source" in said:
        return " ".join(filter(None, (said["Source"], said.get("Version"))))
    program, line = ("VEP", "VEP") if key == "CSQ" else ("SnpEff", "SnpEffVersion")
    version = re.match(r'"?v?([^"\s]+)', header.generic.get(line, ""))
    return f"{program} {version.group(1)}" if version else f"{program} (version not stated)"


def annotation_rows(
    rows: Iterable[Row], first_index: int, formats: tuple[AnnotationFormat, ...]
) -> tuple[pl.DataFrame, int]:
    """Return the annotations of rows, and how many entries name an allele that their row does not have.

    Parameters
    ----------
    rows : iterable of Row
        Rows of the file.
    first_index : int
        Index of the first alternate allele that the first row takes; those that follow count on.
    formats : tuple of AnnotationFormat

    Returns
    -------
    DataFrame with ``COLUMNS``, and a count
    """
    held = list(_held(rows, first_index))
    frames, n_lost = [], 0
    for fmt in formats:
        frame, n = _rows_of_format(held, fmt)
        frames.append(frame)
        n_lost += n
    return pl.concat(frames), n_lost


def _held(rows: Iterable[Row], first_index: int) -> Iterator[tuple[Row, int]]:
    for row in rows:
        yield row, first_index
        first_index += len(row.taken)


def _rows_of_format(held: list[tuple[Row, int]], fmt: AnnotationFormat) -> tuple[pl.DataFrame, int]:
    texts = [
        (row.number, first, len(row.alts), len(row.alts) == len(row.taken), info_field(row.info, fmt.key))
        for row, first in held
    ]
    by_number = fmt.allele_number is not None
    mixed = [
        (row.number, *names)
        for row, first in held
        if len(row.alts) > 1
        for names in _names_of_alleles(row, first, by_number=by_number)
    ]
    schema = {"_row": pl.Int64, "_first": pl.Int64, "_n_alts": pl.Int64, "_all_taken": pl.Boolean, "entry": pl.String}
    parts = (
        pl.DataFrame(texts, schema=schema, orient="row")
        .drop_nulls("entry")
        .with_columns(pl.col("entry").str.split(","))
        .explode("entry")
        .with_row_index("_entry")
        .with_columns(pl.col("entry").str.split("|"))
    )
    named = fmt.allele if fmt.allele_number is None else fmt.allele_number
    parts = parts.with_columns(_part(named).alias("allele"))
    name_schema = {"_row": pl.Int64, "allele": pl.String, "variant_index": pl.Int64, "level": pl.Int64}
    names = pl.DataFrame(mixed, schema=name_schema, orient="row")
    # A name counts if one allele alone has it; of several ways to name, the first that fits.
    names = names.filter(pl.len().over("_row", "allele", "level") == 1)
    best = (
        parts.filter(pl.col("_n_alts") > 1)
        .join(names, on=["_row", "allele"], how="left")
        .sort("level", nulls_last=True)
        .unique("_entry", keep="first")
    )
    # What has no name here may be about an allele that is not taken; if all are, it is about none.
    n_lost = best.filter(pl.col("level").is_null() & pl.col("_all_taken")).height
    only = parts.filter(pl.col("_n_alts") == 1).with_columns(variant_index=pl.col("_first"))
    taken = pl.concat([only, best.drop("level")], how="diagonal").filter(pl.col("variant_index").is_not_null())
    return _columns(taken.sort("_entry"), fmt), n_lost


def _names_of_alleles(row: Row, first: int, *, by_number: bool) -> Iterator[tuple[str, int | None, int]]:
    """What an entry may call each alternate allele, and how likely that is; alleles that are not taken have no index."""
    places = {alt: first + at for at, alt in enumerate(row.taken)}
    alleles = [row.ref, *(alt for place, alt in enumerate(row.alts) if place in places)]
    share_a_base = len({allele[0] for allele in alleles}) == 1 and len({len(allele) for allele in alleles}) > 1
    for place, alt in enumerate(row.alts):
        index = places.get(place)
        if by_number:
            yield str(place + 1), index, 0
            continue
        shortened = alt[1:] or "-"
        yield shortened if share_a_base and index is not None else alt, index, 0
        yield alt, index, 1
        if index is not None and len(alt) != len(row.ref) and alt[0] == row.ref[0]:
            yield shortened, index, 2


def _columns(parts: pl.DataFrame, fmt: AnnotationFormat) -> pl.DataFrame:
    """The columns of the model, one row a term."""
    texts = {
        column: _part(fmt.places[column]) if column in fmt.places else pl.lit(None, dtype=pl.String)
        for column in _TEXTS
    }
    if fmt.feature_type is not None:
        is_transcript = _part(fmt.feature_type).str.to_lowercase() == "transcript"
        texts["transcript_id"] = pl.when(is_transcript).then(texts["transcript_id"])
    for column in ("hgvs_coding", "hgvs_protein"):
        for written, meant in _ESCAPED:
            texts[column] = texts[column].str.replace_all(written, meant, literal=True)
    frequency = pl.lit(None, dtype=pl.Float64)
    if fmt.frequency is not None:
        # Several known variants at the place: their shares are joined by &; the largest keeps a common variant from passing as rare.
        numbers = pl.element().cast(pl.Float64, strict=False)
        frequency = _part(fmt.frequency).str.split("&").list.eval(numbers).list.max()
    return (
        parts.select(
            "variant_index",
            "_row",
            pl.lit(fmt.source).alias("annotation_source"),
            *(expression.alias(column) for column, expression in texts.items()),
            frequency.alias("population_af"),
        )
        .with_columns(
            pl.col("consequence").str.split("&"),
            population=pl.when(pl.col("population_af").is_not_null()).then(pl.lit(fmt.population, dtype=pl.String)),
        )
        .explode("consequence")
        .select(COLUMNS)
    )


def _part(place: int) -> pl.Expr:
    part = pl.col("entry").list.get(place, null_on_oob=True).str.strip_chars()
    return pl.when(part != "").then(part)


def info_field(info: bytes, key: str) -> str | None:
    """Return the value of one INFO field, or None if the row has it not."""
    wanted = f"{key}=".encode()
    start = 0 if info.startswith(wanted) else info.find(b";" + wanted) + 1
    if not start and not info.startswith(wanted):
        return None
    start += len(wanted)
    end = info.find(b";", start)
    return info[start : end if end >= 0 else len(info)].decode("utf-8", "replace")


def fields_not_taken(header: VcfHeader) -> list[str]:
    """Names of the INFO fields that have no place in the model."""
    return sorted(key for key in header.descriptions if key not in _FIELDS)
