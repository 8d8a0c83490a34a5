"""A second opinion on every pair: does it look like a treatment, or like a contraindication?"""

from llador_core.safeguard.model import CautionLevel, Safeguard, level
from llador_core.safeguard.reasons import CautionReason, caution_reasons

__all__ = ["CautionLevel", "CautionReason", "Safeguard", "caution_reasons", "level"]
