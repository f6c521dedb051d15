"""How fast the workbench is beside its peers."""
