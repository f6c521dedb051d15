"""Which templates there are, and what they say of themselves."""

from __future__ import annotations

import nbformat
import pytest

from data_catalog.errors import UnknownNameError, WorkbenchError
from workbench.templates import catalog, find_template, findings, templates


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of templates of our own."""
    monkeypatch.setattr(catalog, "_PACKAGED", tmp_path)
    new = nbformat.v4
    parameters = new.new_code_cell("people = 500\nsite = 'a'\nlimit = 2 * 5", metadata={"tags": ["parameters"]})
    text = new.new_markdown_cell("# Who comes back?\n\nHow many are readmitted\nwithin a year?\n\nMore text.")
    nbformat.write(new.new_notebook(cells=[text, parameters]), tmp_path / "02_readmission.ipynb")
    nbformat.write(new.new_notebook(cells=[]), tmp_path / "01_empty.ipynb")
    (tmp_path / "draft.ipynb").write_text("{}", encoding="utf-8")
    return tmp_path


def test_templates_are_listed_by_number_and_drafts_are_not(folder):
    assert [template.name for template in templates()] == ["01_empty", "02_readmission"]


def test_a_template_says_title_question_and_parameters(folder):
    template = find_template("02_readmission")
    assert template.title == "Who comes back?"
    assert template.question == "How many are readmitted within a year?"
    assert template.parameters == {"people": 500, "site": "a", "limit": "2 * 5"}


def test_a_template_without_text_goes_by_its_name(folder):
    template = find_template("01")
    assert (template.title, template.question, template.parameters) == ("01_empty", "", {})


def test_a_wrong_name_is_answered_with_the_nearest(folder):
    with pytest.raises(
        UnknownNameError, match=r"'02_readmision' is not a template. Did you mean '02_readmission'\? Allowed: 01_empty"
    ):
        find_template("02_readmision")


def test_an_installation_without_templates_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "_PACKAGED", tmp_path / "nowhere")
    monkeypatch.setattr(catalog, "_CHECKOUT", tmp_path)
    with pytest.raises(WorkbenchError, match=r"No templates are installed: neither .*nowhere nor"):
        templates()


def test_the_template_on_infarction_asks_a_question_and_names_its_catalog_parameter():
    template = find_template("02")
    assert template.question.endswith("?")
    assert {"catalog", "purpose", "seed"} <= set(template.parameters)


def test_findings_are_sentences_on_one_line_each():
    found = findings("One\n  thing.", "Another.")
    assert tuple(found) == ("One thing.", "Another.")
    assert str(found) == "One thing.\nAnother."
    assert found._repr_mimebundle_()["text/markdown"] == "One thing.\n\nAnother."


@pytest.mark.parametrize("sentences", [(), ("One.", "  ")])
def test_findings_without_a_sentence_are_refused(sentences):
    with pytest.raises(ValueError, match="none of them empty"):
        findings(*sentences)
