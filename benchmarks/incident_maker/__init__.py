"""Parts of ``make_incidents.py``; nothing in here imports geotool."""
