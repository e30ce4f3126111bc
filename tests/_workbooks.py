"""Workbooks written cell by cell, as bureaus keep them."""

import openpyxl


def book(path, rows, merged=(), hide=(), **cells):
    """Write rows, then single cells (``C3=…``); merge places, hide rows; give the path."""
    made = openpyxl.Workbook()
    sheet = made.active
    for row in rows:
        sheet.append(list(row))
    for place, value in cells.items():
        sheet[place] = value
    for place in merged:
        sheet.merge_cells(place)
    for row in hide:
        sheet.row_dimensions[row].hidden = True
    made.save(path)
    return path
