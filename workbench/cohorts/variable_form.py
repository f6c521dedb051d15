"""Variables as plain data, in the words of saved definitions, so that a question can travel to where the data are.

Only the name, the label and the expression are written: kind, unit and levels follow from the expression, so that
nobody can ask for levels that the expression does not have.
"""

from __future__ import annotations

from typing import Any

from workbench.cohorts import grammar
from workbench.cohorts.decoding import decode_part
from workbench.cohorts.encoding import encode
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.expressions import Expression
from workbench.cohorts.outcomes import TimeTo
from workbench.cohorts.variables import Variable, variable

_KEYS = ("name", "label", "expression")


def variable_to_dict(asked: Variable) -> dict[str, Any]:
    """Return a variable as plain data.

    Raises
    ------
    DefinitionError
        If the variable does not follow from its expression: a column of a plain frame, or levels of its own.
    """
    form = {"name": asked.name, "label": asked.label, "expression": encode(asked.expression)}
    if not isinstance(asked.expression, Expression) or variable_from_dict(form) != asked:
        raise DefinitionError(
            f"{asked.name!r} does not follow from an expression of the cohort language, so no site could find its values. "
            "Make it with variable(name, expression) or expression.named(name)."
        )
    return form


def variable_from_dict(form: object, path: str = "variable") -> Variable:
    """Read the form that :func:`variable_to_dict` writes.

    Raises
    ------
    DefinitionError
        If anything in it is unknown, missing or makes no sense; the message begins with the place.
    """
    if not isinstance(form, dict) or sorted(form) != sorted(_KEYS):
        raise DefinitionError(f"{path}: a variable has the keys {', '.join(_KEYS)}, and no others.")
    for key in ("name", "label"):
        if not isinstance(form[key], str):
            raise DefinitionError(f"{path}.{key}: must be text, not {form[key]!r}.")
    expression = decode_part(_expressions(), form["expression"], f"{path}.expression")
    return variable(form["name"], expression, label=form["label"])


def _expressions() -> dict[str, type]:
    return grammar.parts_allowed(Expression) | {grammar.name_of(TimeTo): TimeTo}
