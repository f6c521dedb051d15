"""Mergeable statistics: what partitions of people contribute to an analysis, and exact results."""

from workbench.statistics.columns import column
from workbench.statistics.cox_rounds import CoxByStratum, CoxInformation, CoxRiskSets, CoxSummary
from workbench.statistics.errors import AnalysisError, NotEstimableError
from workbench.statistics.event_table import EventTable
from workbench.statistics.log_rank import EventTables, LogRankByStratum
from workbench.statistics.moments import LevelCounts, Moments, NumberStatistics
from workbench.statistics.records import Record, decode, encode
from workbench.statistics.table_one import TableOne, TableOneStatistic

__all__ = [
    "AnalysisError",
    "CoxByStratum",
    "CoxInformation",
    "CoxRiskSets",
    "CoxSummary",
    "EventTable",
    "EventTables",
    "LevelCounts",
    "LogRankByStratum",
    "Moments",
    "NotEstimableError",
    "NumberStatistics",
    "Record",
    "TableOne",
    "TableOneStatistic",
    "column",
    "decode",
    "encode",
]
