"""A report as a frozen value: what its template is given, and how it shows itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

from geotool.report._word import Picture, write_word
from geotool.report._word_templates import default_template


@dataclass(frozen=True, eq=False)
class Report:
    """
    What a document is written from.

    Attributes
    ----------
    values : mapping
        What the template is given: texts, lists of texts and of rows, pictures.
    """

    values: Mapping[str, Any]
    kind: ClassVar[str] = ""

    def to_docx(
        self,
        path: str | PathLike[str],
        template: str | PathLike[str] | bytes | None = None,
    ) -> Path:
        """
        Write the report as a Word document.

        Parameters
        ----------
        path : path
            Ends in ``.docx``; an older file stays until the new one is whole.
        template : path, optional
            A bureau's own, made from the one of :func:`geotool.write_template`.

        Raises
        ------
        ReportError
            If the name does not end in .docx, the template cannot be read or asks for
            a value there is not, or the extra ``report`` is not installed.
        """
        chosen = default_template(self.kind) if template is None else template
        return write_word(self.values, path, template=chosen)

    def __getitem__(self, name: str) -> Any:
        """Give one of the values."""
        return self.values[name]

    def __repr__(self) -> str:
        told = self.values["summary"]
        return f"<{type(self).__name__} {self.values['title']}: {'；'.join(told[:2])}>"

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{escape(text)}</li>" for text in self.values["summary"])
        pictures = sum(isinstance(value, Picture) for value in self.values.values())
        foot = f"{pictures} 幅图；用 .to_docx(“报告.docx”) 写成 Word 文档"
        return (
            f"<p><b>{escape(str(self.values['title']))}</b></p><ul>{lines}</ul>"
            f"<p><small>{escape(foot)}</small></p>"
        )
