"""Sites that are missing, old, dead, slow or strict: each is said in words, nothing is lost, and no fewer sites in silence."""

import os
import signal
import time
from dataclasses import replace
from threading import Timer

import duckdb
import pytest
from questions import AGE, DIED, HEART_FAILURE, INFARCTION, OVER_60, SEX
from three_hospitals import KEY, SITES, InProcess, Recording, exact, exact_inline, third

from data_catalog import Catalog, lake
from data_catalog.errors import PermitError, UnknownNameError
from data_catalog.governance.epochs import begin_epoch
from data_catalog.model.version import missing_columns
from workbench.cohorts import carrier
from workbench.disclosure import Policy, PolicyError
from workbench.federation import Network, NetworkError
from workbench.federation.local_processes import LocalProcesses, SiteAddress
from workbench.federation.messages import Reply, Request
from workbench.federation.network import words_of
from workbench.statistics import TableOne
from workbench.study import Study
from workbench.survival import Cox, GridKaplanMeier, KaplanMeier, LogRank, StratifiedCox, StratifiedLogRank

PURPOSE = "scientific_research"
MODEL = StratifiedCox(DIED, [AGE, HEART_FAILURE])


@pytest.fixture
def own_site(tmp_path):
    """A catalog of one hospital that a test may spoil."""
    catalog = Catalog.create(tmp_path / "catalog", title="own", pseudonym_key=KEY)
    catalog.ingest(third(0), site="ashfield", basis="open_data")
    return catalog


def in_process(catalogs, **options):
    return Network.open({}, purpose=PURPOSE, transport=InProcess(catalogs), **options)


def test_a_site_whose_catalog_is_missing_is_named(thirds, tmp_path):
    catalogs = thirds.catalogs | {"brookside": tmp_path / "nowhere"}
    with in_process(catalogs) as network, pytest.raises(NetworkError) as error:
        network.count(INFARCTION)
    assert "1 of 3 sites gave no answer, so nothing was computed." in str(error.value)
    assert "brookside refused [no_catalog]: There is no catalog where the site looks for one" in str(error.value)
    assert "Answered: ashfield, claymore." in str(error.value)
    assert "allow_partial=True" in str(error.value)
    assert "nowhere" not in str(error.value)  # no text of the site crosses


def test_a_site_of_an_older_model_is_named(thirds, own_site):
    with lake.writer(own_site.folder) as connection:
        connection.execute("ALTER TABLE lake.main.image_feature DROP COLUMN method_concept_id")
    assert missing_columns(own_site.folder) == ("main.image_feature.method_concept_id",)
    with in_process(thirds.catalogs | {"ashfield": own_site.folder}) as network:
        with pytest.raises(NetworkError, match=r"ashfield refused \[other_model\]: .* Upgrade it"):
            network.count(INFARCTION)
        statuses = {status.site: status for status in network.status()}
    assert statuses["ashfield"].code == "other_model"
    assert statuses["brookside"].outcome == "answered"


def test_a_coordinator_of_another_model_is_refused(thirds, monkeypatch):
    monkeypatch.setattr("workbench.federation.network.model_digest", lambda: "0" * 12)
    with in_process(thirds.catalogs) as network, pytest.raises(NetworkError, match="other_model"):
        network.count(INFARCTION)


def test_with_fewer_sites_allowed_the_result_says_who_is_missing_and_is_that_of_the_others(thirds, tmp_path, pooled):
    catalogs = thirds.catalogs | {"brookside": tmp_path / "nowhere"}
    with in_process(catalogs, allow_partial=True) as network:
        table = network.run(TableOne([AGE, SEX]), INFARCTION)
        ours = exact(network, MODEL, INFARCTION)
    assert table.sites.asked == SITES
    assert table.sites.answered == ("ashfield", "claymore")
    assert table.sites.refused == {"brookside": "no_catalog"}
    assert "Refused: brookside (no_catalog)." in str(table)
    with in_process({site: thirds.catalogs[site] for site in ("ashfield", "claymore")}) as two:
        assert exact(two, MODEL, INFARCTION) == ours
        assert two.run(TableOne([AGE, SEX]), INFARCTION).rows == table.rows


