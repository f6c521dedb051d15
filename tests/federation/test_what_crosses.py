"""Every byte that crosses between processes is read: no row, no identifier, no cell of fewer people than the policy allows."""

import base64
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from crossing import LONGEST, offences
from questions import AGE, DIASTOLIC, DIED, HEART_FAILURE, INFARCTION, OVER_60, PRESSURE, SEX, VERY_OLD
from three_hospitals import KEY, InProcess, Recording, whas500_frame

from data_catalog import Catalog
from data_catalog.lake import open_reader
from data_catalog.sources import MappedTable
from data_catalog.sources.whas500 import whas500_mapping
from workbench.disclosure import DisclosureError
from workbench.federation import Network, NetworkError, registry
from workbench.federation.gate_a import Left
from workbench.federation.local_processes import LocalProcesses, SiteAddress
from workbench.statistics import AnalysisError, TableOne
from workbench.survival import GridKaplanMeier, StratifiedCox, StratifiedLogRank

ANALYSES = [
    TableOne([AGE, SEX, PRESSURE, DIASTOLIC], by=HEART_FAILURE),
    TableOne([AGE, HEART_FAILURE], by=SEX),
    GridKaplanMeier(DIED),
    GridKaplanMeier(DIED, by=HEART_FAILURE),
    StratifiedLogRank(DIED, by=HEART_FAILURE),
    StratifiedCox(DIED, [AGE, HEART_FAILURE], per={"age_years": 10}),
]


@pytest.fixture(scope="module")
def hospitals(tmp_path_factory):
    """Two hospitals with ten-digit record numbers of their own, and every identifier in them."""
    folder = tmp_path_factory.mktemp("canaries")
    mapping = folder / "mapping.yaml"
    mapping.write_text(whas500_mapping().read_text(encoding="utf-8").replace("id: row number", "id: record"))
    catalogs, identifiers = {}, []
    for number, site in enumerate(("ashfield", "brookside")):
        people = whas500_frame().gather_every(2, number)
        records = [f"MRN{8_000_000_000 + 7919 * row + number}" for row in range(people.height)]
        catalog = Catalog.create(folder / site, title=site, pseudonym_key=KEY)
        catalog.ingest(
            MappedTable(people.with_columns(pl.Series("record", records)), mapping), site=site, basis="open_data"
        )
        with open_reader(catalog.folder) as connection:
            ids = [row[0] for row in connection.execute("SELECT person_id FROM lake.main.person").fetchall()]
        catalogs[site] = catalog.folder
        identifiers += [*records, *ids]
    return catalogs, identifiers


def ask_everything(network: Network) -> None:
    """Ask what can be asked, of everybody and of fewer; a question that is refused has crossed too."""
    network.status()
    network.contents()
    for cohort in (INFARCTION, OVER_60, VERY_OLD):
        questions = [lambda cohort=cohort: network.count(cohort), lambda cohort=cohort: network.attrition(cohort)]
        questions += [lambda cohort=cohort, each=each: network.run(each, cohort) for each in ANALYSES]
        for question in questions:
            try:
                question()
            except (NetworkError, DisclosureError, AnalysisError):
                continue


def test_nothing_that_crosses_between_processes_is_a_row_an_identifier_or_few_people(hospitals):
    catalogs, identifiers = hospitals
    assert min(len(str(identifier)) for identifier in identifiers) >= 10
    transport = Recording(LocalProcesses({site: SiteAddress(str(folder)) for site, folder in catalogs.items()}))
    with Network.open({}, purpose="scientific_research", transport=transport) as network:
        ask_everything(network)
    crossed = [message for _, message in (*transport.sent, *transport.received)]
    assert len(transport.received) > 60
    assert sum(b'"statistic":{' in message for message in crossed) > 40
    assert offences(crossed, identifiers) == []


@pytest.mark.slow
def test_without_the_gate_the_same_search_finds_few_people_and_days_of_death(hospitals, monkeypatch):
    open_gate = {
        kind: replace(entry, leave=lambda asked, policy: Left(asked.total)) for kind, entry in registry._BY_TYPE.items()
    }
    monkeypatch.setattr(registry, "_BY_TYPE", open_gate)
    transport = InProcess(hospitals[0])
    with Network.open({}, purpose="scientific_research", transport=transport) as network:
        ask_everything(network)
    found = offences([message for _, message in transport.received])
    for kind in ("a cell of few people", "a value of one person"):
        assert any(kind in each for each in found), kind


def test_the_search_finds_an_identifier_and_a_row(hospitals):
    _, identifiers = hospitals
    record, person = identifiers[0], identifiers[-1]
    assert offences([b'{"a":"%s"}' % record.encode()], identifiers)
    assert offences([b'{"a":%d}' % person], identifiers)
    packed = base64.b64encode(np.array([person], dtype=np.int64).tobytes())
    assert offences([b'{"a":{"array":"<i8","shape":[1],"base64":"%s"}}' % packed], identifiers)
    assert offences([b'{"a":[' + b",".join([b"11"] * (LONGEST + 1)) + b"]}"])
    assert not offences([b'{"a":[11,12]}'], identifiers)


def test_a_small_question_is_refused_by_every_site_with_a_code(network):
    with pytest.raises(NetworkError) as refused:
        network.count(VERY_OLD)
    for site in network.sites:
        assert f"{site} refused [cohort_too_small]" in str(refused.value)
    assert "nothing was computed" in str(refused.value)
    with pytest.raises(NetworkError, match="cohort_too_small"):
        network.run(TableOne([AGE]), VERY_OLD)


def test_a_model_with_too_many_coefficients_is_refused(network):
    covariates = [
        AGE,
        SEX,
        PRESSURE,
        DIASTOLIC,
        HEART_FAILURE,
        *(PRESSURE.expression.named(f"again_{n}") for n in range(4)),
    ]
    with pytest.raises(NetworkError, match="too_many_parameters"):
        network.run(StratifiedCox(DIED, covariates), INFARCTION)


def test_a_variable_that_few_people_lack_stays_at_home_and_the_result_says_so(network):
    # One reading of diastolic pressure is implausible and counts as missing: at its site, one person lacks the value.
    table = network.run(TableOne([AGE, DIASTOLIC]), INFARCTION)
    assert "diastolic" not in table.column("variable")
    assert list(table.sites.withheld) == ["diastolic"]
    (codes,) = table.sites.withheld.values()
    assert set(codes.values()) == {"cell_too_small"}
    assert "Not shown: diastolic, which a site keeps to itself" in str(table)
