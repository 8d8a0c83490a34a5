from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from llador_core.__main__ import main
from llador_core.graph import Graph
from llador_core.priors import embedders
from llador_core.priors.audit import audit_pairs
from llador_core.priors.texts import TEXT_FIELDS, load_texts
from llador_core.priors.vectors import load_vectors
from llador_core.training import masked
from llador_core.training.prior_check import train_command, variants
from llador_core.training.runs import default_run, load_run


def test_the_audit_is_one_document_that_counts_its_pairs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = default_run("starter").name
    assert main(["audit", "--run", run, "--protocol", "drug-ranking", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == run
    assert told["share"] > 0.75
    assert list(told["protocols"]) == ["drug-ranking"]
    parts = told["protocols"]["drug-ranking"]
    assert parts["all"]["MRR"]["value"] != parts["unnamed"]["MRR"]["value"]
    named = [row for row in told["pairs"] if row["is_named"]]
    assert all(row["words"] in " ".join(row["sentence"].split()) for row in named)


def test_a_prior_of_mechanisms_is_audited_by_what_it_reads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["audit", "--run", "starter-distmult-mechanism-2e48501e", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["fields"] == ["background"]
    assert told["share"] < 0.05


def test_the_readable_answer_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--run", default_run("starter").name]) == 0
    out = capsys.readouterr().out
    assert "held-out pairs are named" in out
    assert "not named" in out
    assert "For example:" in out


def test_unknown_names_end_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--run", "nonsense"]) == 2
    assert "There is no run" in capsys.readouterr().err
    run = default_run("starter").name
    assert main(["audit", "--run", run, "--protocol", "nonsense"]) == 2
    assert "sampled-50" in capsys.readouterr().err


def test_masked_texts_become_a_set_to_train_with(
    starter: Graph,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sentence model is replaced: it is tested by itself. It meets the changed texts alone."""
    asked: list[str] = []

    def batches(texts: list[str], _choice: object) -> Iterator[tuple[list[int], np.ndarray]]:
        asked.extend(texts)
        yield [*range(len(texts))], np.eye(1, 384, dtype=np.float32).repeat(len(texts), axis=0)

    monkeypatch.setattr(embedders, "_batches", batches)
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    info = default_run("starter")
    before = (starter.texts_folder / "priors.jsonl").read_bytes() if starter.texts_folder else b""
    assert main(["audit", "--run", info.name, "--mask", "held-out", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    name = masked.masked_name(info)
    assert told["texts"] == name == "masked-pair-0"
    assert told["train"].endswith(f"--set texts={name}")
    assert masked.is_ready(info, starter)
    texts = load_texts(starter, name)
    assert texts is not None
    assert "taken out" in texts.provenance.prompt
    own = load_texts(starter)
    assert own is not None
    both = [zip(texts.of(f), own.of(f), strict=True) for f in TEXT_FIELDS]
    assert set(asked) == {new for one in both for new, old in one if new not in ("", old)}
    is_same = [new == old for new, old in zip(texts.treatment, own.treatment, strict=True)]
    found, stored = load_vectors(starter, name), load_vectors(starter)
    treatment = found.vectors["treatment"][is_same]
    assert np.array_equal(treatment, stored.vectors["treatment"][is_same])
    run = load_run(info.name)
    split = run.split(starter)
    drugs, diseases = masked.pairs_to_mask(run, starter, "held-out")
    assert len(drugs) > len(split.test)
    assert not audit_pairs(starter, texts, drugs, diseases).is_named.any()
    assert (starter.texts_folder / "priors.jsonl").read_bytes() == before  # type: ignore[operator]


def test_kin_differ_in_the_prior_alone_and_say_how_to_be_made() -> None:
    info = default_run("starter")
    found = {(v.prior, v.texts): v for v in variants(info)}
    for prior in ("none", "full", "mechanism"):
        other = found[prior, ""].info
        assert other is not None
        assert (other.model, other.seed, other.prior) == (info.model, info.seed, prior)
    assert found["shuffled", ""].info is None
    command = train_command(info, "shuffled")
    assert command == "python -m llador_core train --model distmult --prior shuffled"
