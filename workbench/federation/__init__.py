"""Questions to several hospitals at once: each keeps its catalog to itself and answers with gated statistics."""

from workbench.federation.errors import NetworkError
from workbench.federation.network import Network, SiteStatus
from workbench.federation.transport import Transport, Unreachable

__all__ = ["Network", "NetworkError", "SiteStatus", "Transport", "Unreachable"]
