"""Rerun a bundle and say, value by value, what is identical, within tolerance or different, and why."""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_catalog import Catalog
from data_catalog.errors import UnknownNameError
from workbench.templates import layout
from workbench.templates.bundle import Bundle, BundleError, open_bundle
from workbench.templates.catalog import Template, find_template
from workbench.templates.causes import Cause, causes
from workbench.templates.compare import MISSING, TOLERANCE, Comparison, Difference, compare
from workbench.templates.environment import environment
from workbench.templates.run import CATALOG_VARIABLE, TemplateError, run_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.templates.compare import Verdict

NOT_COMPARED = (layout.REPORT, layout.NOTEBOOK, f"{layout.FIGURES}/")
"""What a bundle has beside its results: only that these files are those of the crate's metadata is checked."""
_SHOWN = 20
_WIDEST = 44


@dataclass(frozen=True)
class Verification:
    """What a rerun of a bundle came to.

    Parameters
    ----------
    template : str
        Name of the template.
    verdict : {"identical", "within tolerance", "different"}
    comparison : Comparison
        How many values were compared, and every one that is different.
    causes : tuple of Cause
        What differs beside the values: data, consent, environment, policy, template. If values differ and nothing else does, the
        one cause is "result".
    tolerance : float
        What numbers that are no counts may differ by, relative.
    n_results : int
        How many results were compared.
    stopped : str or None
        Why the rerun did not come to its end.
    altered : tuple of str
        Files of the bundle that do not hold what the exact JSON of their result does.
    unlisted : tuple of str
        Files in the bundle that no run wrote.

    Notes
    -----
    If consent is among the causes, no value is told: a value with somebody and the same one without them tell what is theirs.
    """

    template: str
    verdict: Verdict
    comparison: Comparison
    causes: tuple[Cause, ...]
    tolerance: float
    n_results: int
    stopped: str | None = None
    altered: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether every value is identical or within tolerance."""
        return self.verdict != "different"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "template": self.template,
            "verdict": self.verdict,
            "n_results": self.n_results,
            "n_values": self.comparison.n_values,
            "n_identical": self.comparison.n_identical,
            "n_within_tolerance": self.comparison.n_within,
            "tolerance": self.tolerance,
            "largest_within_tolerance": self.comparison.largest_within,
            "causes": [asdict(cause) for cause in self.causes],
            "differences": [asdict(difference) for difference in self.comparison.differences],
            "withheld": dict(self.comparison.withheld),
            "stopped": self.stopped,
            "altered": list(self.altered),
            "unlisted": list(self.unlisted),
            "not_compared": list(NOT_COMPARED),
        }

    def __str__(self) -> str:
        lines = [f"{self.template}: {self._in_short()}"]
        heading = "Cause" if self.verdict == "different" else "Not the same, but without effect on the values"
        lines += [f"{heading}: {cause.kind}. {cause.words}" for cause in self.causes]
        if self.stopped:
            lines.append(f"The rerun stopped: {self.stopped}")
        lines += [f"Altered: {name} does not hold the released result." for name in self.altered]
        lines += [f"Not listed: {name} is in the bundle, and no run wrote it." for name in self.unlisted]
        lines.append(f"Not compared: {', '.join(NOT_COMPARED)}.")
        if self.comparison.withheld:
            each = ", ".join(f"{result} ({n:,})" for result, n in self.comparison.withheld.items())
            lines.append(
                f"Values that are not the same: {each}. They are not shown: the pairs would tell of who has left."
            )
        if self.comparison.differences:
            lines += ["", *_as_table(self.comparison.differences)]
        return "".join(sign for sign in "\n".join(lines) if sign == "\n" or sign.isprintable())

    def _in_short(self) -> str:
        found = self.comparison
        if self.verdict == "identical":
            return f"identical. All {found.n_values:,} values of {self.n_results} results are the same."
        if self.verdict == "within tolerance":
            return (
                f"within tolerance. Of {found.n_values:,} values {found.n_identical:,} are identical and {found.n_within:,} differ by "
                f"at most {found.largest_within:.1g} of themselves (allowed: {self.tolerance:g}; counts not at all)."
            )
        return f"different. {found.n_different:,} of {found.n_values:,} values are not the same."


def verify_bundle(
    bundle: Bundle | Path, *, catalog: Path | str | None = None, tolerance: float = TOLERANCE
) -> Verification:
    """Run the template of a bundle again and compare.

    The template that is installed here is run, never the notebook in the bundle, which others may have written. If the catalog is the
    very one that the bundle was made on and holds newer data by now, and the template takes a snapshot, the bundle's is used.

    Parameters
    ----------
    bundle : Bundle or Path
        As opened, or where it is.
    catalog : Path or str, optional
        The catalog to ask; if not given, the one that ``WORKBENCH_CATALOG`` names.
    tolerance : float
        What numbers that are no counts may differ by, relative to the larger of the two.

    Raises
    ------
    BundleError
        If it is no bundle, or its template is not installed here.
    CatalogError
        If there is no such catalog.
    """
    bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    template = _template_of(bundle)
    given = {name: value for name, value in bundle.record["given"].items() if name in template.parameters}
    place = _catalog_of(template, catalog)
    given |= _snapshot_of(bundle, template, place)
    with tempfile.TemporaryDirectory(prefix="workbench-verify-") as folder:
        try:
            done = run_template(template.name, output=Path(folder) / "rerun", parameters=given, catalog=place)
        except TemplateError as stopped:
            return _stopped(bundle, template, stopped, tolerance)
        again = open_bundle(done.folder)
        comparison = compare(bundle.results(), again.results(), tolerance=tolerance)
        comparison = _with_findings(comparison, bundle.findings, again.findings)
        return _verification(bundle, template, comparison, again.record, tolerance)


def _template_of(bundle: Bundle) -> Template:
    try:
        return find_template(bundle.template)
    except UnknownNameError as error:
        raise BundleError(f"The bundle was made with a template that is not installed here: {error}") from None


def _catalog_of(template: Template, catalog: Path | str | None) -> Path | str | None:
    if "catalog" not in template.parameters:
        return None
    named = catalog or os.environ.get(CATALOG_VARIABLE)
    if not named:
        raise BundleError(
            f"A bundle holds results and no data, so say on which to rerun it: --catalog FOLDER, or {CATALOG_VARIABLE}."
        )
    return named


def _snapshot_of(bundle: Bundle, template: Template, catalog: Path | str | None) -> dict[str, Any]:
    """Return the snapshot to ask, where the catalog is the one that the bundle was made on."""
    if catalog is None:
        return {}
    snapshots = {(each.snapshot_id, each.time.isoformat()) for each in Catalog.open(catalog).snapshots()}
    used = {(study["snapshot"]["id"], study["snapshot"]["time"]) for study in bundle.record["studies"]}
    if "snapshot" not in template.parameters or len(used) != 1 or not used <= snapshots:
        return {}
    return {"snapshot": used.pop()[0]}


def _with_findings(comparison: Comparison, was: tuple[str, ...], now: tuple[str, ...]) -> Comparison:
    """Add the findings, which are texts made of values."""
    longest = max(len(was), len(now))
    pairs = [tuple(each[at] if at < len(each) else MISSING for each in (was, now)) for at in range(longest)]
    differ = [
        Difference("findings", f"sentence {number}", one, other)
        for number, (one, other) in enumerate(pairs, 1)
        if one != other
    ]
    return Comparison(
        comparison.n_identical + longest - len(differ),
        comparison.n_within,
        comparison.largest_within,
        (*comparison.differences, *differ),
    )


def _verification(
    bundle: Bundle,
    template: Template,
    comparison: Comparison,
    record: Mapping[str, Any],
    tolerance: float,
    *,
    stopped: str | None = None,
) -> Verification:
    found = causes(bundle.record, record, environment_was=bundle.environment, environment_now=environment())
    if comparison.verdict == "different" and not found:
        found = (
            Cause("result", "Data, consent, policy, template and environment are the same, and yet values differ."),
        )
    if stopped is None and any(cause.kind == "consent" for cause in found):
        comparison = comparison.without_values()
    altered = bundle.altered_copies()
    return Verification(
        template.name,
        "different" if altered else comparison.verdict,
        comparison,
        found,
        tolerance,
        n_results=len(bundle.record["tables"]),
        stopped=stopped,
        altered=altered,
        unlisted=bundle.unlisted,
    )


def _stopped(bundle: Bundle, template: Template, error: TemplateError, tolerance: float) -> Verification:
    """Return what can be said of a rerun that did not come to its end."""
    studies = list({str(question["study"]): question["study"] for question in error.questions}.values())
    record = {"template": {"digest": template.digest}, "studies": studies}
    comparison = Comparison(0, 0, 0.0, (Difference("rerun", "the whole", "came to its end", "stopped"),))
    words = str(error).split(" The notebook as far")[0]
    return _verification(bundle, template, comparison, record, tolerance, stopped=words)


def _as_table(differences: tuple[Difference, ...]) -> list[str]:
    rows = [("Result", "Where", "Bundle", "Now", "Relative")]
    rows += [
        (each.result, each.where, each.was, each.now, "" if each.relative is None else f"{each.relative:.1g}")
        for each in differences[:_SHOWN]
    ]
    cut = [tuple(" ".join(cell.split()) for cell in row) for row in rows]
    cut = [tuple(cell if len(cell) <= _WIDEST else f"{cell[: _WIDEST - 1]}…" for cell in row) for row in cut]
    widths = [max(map(len, cells)) for cells in zip(*cut, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cut]
    more = len(differences) - _SHOWN
    return [*lines, f"… and {more:,} more; --json lists all."] if more > 0 else lines
