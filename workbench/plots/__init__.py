"""Figures, drawn from released tables and nothing else."""

from workbench.plots.figure import Figure
from workbench.plots.forest import plot_forest
from workbench.plots.survival import plot_survival

__all__ = ["Figure", "plot_forest", "plot_survival"]
