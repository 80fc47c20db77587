"""atmos: from intent to a validated, budgeted change in a GitOps repo."""

__version__ = "0.1.0"
