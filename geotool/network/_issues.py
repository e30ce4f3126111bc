"""What the checks of a network share: the form of an issue."""

from typing import Any

import numpy as np

from geotool.network._model import RiverNetwork

ISSUE_COLUMNS = (
    "issue_id",
    "kind",
    "severity",
    "subject",
    "message",
    "message_en",
    "repair",
    "repair_en",
    "geometry",
)
SEVERITIES = ("error", "warning", "info")

Row = dict[Any, Any]


def issue(
    kind: str,
    severity: str,
    subject: str,
    texts: tuple[str, str],
    repair: tuple[str, str],
    geometry: Any,
) -> Row:
    """Give a row of the table of issues; texts are Chinese and English."""
    return {
        "kind": kind,
        "severity": severity,
        "subject": subject,
        "message": texts[0],
        "message_en": texts[1],
        "repair": repair[0],
        "repair_en": repair[1],
        "geometry": geometry,
    }


def label_of(network: RiverNetwork, reach: int) -> str:
    """Name a reach for a reader."""
    key = str(network.reaches["reach_id"].iat[reach])
    name = str(network.reaches["name"].iat[reach] or "")
    return f"{name}（{key}）" if name else key


def names_of(network: RiverNetwork, reaches: Any) -> str:
    """List reach ids, the first eight of many."""
    ids = network.reaches["reach_id"].iloc[reaches]
    return "、".join(ids.head(8)) + ("…" if len(ids) > 8 else "")


def ends_of(network: RiverNetwork) -> np.ndarray:
    """Give the two nodes of each reach."""
    return network.reaches[["from_node", "to_node"]].to_numpy(dtype=np.int64)
