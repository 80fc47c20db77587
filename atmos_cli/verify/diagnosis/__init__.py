"""The diagnosis of a failed deployment: the rule base, its facts and its ranking.

`diagnose(evidence)` returns the likely causes; `needs`, `wants` and `GAUGES` say what to collect for it beforehand.
"""

from atmos_cli.verify.diagnosis.diagnose import diagnose
from atmos_cli.verify.diagnosis.gauges import GAUGES
from atmos_cli.verify.diagnosis.wants import needs, wants

__all__ = ["GAUGES", "diagnose", "needs", "wants"]
