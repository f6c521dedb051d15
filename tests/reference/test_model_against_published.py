"""The model against the published field lists: names, types, required, keys, references, and no difference but the listed ones."""

import csv
import re
from dataclasses import dataclass

import pytest

from data_catalog.model import TABLES
from data_catalog.model.deviations import DEVIATIONS
from data_catalog.model.fields import IMAGING, OMOP, WAVEFORM

# What a published type may be in the model. Integers may be widened, lengths of texts are not kept.
WIDENED = {
    "integer": {"INTEGER", "BIGINT"},
    "int": {"INTEGER", "BIGINT"},
    "float": {"DOUBLE"},
    "varchar": {"VARCHAR"},
    "date": {"DATE"},
    "datetime": {"TIMESTAMP"},
    "boolean": {"BOOLEAN"},
    "time": {"TIME"},
}
# Tables and fields, counted in the published lists line by line, so that a truncated file is noticed.
SIZES = {OMOP: (39, 432), IMAGING: (2, 11 + 12), WAVEFORM: (4, 12 + 12 + 12 + 14)}


@dataclass(frozen=True)
class Published:
    """One row of a published list, cleaned of its quirks."""

    table: str
    field: str
    type: str
    required: bool
    primary_key: bool
    references: str | None


def clean(text: str | None) -> str:
    """Strip ordinary and no-break spaces, and the quotation marks that the list puts around "offset"."""
    return (text or "").replace("\xa0", " ").strip().strip('"')


def read(path) -> list[dict[str, str]]:
    # utf-8-sig: the MI-CDM list begins with a byte order mark. csv copes with the line breaks inside cells.
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{clean(name): clean(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def ohdsi_style(path) -> list[Published]:
    """The lists of the CDM and of MI-CDM, whose headings differ by a typing error (fkFrieldName)."""
    rows = []
    for row in read(path):
        target_field = row.get("fkFieldName", row.get("fkFrieldName", ""))
        target = f"{row['fkTableName']}.{target_field}".lower()
        rows.append(
            Published(
                table=row["cdmTableName"].lower(),
                field=row["cdmFieldName"],
                type=re.sub(r"\(.*\)", "", row["cdmDatatype"]).lower(),
                required=row["isRequired"].lower() == "yes",
                primary_key=row["isPrimaryKey"].lower() == "yes",
                references=target if row["isForeignKey"].lower() == "yes" else None,
            )
        )
    return rows


def waveform_style(path) -> list[Published]:
    """The waveform list has no columns for keys: its descriptions say "Unique identifier" and "Foreign key to"."""
    rows = []
    for row in read(path):
        said = re.match(r"Foreign key to (?:previous )?(\w+)", row["description"])
        target = said.group(1).lower() if said else None
        is_concept = row["field"].endswith("_concept_id")
        rows.append(
            Published(
                table=row["table"],
                field=row["field"],
                type=row["datatype"].lower(),
                required=row["required"] == "Yes",
                primary_key=row["description"].startswith("Unique identifier"),
                references="concept.concept_id" if is_concept else f"{target}.{target}_id" if target else None,
            )
        )
    return rows


@pytest.fixture(scope="module")
def published(shared) -> dict[str, list[Published]]:
    folder = shared / "standards" / "omop"
    return {
        OMOP: ohdsi_style(folder / "cdm_v5.4_field_level.csv"),
        IMAGING: ohdsi_style(folder / "mi_cdm_field_level.csv"),
        WAVEFORM: waveform_style(folder / "waveform_field_level.csv"),
    }


def differences(row: Published) -> set[tuple[str, str, str, str, str]]:
    """What the model says otherwise of one published field: table, field, aspect, published, ours."""
    name = row.field.lower()
    ours = TABLES[row.table].field(name)
    found = set()
    if name != row.field:
        found.add((row.table, name, "name", row.field, name))
    if ours.type not in WIDENED[row.type]:
        found.add((row.table, name, "type", row.type.upper(), ours.type))
    if ours.required != row.required:
        words = {True: "required", False: "optional"}
        found.add((row.table, name, "required", words[row.required], words[ours.required]))
    if ours.primary_key != row.primary_key:
        found.add((row.table, name, "primary key", str(row.primary_key), str(ours.primary_key)))
    if ours.references != row.references:
        found.add((row.table, name, "references", row.references or "nothing", ours.references or "nothing"))
    return found


@pytest.mark.parametrize("standard", SIZES)
def test_every_published_field_is_in_the_model_and_in_the_published_order(published, standard):
    of_standard: dict[str, list[str]] = {}
    for row in published[standard]:
        of_standard.setdefault(row.table, []).append(row.field.lower())
    assert (len(of_standard), len(published[standard])) == SIZES[standard]
    ours = {
        table.name: [field.name for field in table.fields if not field.added]
        for table in TABLES.values()
        if table.standard == standard
    }
    assert ours == of_standard


def test_the_model_differs_from_the_published_lists_exactly_where_it_says_so(published):
    found = {difference for rows in published.values() for row in rows for difference in differences(row)}
    assert found == {(d.table, d.field, d.aspect, d.published, d.ours) for d in DEVIATIONS}


def test_the_table_list_of_the_cdm_names_the_same_tables(shared):
    rows = read(shared / "standards" / "omop" / "cdm_v5.4_table_level.csv")
    names = {row["cdmTableName"].lower() for row in rows}
    assert names == {table.name for table in TABLES.values() if table.standard == OMOP}
    vocabulary = {row["cdmTableName"].lower() for row in rows if row["schema"] == "VOCAB"}
    assert vocabulary == {table.name for table in TABLES.values() if table.kind == "vocabulary"}


def test_no_description_is_a_sentence_of_the_standard(shared):
    """Facts carry over, sentences do not: no run of six words is shared with the published guidance of the same field."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"[a-z]+", text.lower())
        return {tuple(words[start : start + 6]) for start in range(len(words) - 5)}

    folder = shared / "standards" / "omop"
    guidance: dict[tuple[str, str], str] = {}
    for file in ("cdm_v5.4_field_level.csv", "mi_cdm_field_level.csv"):
        for row in read(folder / file):
            text = " ".join([row.get("userGuidance") or row.get("useGuidance") or "", row["etlConventions"]])
            guidance[row["cdmTableName"].lower(), row["cdmFieldName"].lower()] = text
    for row in read(folder / "waveform_field_level.csv"):
        guidance[row["table"], row["field"]] = row["description"]
    shared_runs = {
        place: common
        for place, text in guidance.items()
        if (common := runs(text) & runs(TABLES[place[0]].field(place[1]).description))
    }
    assert shared_runs == {}