def test_no_site_left_is_an_error_even_where_fewer_are_allowed(tmp_path):
    nowhere = in_process({"ashfield": tmp_path / "nowhere"}, allow_partial=True)
    with nowhere as network, pytest.raises(NetworkError, match="Answered: none"):
        network.count(INFARCTION)


@pytest.fixture(scope="module")
def processes(thirds):
    """Three site processes that tests may kill: they start anew."""
    transport = LocalProcesses({site: SiteAddress(str(folder)) for site, folder in thirds.catalogs.items()})
    yield transport
    transport.close()


class Borrowed(Recording):
    """Leaves the processes running when a network is closed."""

    def close(self):
        pass


@pytest.mark.slow
def test_a_site_process_that_died_between_rounds_is_started_anew_and_the_question_goes_on(processes, pooled):
    def kill_before_third_round(site, number):
        if site == "brookside" and number == 2:
            os.kill(processes.process_id(site), signal.SIGKILL)
            time.sleep(0.2)

    with Network.open({}, purpose=PURPOSE, transport=Borrowed(processes, kill_before_third_round)) as network:
        assert exact(network, MODEL, INFARCTION) == exact_inline(pooled, MODEL, INFARCTION)


def test_a_site_process_that_dies_while_it_answers_is_named_and_the_next_question_is_answered(processes):
    def stop_then_kill(site, number):
        if site == "claymore" and number == 2:
            pid = processes.process_id(site)
            os.kill(pid, signal.SIGSTOP)
            Timer(0.5, os.kill, (pid, signal.SIGKILL)).start()

    with Network.open({}, purpose=PURPOSE, transport=Borrowed(processes, stop_then_kill)) as network:
        network.status()
        before = network.count(INFARCTION)
        with pytest.raises(NetworkError, match=r"claymore cannot be reached: its process ended \(by signal 9\)"):
            network.count(INFARCTION)
        assert network.count(INFARCTION).to_dict() == before.to_dict()


def test_a_site_that_does_not_answer_in_time_is_named(thirds):
    transport = LocalProcesses({"ashfield": SiteAddress(str(thirds.catalogs["ashfield"]))}, seconds=0.05)
    network = Network.open({}, purpose=PURPOSE, transport=transport)
    with (
        network,
        pytest.raises(NetworkError, match=r"ashfield cannot be reached: it did not answer within 0\.05 seconds"),
    ):
        network.count(INFARCTION)


class Tampering(InProcess):
    """Changes what comes back."""

    def __init__(self, catalogs, change):
        super().__init__(catalogs)
        self.change = change

    def ask(self, site, message):
        return self.change(super().ask(site, message))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda reply: b"Traceback (most recent call last): patient 12345", "not an answer of this grammar"),
        (lambda reply: replace(Reply.decode(reply), request_digest="0" * 64).encode(), "answers another request"),
        (lambda reply: replace(Reply.decode(reply), statistic=None).encode(), "not what was asked for"),
        (lambda reply: replace(Reply.decode(reply), site="elsewhere").encode(), "answers another request"),
    ],
)
def test_what_is_no_answer_to_the_question_counts_as_none(thirds, change, words):
    transport = Tampering({"ashfield": thirds.catalogs["ashfield"]}, change)
    network = Network.open({}, purpose=PURPOSE, transport=transport)
    with network, pytest.raises(NetworkError, match=words) as error:
        network.count(INFARCTION)
    assert "12345" not in str(error.value)


def test_consents_that_change_between_rounds_end_the_question(own_site):
    def withdraw(site, number):
        if number == 2:
            with lake.writer(own_site.folder) as connection:
                begin_epoch(connection, "somebody has changed their mind")
                connection.execute(
                    "INSERT INTO lake.governance.consent (person_id, site, modality, purpose, status, valid_from, recorded_at) "
                    "SELECT min(person_id), 'ashfield', 'clinical', '*', 'withdrawn', now(), now() FROM lake.main.person"
                )

    transport = Recording(InProcess({"ashfield": own_site.folder}), withdraw)
    network = Network.open({}, purpose=PURPOSE, transport=transport)
    with network, pytest.raises(NetworkError, match=r"ashfield refused \[stale_catalog\]: .* Ask again"):
        network.run(MODEL, INFARCTION)


