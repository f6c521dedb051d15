"""Permits: who may ask what, for which purpose, until when, and what a refusal says."""

import os
import pwd
from datetime import UTC, datetime, timedelta

import pytest

from data_catalog import Catalog, PermitError
from data_catalog.governance.permits import EVERYONE, Level, Permit, choose_permit, current_user, new_permit

NOW = datetime.now(UTC)


def permit(**changes) -> Permit:
    values = {
        "permit_id": "permit-1",
        "holder": "ada",
        "level": Level.AGGREGATE,
        "purposes": ("scientific_research",),
        "not_before": NOW - timedelta(days=1),
        "expires_at": NOW + timedelta(days=1),
    }
    return Permit(**(values | changes))


def choose(
    *permits: Permit, user="ada", purpose="scientific_research", level=Level.AGGREGATE, permit_id=None
) -> Permit:
    return choose_permit(permits, user=user, purpose=purpose, level=level, permit_id=permit_id)


@pytest.mark.parametrize("level", [Level.DISCOVER, Level.AGGREGATE])
def test_a_level_includes_the_ones_before_it(level):
    assert choose(permit(), level=level).permit_id == "permit-1"


@pytest.mark.parametrize(
    ("changes", "asked", "words"),
    [
        ({}, {"user": "eve"}, "held by another user than 'eve'"),
        ({}, {"level": Level.ROWS}, "allows 'aggregate' at most, not 'rows'"),
        ({}, {"purpose": "education"}, "is for scientific_research, not for education"),
        ({"expires_at": NOW - timedelta(hours=1)}, {}, "expired on"),
        ({"not_before": NOW + timedelta(hours=1)}, {}, "begins on"),
        ({"revoked_at": NOW - timedelta(hours=1)}, {}, "was revoked on"),
    ],
)
def test_what_a_permit_does_not_allow_is_refused_with_the_reason(changes, asked, words):
    with pytest.raises(PermitError, match=words):
        choose(permit(**changes), **asked)


def test_a_permit_for_everyone_and_every_purpose_is_just_that():
    assert choose(permit(holder=EVERYONE, purposes=()), user="eve", purpose="education").holder == EVERYONE


def test_of_several_permits_the_one_that_allows_most_is_taken():
    assert choose(permit(), permit(permit_id="permit-2", level=Level.ROWS)).permit_id == "permit-2"


def test_a_named_permit_is_taken_or_refused_by_name():
    both = (permit(), permit(permit_id="permit-2", level=Level.ROWS))
    assert choose(*both, permit_id="permit-1").permit_id == "permit-1"
    with pytest.raises(PermitError, match="no permit 'permit-9'. Did you mean 'permit-[12]'"):
        choose(*both, permit_id="permit-9")


def test_an_unknown_purpose_or_level_is_named_with_the_nearest():
    with pytest.raises(PermitError, match="'scientific_reserch' is not a purpose. Did you mean 'scientific_research'"):
        choose(permit(), purpose="scientific_reserch")
    with pytest.raises(PermitError, match="'rowz' is not a level. Did you mean 'rows'"):
        Level.named("rowz")


def test_who_makes_a_catalog_may_see_rows_for_90_days(tmp_path):
    found = Catalog.create(tmp_path / "catalog").permits()
    assert [(p.holder, p.level, p.purposes) for p in found] == [(current_user(), Level.ROWS, ())]
    assert (found[0].expires_at - found[0].not_before).days == 90


def test_the_user_is_whom_the_process_runs_as_whatever_the_environment_says(monkeypatch):
    before = current_user()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-with-a-permit")
    assert current_user() == before == pwd.getpwuid(os.geteuid()).pw_name
    monkeypatch.setattr(os, "geteuid", lambda: 3_999_999_999)
    assert current_user() == "uid-3999999999"


def test_a_permit_made_anew_has_an_id_of_its_own():
    assert new_permit("ada", Level.ROWS).permit_id != new_permit("ada", Level.ROWS).permit_id


