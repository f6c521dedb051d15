"""Time to event: Kaplan–Meier, log-rank, Cox, on plain data and as analyses of a cohort."""

from workbench.survival.cox_frame import cox, hazard_ratios
from workbench.survival.product_limit import KaplanMeier, kaplan_meier
from workbench.survival.proportional_hazards import Cox, StratifiedCox
from workbench.survival.quantiles import median_survival, survival_at, survival_quantiles
from workbench.survival.rank_tests import LogRank, log_rank

__all__ = [
    "Cox",
    "KaplanMeier",
    "LogRank",
    "StratifiedCox",
    "cox",
    "hazard_ratios",
    "kaplan_meier",
    "log_rank",
    "median_survival",
    "survival_at",
    "survival_quantiles",
]
