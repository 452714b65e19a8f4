"""Read threat detection reports with Stratovan's toolkit: paths on standard input, one line of JSON for each."""

import json
import sys
from typing import Any

import numpy as np
import pydicos


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return value.astype(int).tolist()
    if hasattr(value, "Get"):
        return value.Get()
    return value.name if hasattr(value, "name") and hasattr(value, "value") else value


def read(path: str) -> dict[str, Any]:
    try:
        report = pydicos.TDRLoader(path)
    except RuntimeError as error:
        return {"error": str(error) or "refused"}
    told: dict[str, Any] = plain(report.get_data())
    details = [report.GetBaggagePTODetails(one["ID"], 0.0, 0.0, 0)[1:] for one in told["PTOs"]]
    return told | {"error": "", "alarms": report.GetNumAlarmObjects(), "details": plain(details)}


for line in sys.stdin:
    print(json.dumps(read(line.strip())), flush=True)
