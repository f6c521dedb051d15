"""Notebook controls that build and show workbench objects."""
