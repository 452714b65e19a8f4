"""The three industries: lists of what each switches on, no logic."""

from __future__ import annotations

from kerma.industries.medical import MEDICAL
from kerma.industries.ndt import NDT
from kerma.industries.security import SECURITY
from kerma.kernel.industry import Industry

INDUSTRIES: dict[str, Industry] = {industry.name: industry for industry in (SECURITY, NDT, MEDICAL)}
