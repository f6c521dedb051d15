"""The questions that the tests of this folder ask."""

from workbench.cohorts import Cohort, age_years, codelist, death, diagnosis, measure, sex, time_to, variable

INFARCTION = Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")).first())
OVER_60 = INFARCTION.require("aged 60 or over", age_years() >= 60)
VERY_OLD = INFARCTION.require("aged 98 or over", age_years() >= 98)
DIED = time_to(death(), name="death", label="Death")
HEART_FAILURE = variable("heart_failure", diagnosis(codelist("heart_failure")).on_index(), label="Heart failure")
AGE = variable("age_years", age_years())
SEX = variable("sex", sex())
PRESSURE = variable("pressure", measure("systolic_blood_pressure_mmhg").last())
DIASTOLIC = variable("diastolic", measure("diastolic_blood_pressure_mmhg").last())