def test_a_site_without_a_permit_for_the_purpose_refuses(own_site):
    with lake.writer(own_site.folder) as connection:
        connection.execute("UPDATE lake.governance.permit SET purpose = ['education']")
    with in_process({"ashfield": own_site.folder}) as network, pytest.raises(NetworkError, match="purpose_denied"):
        network.count(INFARCTION)
    with lake.writer(own_site.folder) as connection:
        connection.execute("UPDATE lake.governance.permit SET purpose = [], holder = 'somebody-else'")
    with in_process({"ashfield": own_site.folder}) as network, pytest.raises(NetworkError, match="permit_invalid"):
        network.count(INFARCTION)


def test_a_permit_to_discover_allows_counts_and_no_statistics(own_site):
    with lake.writer(own_site.folder) as connection:
        connection.execute("UPDATE lake.governance.permit SET level = 'discover'")
    with in_process({"ashfield": own_site.folder}) as network:
        assert network.count(INFARCTION).cell(0, "n") == 165
        with pytest.raises(NetworkError, match="permit_invalid"):
            network.run(TableOne([AGE]), INFARCTION)


def test_a_stricter_site_keeps_more_to_itself(thirds):
    catalogs = {"ashfield": thirds.catalogs["ashfield"]}
    rungs = []
    for policy in (None, Policy.load().tightened(k=30)):
        with Network.open({}, purpose=PURPOSE, transport=InProcess(catalogs, policy=policy)) as network:
            rungs.append(network.run(GridKaplanMeier(DIED), INFARCTION).rung)
            assert ("k 30" in network.provenance.sites["ashfield"].policy) == (policy is not None)
    ladder = [rung.name for rung in Policy.load().ladder]
    assert ladder.index(rungs[0]) < ladder.index(rungs[1])


@pytest.mark.parametrize(
    ("analysis", "instead"),
    [
        (KaplanMeier(DIED), "GridKaplanMeier"),
        (LogRank(DIED, by=HEART_FAILURE), "StratifiedLogRank"),
        (Cox(DIED, [AGE]), "StratifiedCox"),
    ],
)
def test_an_analysis_that_is_not_registered_is_refused_with_a_code_and_the_one_to_use(thirds, analysis, instead):
    with (
        in_process(thirds.catalogs) as network,
        pytest.raises(NetworkError, match=rf"Use {instead}.*stat_not_registered"),
    ):
        network.run(analysis, INFARCTION)


def test_strata_within_sites_are_not_offered(thirds):
    with (
        in_process(thirds.catalogs) as network,
        pytest.raises(NetworkError, match="not offered across sites with strata"),
    ):
        network.run(StratifiedLogRank(DIED, by=HEART_FAILURE, strata=SEX), INFARCTION)


def test_a_network_is_opened_for_a_purpose_a_policy_and_sorts_of_data_that_exist(thirds):
    with pytest.raises(PermitError, match="is not a purpose"):
        Network.open(thirds.catalogs, purpose="curiosity")
    with pytest.raises(UnknownNameError):
        Network.open(thirds.catalogs, purpose=PURPOSE, modalities=("telepathy",))
    with pytest.raises(PolicyError, match="never loosened"):
        Network.open(thirds.catalogs, purpose=PURPOSE, policy=replace(Policy.load(), k=2))


