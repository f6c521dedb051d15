"""What one query reads of genotypes: which variants an annotation finds first, then who carries them. No others are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.genotypes import calls_sql, carriers_sql
from workbench.cohorts.modalities import GENOMIC
from workbench.cohorts.sql import OWN_PREFIX, Parameters, cte

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.cohorts.genotypes import AlleleCount, Carrier

_GENOTYPED, _CARRIED, _ALLELES = (f"{OWN_PREFIX}{name}" for name in ("genotyped", "carried", "alleles"))
_ANNOTATED, _LOCATED = (f"{OWN_PREFIX}{name}" for name in ("annotated", "located"))


class GenotypePlan:
    """The part of a plan that reads the genomic tables: filled while criteria become SQL, then written out."""

    def __init__(self, database: str, parameters: Parameters) -> None:
        self._database = database
        self._parameters = parameters
        self._carriers: dict[str, str] = {}  # SQL of what an annotation must say -> its column
        self._alleles: dict[str, str] = {}  # SQL of where the variant is -> its column
        self._genes: dict[str, None] = {}
        self._asks_who_is_genotyped = False

    def copies_carried(self, criterion: Carrier) -> str:
        """Return the column with the most alternate alleles that a person has of a variant so annotated; null if none."""
        self._genes |= dict.fromkeys(criterion.genes)
        condition = self._annotation_says(criterion)
        column = self._carriers.setdefault(condition, f"copies_{len(self._carriers) + 1}")
        return f"{_CARRIED}.{column}"

    def copies_of(self, allele: AlleleCount) -> str:
        """Return the column with a person's alternate alleles of one variant; null if it was not called."""
        bound = (self._parameters.bind(part) for part in allele.parts)
        places = zip(("chrom", "pos_1based", "ref", "alt"), bound, strict=True)
        condition = " AND ".join(f"v.{column} = {value}" for column, value in places)
        column = self._alleles.setdefault(condition, f"copies_{len(self._alleles) + 1}")
        return f"{_ALLELES}.{column}"

    def is_genotyped(self) -> str:
        """Return the condition that a person has a genotype."""
        self._asks_who_is_genotyped = True
        return f"{_GENOTYPED}.person_id IS NOT NULL"

    @property
    def relations(self) -> list[str]:
        """The parts that have a row a person, to be joined to the person's own."""
        used = {_GENOTYPED: self._asks_who_is_genotyped, _CARRIED: self._carriers, _ALLELES: self._alleles}
        return [name for name, use in used.items() if use]

    @property
    def modalities(self) -> frozenset[str]:
        """Genomic, if anything is read."""
        return frozenset({GENOMIC} if self.relations else ())

    def parts(self) -> list[str]:
        """Return the query's parts that read genotypes."""
        parts = [self._genotyped()] if self._asks_who_is_genotyped else []
        parts += [self._annotated(), self._carried()] if self._carriers else []
        return parts + ([self._located(), self._counted()] if self._alleles else [])

    def _table(self, name: str) -> str:
        return f"{self._database}.genomics.{name}"

    def _annotation_says(self, criterion: Carrier) -> str:
        conditions = [f"a.gene_symbol IN ({self._listed(criterion.genes)})"]
        if criterion.consequence:
            conditions.append(f"a.consequence IN ({self._listed(criterion.consequence)})")
        if criterion.max_population_frequency is not None:
            limit = self._parameters.bind(criterion.max_population_frequency)
            conditions.append(f"coalesce(a.population_af, 0) <= {limit}")
        if criterion.clinical_significance:
            # VEP joins the classes of several submissions by & and writes _ for a blank; ClinVar's own files have / and blanks.
            classes = "string_split_regex(replace(lower(a.clinical_significance), ' ', '_'), '[&/,|]')"
            wanted = self._listed(criterion.clinical_significance)
            conditions.append(f"coalesce(list_has_any({classes}, [{wanted}]), FALSE)")
        return " AND ".join(conditions)

    def _listed(self, words: Iterable[str]) -> str:
        return ", ".join(self._parameters.bind(word) for word in words)

    def _genotyped(self) -> str:
        return cte(_GENOTYPED, [f"SELECT DISTINCT person_id, site FROM {self._table('sample')}"])

    def _annotated(self) -> str:
        """The variants of which an annotation says what some criterion asks, and which criterion that is."""
        says = ", ".join(
            f"coalesce(bool_or({condition}), FALSE) AS {name}" for condition, name in self._carriers.items()
        )
        return cte(
            _ANNOTATED,
            [
                f"SELECT a.site, a.callset_id, a.variant_index, {says}",
                f"FROM {self._table('variant_annotation')} a",
                f"WHERE a.gene_symbol IN ({self._listed(self._genes)})",
                f"GROUP BY a.site, a.callset_id, a.variant_index HAVING {' OR '.join(self._carriers.values())}",
            ],
            materialized=True,
        )

    def _carried(self) -> str:
        copies = ", ".join(f"max(c.n_alt_alleles) FILTER (a.{name}) AS {name}" for name in self._carriers.values())
        return cte(
            _CARRIED,
            [
                f"SELECT c.person_id, c.site, {copies}",
                f"FROM ({carriers_sql(_ANNOTATED, database=self._database)}) c",
                f"JOIN {_ANNOTATED} a ON a.variant_index = c.variant_index AND a.callset_id = c.callset_id AND a.site = c.site",
                "GROUP BY c.person_id, c.site",
            ],
        )

    def _located(self) -> str:
        columns = ", ".join(f"{condition} AS {name}" for condition, name in self._alleles.items())
        places = " OR ".join(f"({condition})" for condition in self._alleles)
        return cte(
            _LOCATED,
            [
                f"SELECT v.site, v.callset_id, v.variant_index, {columns}",
                f"FROM {self._table('variant')} v WHERE {places}",
            ],
            materialized=True,
        )

    def _counted(self) -> str:
        # Calls name carriers and people without a call; whoever else is in the file has no alternate allele.
        copies = "CASE WHEN c.person_id IS NULL THEN 0 ELSE c.n_alt_alleles END"
        most = ", ".join(f"max({copies}) FILTER (v.{name}) AS {name}" for name in self._alleles.values())
        return cte(
            _ALLELES,
            [
                f"SELECT s.person_id, s.site, {most}",
                f"FROM {_LOCATED} v JOIN {self._table('sample')} s ON s.site = v.site AND s.callset_id = v.callset_id",
                f"LEFT JOIN ({calls_sql(_LOCATED, database=self._database)}) c ON c.person_id = s.person_id AND c.site = v.site",
                "  AND c.callset_id = v.callset_id AND c.variant_index = v.variant_index",
                "GROUP BY s.person_id, s.site",
            ],
        )
