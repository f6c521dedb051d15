"""Figures, drawn from released tables and nothing else."""

from workbench.plots.attrition import FlowChart, plot_attrition
from workbench.plots.figure import Figure
from workbench.plots.forest import plot_forest
from workbench.plots.survival import plot_survival

__all__ = ["Figure", "FlowChart", "plot_attrition", "plot_forest", "plot_survival"]
