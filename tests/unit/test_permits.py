"""Permits: who may ask what, for which purpose, until when, and what a refusal says."""

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
    with pytest.raises(PermitError, match="no permit 'permit-9'"):
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


def test_a_permit_made_anew_has_an_id_of_its_own():
    assert new_permit("ada", Level.ROWS).permit_id != new_permit("ada", Level.ROWS).permit_id
