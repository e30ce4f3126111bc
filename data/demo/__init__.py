"""How the demo data are made, one module a subject; run ``make_demo_data.py``."""

NOTE = "示意，非实测"
"""Stands in every file: nothing here was surveyed."""

INVENTED = "模拟"
"""Marks what no plan says: outfalls, permits, factories, readings."""
