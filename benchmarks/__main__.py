"""Run every benchmark, one after the other: `python -m benchmarks`, or `make bench`."""

from __future__ import annotations

import sys

from benchmarks import genotypes, ingest_fhir, survival

if __name__ == "__main__":
    sys.exit(max(module.run() for module in (survival, genotypes, ingest_fhir)))