def test_a_permit_says_how_it_stands_and_how_many_days_are_left():
    week = timedelta(days=7)
    assert (permit(expires_at=NOW + week).state(NOW), permit(expires_at=NOW + week).days_left(NOW)) == ("valid", 7)
    later = permit(not_before=NOW + week, expires_at=NOW + 2 * week)
    assert (later.state(NOW), later.days_left(NOW)) == ("not yet valid", 14)
    assert (permit(expires_at=NOW).state(NOW), permit(expires_at=NOW).days_left(NOW)) == ("expired", 0)
    revoked = permit(revoked_at=NOW, expires_at=NOW + week)
    assert (revoked.state(NOW), revoked.days_left(NOW)) == ("revoked", 0)


@pytest.fixture
def catalog(tmp_path):
    return Catalog.create(tmp_path / "catalog")


def test_the_owner_issues_a_permit_and_it_lets_its_holder_in(catalog):
    issued = catalog.issue_permit("ada", "aggregate", purposes=["education", "education"], days=30, note="Approval 12")
    held = next(one for one in catalog.permits() if one.holder == "ada")
    assert held == issued
    assert (held.level, held.purposes, held.note) == (Level.AGGREGATE, ("education",), "Approval 12")
    assert (held.expires_at - held.not_before).days == 30
    assert choose_permit(catalog.permits(), user="ada", purpose="education", level=Level.AGGREGATE) == issued
    with pytest.raises(PermitError, match="it is for education, not for statistics"):
        choose_permit(catalog.permits(), user="ada", purpose="statistics", level=Level.AGGREGATE)


def test_a_permit_whose_time_is_over_or_has_not_come_lets_nobody_in(catalog):
    over = catalog.issue_permit("ada", "rows", days=5, not_before=NOW - timedelta(days=10))
    coming = catalog.issue_permit("ada", "rows", days=5, not_before=NOW + timedelta(days=10))
    with pytest.raises(PermitError) as refused:
        choose_permit(catalog.permits(), user="ada", purpose="education", level=Level.DISCOVER)
    assert f"{over.permit_id}: it expired on" in str(refused.value)
    assert f"{coming.permit_id}: it begins on" in str(refused.value)


def test_a_revoked_permit_lets_nobody_in_and_stays_revoked(catalog):
    issued = catalog.issue_permit("ada", "rows")
    revoked = catalog.revoke_permit(issued.permit_id)
    assert revoked.revoked_at is not None
    with pytest.raises(PermitError, match="it was revoked on"):
        choose_permit(catalog.permits(), user="ada", purpose="education", level=Level.DISCOVER)
    assert catalog.revoke_permit(issued.permit_id).revoked_at == revoked.revoked_at
    assert catalog.snapshot().message == f"revoke {issued.permit_id}"


def test_an_unknown_permit_is_named_with_the_nearest(catalog):
    issued = catalog.issue_permit("ada", "rows")
    nearly = issued.permit_id[:-1] + ("0" if issued.permit_id[-1] != "0" else "1")
    with pytest.raises(PermitError, match=f"no permit '{nearly}'. Did you mean '{issued.permit_id}'"):
        catalog.revoke_permit(nearly)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("'rowz' is not a level. Did you mean 'rows'", {"level": "rowz"}),
        ("'educatoin' is not a purpose. Did you mean 'education'", {"purposes": ["educatoin"]}),
        ("lasts 1 to 3,653 days, not 0", {"days": 0}),
        ("lasts 1 to 3,653 days, not 9,999", {"days": 9999}),
        ("Say who holds the permit", {"holder": " "}),
        ("says no time zone", {"not_before": datetime(2026, 1, 1)}),
    ],
)
def test_a_permit_that_makes_no_sense_is_not_issued(catalog, words, asked):
    with pytest.raises(PermitError, match=words):
        catalog.issue_permit(**({"holder": "ada", "level": "rows"} | asked))
    assert len(catalog.permits()) == 1


def test_only_the_owner_of_the_folder_issues_and_revokes(catalog, monkeypatch):
    import os

    (own,) = catalog.permits()
    monkeypatch.setattr(os, "geteuid", lambda: catalog.folder.stat().st_uid + 1)
    for attempt in (lambda: catalog.issue_permit("eve", "export"), lambda: catalog.revoke_permit(own.permit_id)):
        with pytest.raises(PermitError, match="Only the owner of the catalog at .* issues and revokes permits"):
            attempt()
    assert catalog.permits() == (own,)
