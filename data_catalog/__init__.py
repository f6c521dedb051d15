"""The data of the Cardio Workbench: brought in, harmonised, described and governed."""
