"""The analyses of the Cardio Workbench, from a cohort to a result that is safe to show."""
