"""What is true of everybody who passes a criterion, whatever the data: that they have a genotype."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.cohorts.expressions import AllOf, AnyOf, AtLeast, Between, Compare, Criterion, Not
from workbench.cohorts.genotypes import AlleleCount, Carrier, Genotyped

if TYPE_CHECKING:
    from workbench.cohorts.definition import Step


def step_needs_genotype(step: Step) -> bool:
    """Return whether only people with a genotype can pass a step, because what it keeps is never met without one."""
    return needs_genotype(_kept(step))


def step_keeps_the_genotyped(step: Step) -> bool:
    """Return whether a step keeps all people with a genotype and nobody else."""
    return isinstance(_kept(step), Genotyped)


def _kept(step: Step) -> Criterion:
    """What those meet whom the step keeps, without double negation."""
    kept = step.criterion if step.action == "require" else Not(step.criterion)
    while isinstance(kept, Not) and isinstance(kept.criterion, Not):
        kept = kept.criterion.criterion
    return kept


def needs_genotype(criterion: Criterion) -> bool:
    """Return whether *criterion* can be met only by people with a genotype; False where that is not certain."""
    if isinstance(criterion, Genotyped | Carrier):
        return True
    if isinstance(criterion, Compare | Between):
        return isinstance(criterion.value, AlleleCount)
    if isinstance(criterion, AllOf):
        return any(map(needs_genotype, criterion.criteria))
    if isinstance(criterion, AnyOf):
        return all(map(needs_genotype, criterion.criteria))
    if isinstance(criterion, AtLeast):
        return sum(not needs_genotype(part) for part in criterion.criteria) < criterion.n
    return False
