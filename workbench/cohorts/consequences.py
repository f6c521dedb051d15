"""The words of variant annotation: effects on a transcript, classes of them, and clinical significance."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from data_catalog.errors import did_you_mean
from workbench.cohorts.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The Sequence Ontology terms that Ensembl VEP uses, the gravest first (Ensembl: "Calculated variant consequences").
CONSEQUENCES = (
    "transcript_ablation",
    "splice_acceptor_variant",
    "splice_donor_variant",
    "stop_gained",
    "frameshift_variant",
    "stop_lost",
    "start_lost",
    "transcript_amplification",
    "feature_elongation",
    "feature_truncation",
    "inframe_insertion",
    "inframe_deletion",
    "missense_variant",
    "protein_altering_variant",
    "splice_donor_5th_base_variant",
    "splice_region_variant",
    "splice_donor_region_variant",
    "splice_polypyrimidine_tract_variant",
    "incomplete_terminal_codon_variant",
    "start_retained_variant",
    "stop_retained_variant",
    "synonymous_variant",
    "coding_sequence_variant",
    "mature_miRNA_variant",
    "5_prime_UTR_variant",
    "3_prime_UTR_variant",
    "non_coding_transcript_exon_variant",
    "intron_variant",
    "NMD_transcript_variant",
    "non_coding_transcript_variant",
    "coding_transcript_variant",
    "upstream_gene_variant",
    "downstream_gene_variant",
    "TFBS_ablation",
    "TFBS_amplification",
    "TF_binding_site_variant",
    "regulatory_region_ablation",
    "regulatory_region_amplification",
    "regulatory_region_variant",
    "intergenic_variant",
    "sequence_variant",
)

# What can be said in one word. A definition keeps the terms, so that it means the same should a class ever change.
CONSEQUENCE_CLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "truncating": ("splice_acceptor_variant", "splice_donor_variant", "stop_gained", "frameshift_variant"),
        "missense": ("missense_variant",),
    }
)

# ClinVar's classes as VEP writes them, with _ for blanks.
CLINICAL_SIGNIFICANCES = (
    "pathogenic",
    "likely_pathogenic",
    "pathogenic_low_penetrance",
    "likely_pathogenic_low_penetrance",
    "uncertain_significance",
    "likely_benign",
    "benign",
    "conflicting_interpretations_of_pathogenicity",
    "conflicting_classifications_of_pathogenicity",
    "established_risk_allele",
    "likely_risk_allele",
    "uncertain_risk_allele",
    "risk_factor",
    "protective",
    "association",
    "association_not_found",
    "affects",
    "confers_sensitivity",
    "drug_response",
    "histocompatibility",
    "other",
    "not_provided",
)


def expand_consequences(given: Iterable[str]) -> tuple[str, ...]:
    """Return the terms that *given* terms and classes stand for, each once, the gravest first.

    Raises
    ------
    DefinitionError
        If one is neither a term nor a class; the message names the nearest.
    """
    wanted: set[str] = set()
    for word in given:
        if word not in CONSEQUENCES and word not in CONSEQUENCE_CLASSES:
            known = (*CONSEQUENCE_CLASSES, *CONSEQUENCES)
            raise DefinitionError(
                f"{word!r} is neither a consequence of the Sequence Ontology that VEP uses nor a class of them. "
                f"{did_you_mean(str(word), known)}"
            )
        wanted.update(CONSEQUENCE_CLASSES.get(word, (word,)))
    return tuple(term for term in CONSEQUENCES if term in wanted)


def class_of(terms: tuple[str, ...]) -> str | None:
    """Return the class that stands for exactly these terms, if there is one."""
    return next((name for name, meant in CONSEQUENCE_CLASSES.items() if meant == terms), None)


def checked_significances(given: Iterable[str]) -> tuple[str, ...]:
    """Return classes of clinical significance, each once, in the order of the list.

    Raises
    ------
    DefinitionError
        If one is not in the list; the message names the nearest.
    """
    given = tuple(given)
    for word in given:
        if word not in CLINICAL_SIGNIFICANCES:
            raise DefinitionError(
                f"{word!r} is not a class of clinical significance. {did_you_mean(str(word), CLINICAL_SIGNIFICANCES)}"
            )
    return tuple(word for word in CLINICAL_SIGNIFICANCES if word in given)
