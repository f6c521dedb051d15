"""The harmonised model as declarations: tables, fields, units, and the DDL, checks and dictionary made from them."""

from data_catalog.model.ddl import create_all_sql, create_table_sql, sort_sql, table_address
from data_catalog.model.dictionary import data_dictionary, describe_table
from data_catalog.model.fields import Field, Table
from data_catalog.model.plausibility import Rule, flag_rules, flagged_select, issues_select
from data_catalog.model.registry import TABLES, table
from data_catalog.model.validate import check_keys
from data_catalog.model.whose import belongs_to_sql, tables_of_people

__all__ = [
    "TABLES",
    "Field",
    "Rule",
    "Table",
    "belongs_to_sql",
    "check_keys",
    "create_all_sql",
    "create_table_sql",
    "data_dictionary",
    "describe_table",
    "flag_rules",
    "flagged_select",
    "issues_select",
    "sort_sql",
    "table",
    "table_address",
    "tables_of_people",
]
