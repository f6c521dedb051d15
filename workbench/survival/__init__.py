"""Time to event: Kaplan–Meier, log-rank, Cox, on plain data and as analyses of a cohort."""

from workbench.survival.cox_frame import cox, hazard_ratios
from workbench.survival.grid_survival import GridKaplanMeier
from workbench.survival.product_limit import KaplanMeier, kaplan_meier
from workbench.survival.proportional_hazards import Cox, StratifiedCox
from workbench.survival.quantiles import median_survival, survival_at, survival_quantiles
from workbench.survival.rank_tests import LogRank, StratifiedLogRank, log_rank

__all__ = [
    "Cox",
    "GridKaplanMeier",
    "KaplanMeier",
    "LogRank",
    "StratifiedCox",
    "StratifiedLogRank",
    "cox",
    "hazard_ratios",
    "kaplan_meier",
    "log_rank",
    "median_survival",
    "survival_at",
    "survival_quantiles",
]
