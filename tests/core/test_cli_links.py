"""`evaluate --protocol link-prediction` on a pretrained run of the built-in graph."""

import json

import pytest

from llador_core.__main__ import main
from llador_core.training.runs import list_runs


@pytest.fixture(scope="module")
def run():
    return next(i.name for i in list_runs("starter") if i.is_pretrained and i.model == "distmult")


def test_link_prediction_tells_each_side_and_role(run, capsys):
    asked = ["evaluate", "--run", run, "--protocol", "link-prediction"]
    assert main([*asked, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["run"], report["protocol"]) == (run, "link-prediction")
    assert set(report["metrics"]) == {"MR", "MRR", "Hits@1", "Hits@3", "Hits@10", "AMRI"}
    assert set(report["by_side"]) == {"head", "tail"}
    mean = sum(side["MRR"]["value"] for side in report["by_side"].values()) / 2
    assert report["metrics"]["MRR"]["value"] == pytest.approx(mean, abs=1e-6)
    assert report["by_role"]["treats"]["AMRI"]["value"] > 0.5  # far from guessing
    assert main(asked) == 0
    table = capsys.readouterr().out
    assert "both ends" in table and "tail asked for" in table and "role treats" in table


def test_link_prediction_knows_no_caution(run, capsys):
    asked = ["evaluate", "--run", run, "--protocol", "link-prediction", "--order", "combined"]
    assert main(asked) == 2
    assert "Leave out --order" in capsys.readouterr().err
