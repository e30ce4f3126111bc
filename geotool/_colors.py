"""What can be told of a colour without drawing it."""


def is_dark(color: str) -> bool:
    """
    Whether white reads better on a colour than black.

    Parameters
    ----------
    color : str
        Such as ``"#0040c8"``.

    Examples
    --------
    >>> is_dark("#0040c8"), is_dark("#ffe400")
    (True, False)
    """
    red, green, blue = (int(color[n : n + 2], 16) for n in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140