def test_the_coordinator_opens_no_catalog(thirds, processes, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a catalog was opened outside a site's process")

    monkeypatch.setattr(duckdb, "connect", refuse)
    monkeypatch.setattr(lake, "open_reader", refuse)
    with pytest.raises(AssertionError):
        Study.open(thirds.pooled, purpose=PURPOSE)
    network = Network.open({}, purpose=PURPOSE, transport=processes)
    assert network.count(INFARCTION).cell(0, "n") == 500
    assert network.run(GridKaplanMeier(DIED), OVER_60).sites.answered == SITES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sites: {}", "at least one site"),
        ("site: {a: b}", "has the one key 'sites'"),
        ("sites: {a: {folder: b}}", r"sites\.a: must say where the catalog is"),
        ("sites: {a: {catalog: b, polcy: {}}}", r"sites\.a\.polcy: is not a key of a site. Did you mean 'policy'"),
        ("sites: [", "it is no YAML"),
        ("sites: {a: {catalog: b, policy: {kk: 12}}}", r"sites\.a\.policy\.kk: A policy has no threshold 'kk'"),
        ("sites: {a: {catalog: b, policy: {k: 3}}}", r"sites\.a\.policy\.k: k is 10 and may only be raised"),
        (
            "sites: {a: {catalog: b, policy: {k: abc}}}",
            r"sites\.a\.policy\.k: Threshold 'k' is a whole number, not 'abc'",
        ),
        ("sites: {a: {catalog: b, policy: {finest_rung: weekly}}}", r"policy\.finest_rung: 'weekly' is not a rung"),
        ("sites: {a: {catalog: b, policy: {finest_rung: 7}}}", r"policy\.finest_rung: 7 is not a rung"),
        ("sites: {a: {catalog: b, policy: {12: 7}}}", r"policy\.12: A policy has no threshold '12'"),
    ],
)
def test_a_network_file_that_says_nothing_sensible_is_refused_in_words(tmp_path, text, words):
    file = tmp_path / "sites.yaml"
    file.write_text(text)
    with pytest.raises(NetworkError, match=words):
        Network.open(file, purpose=PURPOSE)


def test_a_network_file_counts_paths_from_its_own_folder(thirds, tmp_path, monkeypatch):
    file = thirds.folder / "sites.yaml"
    file.write_text("sites:\n  ashfield: ashfield\n  brookside: {catalog: brookside, policy: {k: 15}}\n")
    monkeypatch.chdir(tmp_path)
    with Network.open(file, purpose=PURPOSE) as network:
        lines = words_of(network.status()).splitlines()
    assert lines[0].startswith("ashfield: answered: snapshot 2 of ")
    assert "default tightened (k 15)" in lines[1]


# --- what a gateway says to requests that no coordinator of ours would send


@pytest.fixture(scope="module")
def gateway(thirds):
    transport = InProcess({"ashfield": thirds.catalogs["ashfield"]})
    yield transport
    transport.close()


def first_requests(gateway, analysis, cohort=INFARCTION) -> list[Request]:
    """The requests that an honest coordinator sends."""
    gateway.sent.clear()
    Network.open({}, purpose=PURPOSE, transport=gateway).run(analysis, cohort)
    return [Request.decode(message) for _, message in gateway.sent]


def code_of(gateway, request: Request | bytes) -> str | None:
    message = request if isinstance(request, bytes) else request.encode()
    return Reply.decode(gateway.ask("ashfield", message)).code


def test_a_request_that_has_expired_or_is_for_another_site_is_refused(gateway):
    (request, *_) = first_requests(gateway, TableOne([AGE]))
    assert code_of(gateway, replace(request, expires_at=1)) == "expired"
    assert code_of(gateway, replace(request, site="brookside")) == "not_understood"
    assert code_of(gateway, replace(request, snapshot=999)) == "stale_catalog"
    assert code_of(gateway, replace(request, policy="cw-sdc-0 version 1.0")) == "other_policy"
    assert code_of(gateway, replace(request, purpose="curiosity")) == "purpose_denied"
    assert code_of(gateway, replace(request, cohort=None)) == "not_understood"


def test_what_is_no_request_is_not_understood_and_what_it_says_does_not_come_back(gateway):
    (request, *_) = first_requests(gateway, TableOne([AGE]))
    for message in (
        b"",
        b"{}",
        b"[" * 100_000,
        request.encode().replace(b'"version":1', b'"version":2'),
        request.encode().replace(b'"ask":"run"', b'"ask":"rows"'),
        request.encode()[:-1] + b',"sql":"SELECT * FROM lake.main.person"}',
        request.encode().replace(b'"type":"age_years"', b'"type":"patient 12345"'),
    ):
        assert code_of(gateway, message) == "not_understood"
        assert b"12345" not in gateway.received[-1][1]
    unknown = request.encode().replace(b'"kind":"table_one"', b'"kind":"rows"')
    assert code_of(gateway, unknown) == "stat_not_registered"


