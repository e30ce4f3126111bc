"""Four states of the water, as the tools read them (a scenario of geotool)."""

from demo import INVENTED, NOTE

_OUTLETS = ("Z01", "Z02", "Z03", "Z04", "Z06", "Z07", "Z08")
_YANGTZE = ("CJ01", "CJ02", "CJ03")

SCENARIOS: dict[str, dict[str, object]] = {
    "正常排水": {
        "file": "normal_drainage.toml",
        "name": "正常排水",
        "note": "各闸按登记状态；四圩横河控导按开启；沿江闸只排不引",
        "structures": {"Z11": "open", **dict.fromkeys(_OUTLETS, "one_way")},
        "directions": {
            "YC01": "forward", "HX01": "forward", "HX02": "forward", "DF02": "forward",
            "QC02": "forward", "SI01": "forward",
        },
        "velocities_m_s": {"YC02": 0.03, "YC03": 0.03, "KZ02": 0.03, "KZ04": 0.03},
    },
    "引水": {
        "file": "water_intake.toml",
        "name": "引水",
        "note": "营船港闸开闸引江，通启运河西段倒流；经新开港、南农、东方红排出",
        "structures": {
            "Z03": "open", "Z02": "closed", "Z01": "closed", "Z09": "open",
            "Z04": "one_way", "Z06": "one_way", "Z07": "one_way", "Z08": "one_way",
        },
        "directions": {
            "TQ07": "backward", "TQ06": "backward", "TQ05": "backward",
            "TX01": "backward", "YC03": "backward", "TX02": "backward",
            "TX03": "backward", "TX04": "backward", "TN01": "unknown", "TN02": "unknown",
            "YC02": "unknown", "TQ04": "unknown",
        },
        "velocities_m_s": {"TQ07": 0.20, "TQ06": 0.15, "TQ05": 0.12},
    },
    "排涝": {
        "file": "flood_drainage.toml",
        "name": "排涝",
        "note": "全部闸门开启，排涝泵站运行，流速加大",
        "structures": {
            **dict.fromkeys(_OUTLETS, "open"), "Z05": "open", "Z09": "open",
            "Z10": "open", "Z11": "open", "Z12": "open", "Z16": "open", "Z19": "open",
            "Z14": "closed", "Z15": "closed",
        },
        "directions": {"TX03": "forward", "TX02": "forward", "XW01": "backward",
                       "WU01": "backward"},
        "velocities_m_s": {
            "TQ03": 0.25, "TQ04": 0.25, "TQ05": 0.25, "TQ06": 0.30, "TQ07": 0.40,
            "YC02": 0.20, "YC03": 0.25, "CH04": 0.25, "CH05": 0.30,
        },
    },
    "涨潮": {
        "file": "high_tide.toml",
        "name": "涨潮",
        "note": "长江涨潮顶托，沿江各闸关闭，内河流向不定",
        "structures": dict.fromkeys((*_OUTLETS, "Z05"), "closed"),
        "directions": {
            **dict.fromkeys(_YANGTZE, "backward"), "TQ05": "unknown", "TQ06": "unknown",
            "TQ07": "unknown", "KZ03": "unknown", "KZ04": "unknown", "SW01": "unknown",
            "CH04": "unknown", "CH05": "unknown",
        },
        "velocities_m_s": {"CJ01": 0.6, "CJ02": 0.6, "CJ03": 0.6},
    },
}  # fmt: skip


def scenario_text(name: str) -> str:
    """Write one scenario as TOML."""
    facts = SCENARIOS[name]
    lines = [
        f"# {INVENTED}情景，{NOTE}。An invented scenario; gates by id, rivers by id.",
        f'name = "{facts["name"]}"',
        f'note = "{INVENTED}，{NOTE}：{facts["note"]}"',
    ]
    for part in ("structures", "directions", "velocities_m_s"):
        lines += ["", f"[{part}]"]
        values = facts[part]
        assert isinstance(values, dict)
        lines += [
            f"{key} = {value if part == 'velocities_m_s' else _quoted(value)}"
            for key, value in values.items()
        ]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    return f'"{value}"'