def test_an_error_inside_the_gateway_comes_out_as_a_code_only(gateway, monkeypatch):
    (request, *_) = first_requests(gateway, TableOne([AGE]))

    def fail(*_, **__):
        raise RuntimeError("patient MRN8000000000 has a value of 83")

    monkeypatch.setattr(Study, "_attrition", fail)
    assert code_of(gateway, request) == "failed"
    assert b"MRN" not in gateway.received[-1][1]


def test_a_later_round_is_checked_as_the_first_one_is(gateway):
    requests = first_requests(gateway, MODEL)
    too_small = INFARCTION.require("aged 95 or over", AGE.expression >= 95)
    assert code_of(gateway, replace(requests[1], cohort=too_small)) == "cohort_too_small"
    few = INFARCTION.require("aged 88 or over", AGE.expression >= 88)
    assert code_of(gateway, replace(requests[1], cohort=few)) in ("cell_too_small", "too_many_parameters")


def test_a_point_at_which_single_people_outweigh_the_rest_is_refused(gateway):
    request = first_requests(gateway, MODEL)[1]
    state = request.state
    far = replace(state, climb=replace(state.climb, beta=state.climb.beta + 500.0))
    assert code_of(gateway, replace(request, state=far)) == "budget_exhausted"
    # Nor does it help to say that the covariates hardly vary.
    summary = replace(
        state.summary,
        covariates=replace(state.summary.covariates, centred_squares=state.summary.covariates.centred_squares / 1e8),
    )
    near = replace(state, summary=summary, climb=replace(state.climb, beta=state.climb.beta + 1.0))
    assert code_of(gateway, replace(request, state=near)) == "budget_exhausted"


def test_one_table_is_told_on_one_grid(gateway):
    request = first_requests(gateway, GridKaplanMeier(DIED, by=HEART_FAILURE, horizon_years=4))[1]
    assert code_of(gateway, request) is None
    coarser = replace(request.state, rung="whole follow-up", n_told=(1, 1))
    assert code_of(gateway, replace(request, state=coarser)) == "differencing"
    renamed = replace(request, analysis=replace(request.analysis, grid="whole follow-up"), state=coarser)
    assert code_of(gateway, renamed) == "differencing"
    assert code_of(gateway, request) is None


def test_another_horizon_or_other_names_do_not_make_it_another_table(gateway):
    died = replace(DIED, name="dead", label="Dead")
    ill = replace(HEART_FAILURE, name="ill", label="Ill")
    entered = replace(OVER_60.entry_event, label="heart attack")
    cohort = replace(OVER_60, entry_event=entered, steps=(replace(OVER_60.steps[0], label="old"),))
    whole = {"grid": "whole follow-up", "horizon_years": 4}
    request = first_requests(gateway, GridKaplanMeier(DIED, by=HEART_FAILURE, **whole), OVER_60)[1]
    assert code_of(gateway, request) is None
    for analysis in (
        replace(request.analysis, horizon_years=5),
        GridKaplanMeier(died, by=ill, grid="whole follow-up", horizon_years=3),
    ):
        assert code_of(gateway, replace(request, analysis=analysis, cohort=cohort)) == "differencing"


def test_a_grid_that_was_not_offered_is_not_told(gateway):
    request = first_requests(gateway, GridKaplanMeier(DIED, horizon_years=4))[0]
    from workbench.statistics.grid_table import OnRung

    other = replace(request, cohort=OVER_60)
    assert code_of(gateway, replace(other, state=OnRung("30 days", (48,)))) == "cell_too_small"


def test_a_question_about_data_that_the_network_was_not_opened_for_is_refused_in_words(thirds):
    carriers = INFARCTION.require("carrier", carrier("TTN", consequence="truncating"))
    with in_process(thirds.catalogs) as network, pytest.raises(NetworkError, match=r"modality_denied.*modalities="):
        network.count(carriers)
